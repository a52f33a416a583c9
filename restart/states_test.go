package restart

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// settings are the ways into the states, in the language of the scripts.
var settings = map[string]string{
	"starting":         "policy",
	"starting asked":   "policy; +0s stop-asked",
	"starting planned": "policy every=1h",
	"starting counted": "policy requests=10",
	"up serving":       "policy requests=10; +0s started gen=1",
	"up draining":      "policy requests=10 drain=30s; +0s started gen=1",
	"up to be ready":   "policy ready=said start-timeout=10s; +0s started gen=1",
	"up to be asked":   "policy ready=probed; +0s started gen=1",
	"up answered":      "policy ready=probed; +0s started gen=1; +0s probed gen=1",
	"starting probed":  "policy ready=probed",
	"up with stdio":    "policy requests=10 stdio; +0s started gen=1",
	"draining":         "policy requests=10 drain=30s; +0s started gen=1; +5s served gen=1 served=10",
	"draining ctrl-c":  "policy requests=10 drain=30s; +0s started gen=1; +5s interrupted sig=2; +0s served gen=1 served=10",
	"draining some":    "policy requests=10 drain=30s; +0s started gen=1; +5s served gen=1 served=10; +0s served gen=1 in-flight=1",
	"stopping closed":  "policy requests=10 stdio; +0s started gen=1; +5s served gen=1 served=10",
	"starting renewed": "policy; +0s restart-asked",
	"starting again":   "policy restart=always; +0s started gen=1; +2s exited gen=1",
	"starting ended":   "policy restart=always; +0s started gen=1; +2s exited gen=1; +0s input-ended",
	"up":               "policy; +0s started gen=1",
	"up watched":       "policy memory-high=1000; +0s started gen=1",
	"up over":          "policy memory-high=1000; +0s started gen=1; +100ms looked gen=1 memory=1000",
	"up guarded":       "policy memory-high=1000 memory-events; +0s started gen=1",
	"up woken":         "policy memory-high=1000 memory-events; +0s started gen=1; +5s memory-events gen=1 high=1",
	"up seen":          "policy memory-high=1000 memory-events; +0s started gen=1; +5s memory-events gen=1 high=1; +0s looked gen=1 memory=500 exact",
	"up patient":       "policy memory-high=1000 memory-events memory-for=1s; +0s started gen=1; +5s memory-events gen=1 high=1",
	"up in excess":     "policy memory-high=1000 memory-events memory-for=1s; +0s started gen=1; +5s memory-events gen=1 high=1; +0s looked gen=1 memory=1000 exact",
	"up escaped":       "policy memory-high=1000 memory-events; +0s started gen=1; +5s memory-events gen=1 escaped",
	"up planned":       "policy every=1h; +0s started gen=1",
	"up at a time":     "policy at=1h; +0s started gen=1",
	"up windowed":      "policy memory-high=1000 window=1h..2h memory-events; +0s started gen=1",
	"up waiting":       "policy memory-high=1000 window=1h..2h memory-events; +0s started gen=1; +5s pressed gen=1",
	"up opened":        "policy memory-high=1000 window=1h..2h memory-events; +0s started gen=1; +5s pressed gen=1; +1h tick",
	"up counted":       "policy tasks=10 for=1s; +0s started gen=1; +5s looked gen=1 tasks=10",
	"up observed":      "policy memory-high=1000 observe=memory-high,changed,age every=1h; +0s started gen=1; +5s looked gen=1 memory=1000",
	"up timed":         "policy cpu-time=1m; +0s started gen=1",
	"up touched":       "policy; +0s started gen=1; +5s touched",
	"up touched long":  "policy; +0s started gen=1; +5s touched; +2s touched",
	"up examined":      "policy; +0s started gen=1; +5s touched; +200ms tick",
	"up windowed2":     "policy every=1h window=1h..2h; +0s started gen=1",
	"up patient2":      "policy every=1h idle-wait=1m; +0s started gen=1",
	"up not idle":      "policy every=1h idle-wait=1m; +0s started gen=1; +1h tick; +0s looked gen=1 cpu=1000",
	"up oom":           "policy memory-events; +0s started gen=1; +5s memory-events gen=1 oom-kill=1",
	"up oom continue":  "policy memory-events oom=continue; +0s started gen=1; +5s memory-events gen=1 oom-kill=1",
	"up always":        "policy restart=always; +0s started gen=1",
	"up fails":         "policy restart=on-failure; +0s started gen=1",
	"up fails once":    "policy restart=on-failure give-up=1/1m; +0s started gen=1",
	"up limited":       "policy fsize; +0s started gen=1",
	"up interrupted":   "policy restart=always; +0s started gen=1; +1s interrupted",
	"up recycled":      "policy memory-high=1000 memory-events; +0s started gen=1; +5s looked gen=1 memory=1000 exact; +1s exited gen=1; +0s started gen=2",
	"up compared":      "policy memory-high=1000 memory-events; +0s started gen=1; +5s looked gen=1 memory=1000 exact; +1s exited gen=1; +0s started gen=2; +1s tick",
	"up failed":        "policy restart=always; +0s started gen=1; +5s exited gen=1 code=1; +1s tick; +0s started gen=2",
	"stopping":         "policy; +0s started gen=1; +5s stop-asked",
	"stopping spent":   "policy memory-high=1000; +0s started gen=1; +5s looked gen=1 memory=1000; +0s looked gen=1 memory=1000",
	"stopping soon":    "policy memory-high=1000; +0s started gen=1; +0s looked gen=1 memory=1000; +0s looked gen=1 memory=1000",
	"stopping never":   "policy restart=never memory-high=1000; +0s started gen=1; +5s looked gen=1 memory=1000; +0s looked gen=1 memory=1000",
	"stopping leftbhd": "policy restart=always; +0s started gen=1; +5s exited gen=1 left=2",
	"killing":          "policy; +0s started gen=1; +5s stop-asked; +10s tick",
	"killing spent":    "policy memory-high=1000; +0s started gen=1; +5s looked gen=1 memory=1000; +0s looked gen=1 memory=1000; +10s tick",
	"killing rest": "policy memory-high=1000; +0s started gen=1; +5s looked gen=1 memory=1000; +0s looked gen=1 memory=1000; " +
		"+10s tick; +0s exited gen=1 signal=9 left=1",
	"waiting":         "policy restart=on-failure; +0s started gen=1; +5s exited gen=1 code=3",
	"waiting owed":    "policy restart=on-failure; +0s started gen=1; +5s exited gen=1 code=3 owed=2",
	"waiting touched": "policy restart=on-failure backoff=1s..1s; +0s started gen=1; +5s exited gen=1 code=3; +0s touched",
	"gone":            "policy; +0s started gen=1; +5s exited gen=1",
}

