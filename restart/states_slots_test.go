package restart

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
)

// slotSettings are the ways to two generations, and to several slots.
const (
	byWord  = "policy handover ready=said start-timeout=10s; +0s started gen=1; +0s ready gen=1"
	handing = byWord + "; +1h restart-asked; +0s started gen=2; +0s exited gen=2 code=1"
	begun   = byWord + "; +1h restart-asked"
	trying  = begun + "; +0s started gen=2"
	late    = trying + "; +10s tick"
	retired = trying + "; +0s ready gen=2"
	gated   = "policy gate=10m ready=said; +0s started gen=1; +0s ready gen=1; +1h restart-asked"
	refused = gated + "; +0s gate-ended gate=1 err=1"
	passed  = gated + "; +0s gate-opened gate=1"
	behind  = passed + "; +0s exited gen=1; +0s started gen=2"
	three   = "policy workers=3; +0s started gen=1; +0s started gen=2; +0s started gen=3"
	queued  = three + "; +1h restart-asked"
	pair    = "policy workers=2 handover ready=said; +0s started gen=1; +0s started gen=2; +0s ready gen=1; +0s ready gen=2; +1h restart-asked"
)

// slotSituations are the rows of the table of slots.
var slotSituations = []struct{ setting, event, when string }{
	{byWord, "+1h restart-asked", ""},
	{byWord, "pressed gen=1", "a budget, sooner than MinUptime"},
	{byWord, "+1h pressed gen=1", "a budget, later"},
	{byWord, "memory-events gen=1 oom-kill=1; +100ms tick", "an OOM kill, and the child lives"},

	{begun, "started gen=2", ""},
	{"policy handover; +0s started gen=1; +1h restart-asked", "started gen=2", "it is ready when it is started"},
	{begun, "spawn-failed gen=2", ""},
	{begun, "restart-asked; +0s started gen=2", "another one was asked for"},
	{begun, "exited gen=1 code=1", "the old one has crashed"},
	{begun, "stop-asked", ""},

	{trying, "ready gen=2", ""},
	{trying, "exited gen=2 code=1", ""},
	{trying, "+10s tick", "it is not ready in time"},
	{trying, "restart-asked", ""},
	{trying, "examined path=a", ""},
	{trying, "pressed gen=1", "it is settled that the old one goes"},
	{trying, "exited gen=1 code=1", "the old one has crashed"},
	{trying, "exited gen=1 code=1 left=1", "the same, and part of its tree lives"},
	{trying, "memory-events gen=1 oom-kill=1; +100ms tick", "an OOM kill in the old one"},
	{trying, "stop-asked", ""},
	{trying, "interrupted sig=2; +0s exited gen=1 signal=2", "the terminal has ended the old one"},

	{late, "exited gen=2", ""},
	{late, "restart-asked; +0s exited gen=2", "another one was asked for meanwhile"},
	{late, "exited gen=1 code=1", "the old one has crashed"},

	{handing, "+120ms tick", "the delay is over"},
	{handing, "restart-asked", ""},
	{handing, "examined path=a", ""},
	{handing, "exited gen=1 code=1", "the old one has crashed"},
	{handing, "stop-asked", ""},

	{retired, "exited gen=1", ""},
	{retired, "restart-asked", ""},
	{retired, "exited gen=2 code=1", "the new one has crashed"},
	{retired, "stop-asked", ""},

	{"policy gate=10m ready=said; +0s started gen=1; +0s ready gen=1", "+1h restart-asked", ""},
	{gated, "gate-opened gate=1", ""},
	{gated, "gate-ended gate=1", "a check that ends well"},
	{gated, "gate-ended gate=1 err=1", "it says no"},
	{gated, "+10m tick", "it is not open in time"},
	{gated, "+1s restart-asked", "who asks twice does not wait"},
	{gated, "exited gen=1 code=1", ""},
	{gated, "stop-asked", ""},
	{refused, "+120ms tick", "the delay is over"},
	{refused, "+1s restart-asked", ""},
	{passed, "exited gen=1", ""},
	{passed, "gate-ended gate=1 err=1", "what it held is lost"},
	{behind, "ready gen=2", ""},
	{behind, "exited gen=2 code=1", "it has crashed"},
	{behind + "; +0s ready gen=2", "gate-ended gate=1", ""},

	{"policy workers=3", "started gen=1", ""},
	{three, "restart-asked", ""},
	{queued, "pressed gen=2", "it is settled that it goes"},
	{queued, "exited gen=1", ""},
	{queued + "; +0s exited gen=1", "started gen=4", "so that it works"},
	{queued, "exited gen=2 code=1", "it has ended by itself before its turn"},
	{queued, "stop-asked", ""},
	{pair, "started gen=3; +0s exited gen=3 code=1", "the others go on with their turns"},
	{pair, "started gen=3; +0s ready gen=3", "two hand over until the old one has left"},
	{pair + "; +0s started gen=3; +0s ready gen=3", "exited gen=1", ""},
}

func TestSlotTable(t *testing.T) {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	row := func(cells ...string) { fmt.Fprintln(w, strings.Join(cells, "\t")) }
	row("slot", "event", "when", "next", "actions")
	last := ""
	for _, sit := range slotSituations {
		core, _ := playWords(t, sit.setting)
		state := describeCore(core)
		if state != last {
			row("", "", "", "", "")
		}
		last = state
		core, actions := playWords(t, sit.setting+"; "+inTime(sit.event))
		words := sit.event[strings.LastIndex(sit.event, ";")+1:]
		words = strings.TrimSpace(words)
		if strings.HasPrefix(words, "+") {
			_, words, _ = strings.Cut(words, " ")
		}
		row(state, nameOf(t, words), sit.when, describeCore(core), brief(actions))
	}
	w.Flush()
	writeTable(t, "states_slots.go", "it is that of the worker.\n//\n", "package restart\n", comment(table.String()))
}
