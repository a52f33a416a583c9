package restart

import (
	"slices"
	"testing"
	"time"
)

// checkSnapshot: who asks how it goes is told of each generation that lives, and of each
// slot that waits for one or has ended, and of nobody else.
func (w *pool) checkSnapshot() {
	all := w.core.Snapshot()
	told := func(is func(Standing) bool) bool { return slices.ContainsFunc(all, is) }
	for _, b := range w.living() {
		is := func(s Standing) bool { return s.Gen == b.gen && s.Worker == b.worker }
		if !told(is) {
			w.errorf("gen %d lives and is not told: %+v", b.gen, all)
		}
		if b.alive && !b.spawning && !told(func(s Standing) bool { return is(s) && s.PID == 100+b.gen && s.Started.Equal(b.started) }) {
			w.errorf("gen %d is told otherwise: %+v", b.gen, all)
		}
	}
	for _, slot := range w.core.slots {
		if !w.quit && !told(func(s Standing) bool { return s.Worker == slot.worker() }) {
			w.errorf("nothing is told of worker %d: %+v", slot.worker(), all)
		}
	}
	for _, s := range all {
		waits, gone := s.State == Waiting, s.State == Gone
		if there := s.Gen > 0 && s.Gen <= len(w.beings) && w.beings[s.Gen-1].there(); there == (waits || gone) {
			w.errorf("%+v, and there %v", s, there)
		}
		if gone && (s.PID != 0 || !s.Next.IsZero() || !s.Started.IsZero() || s.Because == "" && !w.beings[s.Gen-1].started.IsZero()) {
			w.errorf("it has ended: %+v", s)
		}
		if !waits && s.PID != 0 && !w.beings[s.Gen-1].alive {
			w.errorf("%+v, and its child has ended", s)
		}
		if waits && (s.PID != 0 || s.Next.IsZero() || !s.Started.IsZero()) {
			w.errorf("it waits: %+v", s)
		}
		if s.State != Running && s.Due != "" {
			w.errorf("due, and %v: %+v", s.State, s)
		}
		if s.State != Running && s.Ready || s.State == Running && (s.Because != "" || !s.Next.IsZero()) {
			w.errorf("%+v", s)
		}
	}
}

func TestSnapshot(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c := New(Policy{
		Restart: Always, StopSignal: 15, Grace: 10 * time.Second, BackoffMin: time.Second, BackoffMax: time.Second, MinUptime: time.Second,
		Handover: true, Ready: ReadyWhenSaid, StartTimeout: time.Minute, MaxRequests: 50,
	})
	is := func(want ...Standing) {
		t.Helper()
		got := c.Snapshot()
		for i := range got {
			got[i].Planned = time.Time{} // the plan has its own tests
		}
		if !slices.Equal(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	c.Start(now)
	is(Standing{Gen: 1, State: Starting})
	c.Step(now, Started{Gen: 1, PID: 11})
	first := Standing{Gen: 1, PID: 11, State: Running, Started: now, MaxRequests: 50}
	is(first)
	c.Step(now, Ready{Gen: 1})
	first.Ready = true
	is(first)

	later := now.Add(time.Hour)
	c.Step(later, Served{Gen: 1, Served: 50})
	first.Due = Requests
	is(first, Standing{Gen: 2, State: Starting})
	c.Step(later, Started{Gen: 2, PID: 12})
	second := Standing{Gen: 2, PID: 12, State: Running, Started: later, MaxRequests: 50}
	is(first, second)
	c.Step(later, Ready{Gen: 2})
	first = Standing{Gen: 1, PID: 11, State: Leaving, Started: now, MaxRequests: 50, Because: Requests, Next: later.Add(10 * time.Second)}
	second.Ready = true
	is(second, first)
	c.Step(later, Exited{Gen: 1})
	is(second)

	c.Step(later, Exited{Gen: 2, Code: 1})
	waits := c.Snapshot()
	if len(waits) != 1 || waits[0].State != Waiting || waits[0].PID != 0 || waits[0].Gen != 2 || waits[0].Because != Exit || !waits[0].Next.After(later) {
		t.Errorf("%+v", waits)
	}
	c.Step(later, StopAsked{})
	is()
}