// situations are the rows of the table: setting, event, and what is special
// about the two. "impossible" rows come by themselves for events not named.
var situations = []struct{ setting, event, when string }{
	{"starting", "started gen=1", "generation 1"},
	{"starting planned", "started gen=1", "the same, with a plan"},
	{"starting again", "started gen=2", "a later one"},
	{"starting asked", "started gen=1", "the end was asked for"},
	{"starting", "spawn-failed gen=1 status=127", "generation 1, or the end was asked for"},
	{"starting again", "spawn-failed gen=2 status=127", "a later one"},
	{"starting ended", "spawn-failed gen=2 status=127", "the same, and our stdin has ended"},
	{"starting renewed", "started gen=1", "another one was asked for"},
	{"starting counted", "started gen=1", "with requests to count"},
	{"starting probed", "started gen=1", "to be asked whether it is ready"},
	{"starting", "input-ended", ""},
	{"starting", "touched", ""},
	{"starting", "examined path=a", "it is there for the one that starts"},
	{"starting", "stop-asked", ""},
	{"starting", "restart-asked", ""},
	{"starting", "interrupted", ""},
	{"starting", "forward sig=1", ""},
	{"starting", "clock-set", ""},
	{"starting", "tick", ""},

	{"up", "exited gen=1", "ends well, or the policy says so"},
	{"up always", "+2s exited gen=1", "the policy relaunches it"},
	{"up always", "exited gen=1", "the same, sooner than MinUptime"},
	{"up limited", "+2s exited gen=1 signal=25", "at a limit"},
	{"up guarded", "+2s exited gen=1 signal=9 oom-kill=1", "an OOM kill"},
	{"up limited", "exited gen=1 signal=25", "at a limit, sooner than MinUptime"},
	{"up fails", "exited gen=1 code=1", "a crash, and the policy relaunches it"},
	{"up fails once", "exited gen=1 code=1", "one crash too many"},
	{"up interrupted", "exited gen=1 code=1", "interrupted shortly before"},
	{"up", "exited gen=1 left=1", "part of the tree lives"},
	{"up watched", "looked gen=1 memory=1", "below the budget"},
	{"up watched", "looked gen=1 memory=1000", "over the budget, once"},
	{"up over", "looked gen=1 memory=1000", "over the budget, the second time"},
	{"up woken", "looked gen=1 memory=500 exact", "below it, where the kernel guards it"},
	{"up woken", "looked gen=1 memory=1000 exact", "over it, counted as a whole"},
	{"up seen", "+100ms looked gen=1 memory=950 exact stalled=60", "near it, and waits for memory"},
	{"up patient", "looked gen=1 memory=1000 exact", "over it, with MemoryFor"},
	{"up in excess", "+900ms looked gen=1 memory=999 exact", "below it again, before MemoryFor is over"},
	{"up in excess", "+1s looked gen=1 memory=1000 exact", "over it for MemoryFor"},
	{"up watched", "looked gen=1 err=refused", "not possible, and not said before"},
	{"up guarded", "memory-events gen=1 high=1", "memory.high was crossed"},
	{"up guarded", "memory-events gen=1 max=1", "something else"},
	{"up guarded", "memory-events gen=1 pids=1", "the first refused fork"},
	{"up guarded", "memory-events gen=1 oom-kill=1", "an OOM kill"},
	{"up guarded", "memory-events gen=1 escaped", "the child has left its group"},
	{"up escaped", "memory-events gen=1 high=1 escaped", "memory.high of the group it has left"},
	{"up windowed", "looked gen=1 memory=1000 exact", "over it, and no window is open"},
	{"up opened", "looked gen=1 memory=1", "the last before a recycle that has waited"},
	{"up guarded", "pressed gen=1", ""},
	{"up windowed", "pressed gen=1", "no window is open"},
	{"up waiting", "pressed gen=1", "what waits for one already"},
	{"up compared", "looked gen=2 memory=200 exact", "within it again after a recycle"},
	{"up counted", "+1s looked gen=1 tasks=10", "over another budget for long enough"},
	{"up observed", "looked gen=1 memory=1000", "over one that is only observed"},
	{"up timed", "+1m looked gen=1 cpu=50000", "some CPU time is left"},
	{"up not idle", "+250ms looked gen=1 cpu=1250", "a quiet moment is waited for, and this is none"},
	{"up not idle", "+250ms looked gen=1 cpu=1000", "this is one"},
	{"up timed", "cpu-used gen=1", ""},
	{"up serving", "served gen=1 served=10", "as many as it may"},
	{"up draining", "served gen=1 served=10", "the same, and what is in flight may end"},
	{"up with stdio", "served gen=1 served=10", "the same, with its stdin carried"},
	{"up with stdio", "served gen=1 served=9 in-flight=1 stuck", "fewer, the others do not come, and more wait"},
	{"up serving", "served gen=1 served=9", "fewer"},
	{"up to be ready", "ready gen=1", "it was waited for"},
	{"up", "ready gen=1", "otherwise"},
	{"up to be asked", "probed gen=1 ready", "it is ready"},
	{"up to be asked", "probed gen=1", "it is not"},
	{"up", "extend gen=1", ""},
	{"up", "input-ended", ""},
	{"up", "touched", ""},
	{"up examined", "examined busy", "it is not settled"},
	{"up examined", "examined", "nothing has changed"},
	{"up examined", "examined path=a", "something has"},
	{"up windowed2", "examined path=a", "the same, and no window is open"},
	{"up observed", "examined path=a", "the same, only observed"},
	{"up", "stop-asked", ""},
	{"up", "restart-asked", ""},
	{"up", "interrupted", ""},
	{"up", "forward sig=1", ""},
	{"up", "clock-set", "no plan"},
	{"up planned", "clock-set", "what is planned has not moved"},
	{"up at a time", "clock +30m; +0s clock-set", "it has, by more than a minute"},
	{"up waiting", "clock +30m; +0s clock-set", "so has the opening of the window"},
	{"up", "tick", "no budget"},
	{"up watched", "+100ms tick", "time to look"},
	{"up answered", "+100ms tick", "time to ask again whether it is ready"},
	{"up to be ready", "+10s tick", "it is not ready in time"},
	{"up escaped", "+100ms tick", "the same, for it has left its group"},
	{"up seen", "+100ms tick", "the pause after a look is over"},
	{"up planned", "+1h tick", "the age has come"},
	{"up at a time", "+1h tick", "a planned time has come"},
	{"up observed", "+1h tick", "the same, only observed"},
	{"up patient2", "+1h tick", "the same, with IdleWait"},
	{"up waiting", "+1h tick", "the window opens"},
	{"up touched", "+200ms tick", "nothing was touched for a while"},
	{"up touched long", "+200ms tick", "something was touched all the time"},
	{"up recycled", "+1s tick", "time to see whether a recycle has helped"},
	{"up failed", "+30s tick", "healthy after a failure"},
	{"up oom", "+100ms tick", "an OOM kill, and the child lives"},
	{"up oom continue", "+100ms tick", "the same, with OOMContinue"},

	{"draining", "exited gen=1", "a budget was spent"},
	{"draining ctrl-c", "exited gen=1 signal=2", "interrupted shortly before"},
	{"draining", "exited gen=1 left=1", "part of the tree lives"},
	{"draining", "looked gen=1 memory=1", ""},
	{"draining", "memory-events gen=1 high=1", ""},
	{"draining", "memory-events gen=1 oom-kill=1", "an OOM kill"},
	{"draining", "pressed gen=1", ""},
	{"draining", "cpu-used gen=1", ""},
	{"draining", "served gen=1 in-flight=1", "something is in flight"},
	{"draining some", "served gen=1 in-flight=1", "the same, and that was said"},
	{"draining some", "served gen=1 in-flight=0", "nothing is"},
	{"draining", "ready gen=1", ""},
	{"draining", "probed gen=1 ready", ""},
	{"draining", "extend gen=1 by=60000", ""},
	{"draining", "input-ended", ""},
	{"draining", "touched", ""},
	{"draining", "examined path=a", "the next generation has it"},
	{"draining", "stop-asked", ""},
	{"draining", "restart-asked", ""},
	{"draining", "interrupted", ""},
	{"draining", "forward sig=1", ""},
	{"draining", "clock-set", ""},
	{"draining", "tick", "the time to drain runs"},
	{"draining", "+30s tick", "it is over"},

	{"stopping", "exited gen=1", "the end was asked for"},
	{"stopping spent", "exited gen=1", "a budget was spent"},
	{"stopping soon", "exited gen=1", "a budget, sooner than MinUptime"},
	{"stopping never", "exited gen=1", "a budget, under never"},
	{"stopping", "exited gen=1 left=1", "part of the tree lives"},
	{"stopping leftbhd", "emptied gen=1", "as after the end of the child"},
	{"stopping", "looked gen=1 memory=1", ""},
	{"stopping", "memory-events gen=1 high=1", ""},
	{"stopping", "memory-events gen=1 oom-kill=1", "an OOM kill"},
	{"stopping", "pressed gen=1", ""},
	{"stopping", "cpu-used gen=1", ""},
	{"stopping", "served gen=1", ""},
	{"stopping", "ready gen=1", ""},
	{"stopping", "probed gen=1 ready", ""},
	{"stopping", "extend gen=1 by=60000", ""},
	{"stopping", "input-ended", ""},
	{"stopping", "touched", ""},
	{"stopping", "examined path=a", "the next generation has it"},
	{"stopping spent", "stop-asked", "the first to ask"},
	{"stopping", "stop-asked", "within 100 ms of the first"},
	{"stopping", "+100ms stop-asked", "later"},
	{"stopping spent", "interrupted", "the first to ask"},
	{"stopping", "+100ms interrupted", "100 ms after the first, or later"},
	{"stopping", "restart-asked", "the end was asked for"},
	{"stopping leftbhd", "restart-asked", "otherwise it settles what follows"},
	{"stopping", "forward sig=1", ""},
	{"stopping", "clock-set", ""},
	{"stopping", "tick", "the grace runs"},
	{"stopping", "+10s tick", "the grace is over"},
	{"stopping closed", "+2s tick", "its stdin was closed a while ago"},
	{"stopping closed", "stop-asked", "its stdin was closed just now"},

	{"killing", "exited gen=1 signal=9", "the end was asked for"},
	{"killing spent", "exited gen=1 signal=9", "a budget was spent"},
	{"killing", "exited gen=1 signal=9 left=1", "part of the tree lives"},
	{"killing rest", "emptied gen=1", "as after the end of the child"},
	{"killing", "looked gen=1 memory=1", ""},
	{"killing", "memory-events gen=1 high=1", ""},
	{"killing", "pressed gen=1", ""},
	{"killing", "cpu-used gen=1", ""},
	{"killing", "served gen=1", ""},
	{"killing", "ready gen=1", ""},
	{"killing", "probed gen=1 ready", ""},
	{"killing", "extend gen=1 by=60000", ""},
	{"killing", "input-ended", ""},
	{"killing", "touched", ""},
	{"killing", "examined path=a", "the next generation has it"},
	{"killing", "stop-asked", ""},
	{"killing", "interrupted", ""},
	{"killing", "restart-asked", "the end was asked for"},
	{"killing", "forward sig=1", ""},
	{"killing", "clock-set", ""},
	{"killing", "tick", "before the next round"},
	{"killing", "+250ms tick", "something is still there"},

	{"waiting", "looked gen=1 memory=1", ""},
	{"waiting", "memory-events gen=1 high=1", ""},
	{"waiting", "pressed gen=1", ""},
	{"waiting", "cpu-used gen=1", ""},
	{"waiting", "served gen=1", ""},
	{"waiting", "ready gen=1", ""},
	{"waiting", "probed gen=1 ready", ""},
	{"waiting", "extend gen=1 by=60000", ""},
	{"waiting", "input-ended", "nobody is owed anything"},
	{"waiting owed", "input-ended", "somebody is"},
	{"waiting", "touched", ""},
	{"waiting", "examined busy", "it is not settled, or nothing has changed"},
	{"waiting", "examined path=a", "something has"},
	{"waiting", "stop-asked", ""},
	{"waiting", "restart-asked", ""},
	{"waiting", "interrupted", ""},
	{"waiting", "forward sig=1", ""},
	{"waiting", "clock-set", ""},
	{"waiting", "tick", "before the delay is over"},
	{"waiting", "+1s tick", "the delay is over"},
	{"waiting touched", "+200ms tick", "nothing was touched for a while"},

	{"gone", "tick", ""},
}

