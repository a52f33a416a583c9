package supervise

import (
	"slices"
	"testing"
	"time"

	"relance/child"
	"relance/restart"
)

// TestTold: what a generation finds in its environment, and that the first one of a
// command that is alone finds nothing.
func TestTold(t *testing.T) {
	for _, c := range []struct {
		name   string
		marked bool
		last   restart.Last
		want   []string
	}{
		{"the first", false, restart.Last{}, nil},
		{"the first of several", true, restart.Last{}, []string{"RELANCE_GENERATION=7"}},
		{
			"after a status", false, restart.Last{Reason: restart.Exit, Uptime: 59999 * time.Millisecond, Exit: &restart.Exited{Code: 143}},
			[]string{"RELANCE_GENERATION=7", "RELANCE_REASON=exit", "RELANCE_LAST_UPTIME=59", "RELANCE_LAST_EXIT=143"},
		},
		{
			"after a signal", true, restart.Last{Reason: restart.MemoryHigh, Uptime: 48 * time.Hour, Exit: &restart.Exited{Signal: 15}},
			[]string{"RELANCE_GENERATION=7", "RELANCE_REASON=memory-high", "RELANCE_LAST_UPTIME=172800", "RELANCE_LAST_EXIT=TERM"},
		},
		{
			"beside one that is up", true, restart.Last{Reason: restart.Age, Uptime: time.Hour},
			[]string{"RELANCE_GENERATION=7", "RELANCE_REASON=age", "RELANCE_LAST_UPTIME=3600"},
		},
	} {
		g := &generation{berth: &berth{marked: c.marked}, gen: 7}
		if got := g.told(c.last); !slices.Equal(got, c.want) || len(got) > mostTold {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestName: what relance was told itself is not handed on as if it were about the command.
func TestName(t *testing.T) {
	s := &child.Settings{Env: []string{
		"RELANCE_WORKER=9", "A=1", "RELANCE_GENERATION=8", "RELANCE_REASON=age", "RELANCE_LAST_EXIT=0", "RELANCE_LAST_UPTIME=7", "RELANCE_REASONS=x",
	}}
	(&berth{worker: 2}).name(s, true)
	if want := []string{"A=1", "RELANCE_REASONS=x", "RELANCE_WORKER=2"}; !slices.Equal(s.Env, want) {
		t.Errorf("%q, want %q", s.Env, want)
	}
}
