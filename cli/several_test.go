package cli

import (
	"testing"
	"time"

	"relance/ready"
	"relance/restart"
)

// What several at once means to the core.
func TestSeveral(t *testing.T) {
	for _, c := range []struct {
		words []string
		right func(run *Run) bool
	}{
		{nil, func(r *Run) bool { return r.Policy.Ready == restart.ReadyAtStart && r.Policy.StartTimeout == 0 }},
		{[]string{"--handover", "--every", "1h"}, func(r *Run) bool {
			return r.Policy.Handover && r.Policy.Ready == restart.ReadyAfter && r.Policy.ReadyDelay == time.Second && r.Supervising &&
				r.Policy.Restart == restart.OnFailure
		}},
		{[]string{"--handover", "--restart-signal", "HUP", "--min-uptime", "0"}, func(r *Run) bool { return r.Policy.Ready == restart.ReadyAtStart }},
		{[]string{"--handover", "--watch", "/etc/hosts", "--ready", "notify"}, func(r *Run) bool {
			return r.Policy.Ready == restart.ReadyWhenSaid && r.Listens && r.Policy.Drains && r.Policy.StartTimeout == time.Minute
		}},
		{[]string{"--notify", "ready", "--start-timeout", "infinity", "--handover", "--max-requests", "9"}, func(r *Run) bool {
			return r.Policy.Ready == restart.ReadyWhenSaid && r.Policy.StartTimeout == restart.Forever
		}},
		{[]string{"--ready", "delay:3s"}, func(r *Run) bool {
			return r.Policy.Ready == restart.ReadyAfter && r.Policy.ReadyDelay == 3*time.Second && r.Ready.Kind == ready.None
		}},
		{[]string{"--ready", "fd:4"}, func(r *Run) bool {
			return r.Policy.Ready == restart.ReadyWhenProbed && r.Ready.FD == 4 && r.Policy.StartTimeout == time.Minute
		}},
		{[]string{"--workers", "4"}, func(r *Run) bool {
			return r.Policy.Workers == 4 && r.Policy.Restart == restart.Always && r.Policy.Ready == restart.ReadyAfter && r.Supervising
		}},
		{[]string{"--workers", "1", "--restart", "limits"}, func(r *Run) bool {
			return r.Policy.Workers == 1 && r.Policy.Restart == restart.OnLimits && r.Policy.Ready == restart.ReadyAtStart
		}},
		{[]string{"--workers", "4", "--max-unavailable", "2"}, func(r *Run) bool { return r.Policy.MaxUnavailable == 2 }},
	} {
		words := append([]string{"relance"}, c.words...)
		todo, err := Parse(Input{Args: append(words[1:], "--", "true")})
		run, ok := todo.(*Run)
		if err != nil || !ok || !c.right(run) {
			t.Errorf("%q: %+v, %v", c.words, todo, err)
		}
	}
}