// events has one of each kind, in the order of event.go.
var events = []string{
	"started gen=1", "spawn-failed gen=1", "exited gen=1", "emptied gen=1", "looked gen=1",
	"memory-events gen=1", "pressed gen=1", "cpu-used gen=1", "served gen=1", "ready gen=1", "probed gen=1", "extend gen=1",
	"input-ended", "touched", "examined", "stop-asked", "restart-asked", "interrupted",
	"forward sig=1", "clock-set", "tick",
}

func TestStateTable(t *testing.T) {
	writeTable(t, "states.go", "the loop\n// cannot send it, and Step panics.\n//\n", "//\n// Every event about another generation", stateTable(t))
}

// stateTable plays every situation, and every pair of state and event that none
// of them names: those are impossible, or the table is not complete.
func stateTable(t *testing.T) string {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	row := func(cells ...string) { fmt.Fprintln(w, strings.Join(cells, "\t")) }
	row("state", "event", "when", "next", "actions")
	for s := Starting; s <= Gone; s++ {
		row("", "", "", "", "")
		for _, event := range events {
			word, _, _ := strings.Cut(event, " ")
			told := false
			for _, sit := range situations {
				state, _, _ := strings.Cut(sit.setting, " ")
				if state != s.String() || !slices.Contains(strings.Fields(sit.event), word) {
					continue
				}
				told = true
				next, actions := outcome(t, sit.setting, sit.event)
				row(s.String(), nameOf(t, event), sit.when, next, actions)
			}
			if told {
				continue
			}
			next, actions := outcome(t, s.String(), event)
			if next != "" && s != Gone {
				t.Errorf("%s: what follows from %s is not told", s, event)
			}
			if next == "" {
				actions = "impossible"
			}
			row(s.String(), nameOf(t, event), "", next, actions)
		}
	}
	w.Flush()
	return comment(table.String())
}

// outcome plays the last of the events in the setting, and returns the state that
// follows and the actions; no state if Step panics.
func outcome(t *testing.T, setting, event string) (next, actions string) {
	defer func() {
		if recover() != nil {
			next, actions = "", ""
		}
	}()
	core, last := playWords(t, settings[setting]+"; "+inTime(event))
	return core.State().String(), brief(last)
}
