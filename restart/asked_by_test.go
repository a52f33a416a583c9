package restart

import (
	"testing"
	"time"
)

// TestAskedBy: who asks for the end of a generation that leaves for the next one is not
// who has asked for that.
func TestAskedBy(t *testing.T) {
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, state := range []string{"leaving", "dying", "draining"} {
		for _, end := range []struct {
			ev Event
			by string
		}{{StopAsked{By: "b"}, "b"}, {Interrupted{Sig: 2}, ""}} {
			now := begin
			c := New(Policy{Restart: Always, StopSignal: 15, Grace: time.Second, Drains: state == "draining", DrainTimeout: time.Minute})
			c.Start(now)
			c.Step(now, Started{Gen: 1, PID: 11})
			now = now.Add(time.Hour)
			c.Step(now, RestartAsked{By: "a"})
			if state == "dying" {
				now = now.Add(time.Second)
				c.Step(now, Tick{})
			}
			if got := c.State().String(); got != map[string]string{"leaving": "stopping", "dying": "killing", "draining": "draining"}[state] {
				t.Fatalf("%s: %s", state, got)
			}
			c.Step(now, end.ev)
			actions := c.Step(now, Exited{Gen: 1, Signal: 15})
			left := actionsOf[Report](actions)
			if len(left) == 0 || left[0].Kind != Left || left[0].By != end.by || left[0].Again {
				t.Errorf("%s, %+v: %+v", state, end.ev, left)
			}
		}
	}
}
