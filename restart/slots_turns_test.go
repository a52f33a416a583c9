package restart

import (
	"slices"
	"time"
)

// What FuzzSlots checks of turns, delays and times.

// checkBegins: what begins to hand over may do so, and is the next.
func (w *pool) checkBegins(b *being, r Report) {
	w.checkWindow(b, r.Reason)
	w.checkOrder(b)
	p := &w.policy
	if r.Kind == HandingOver && r.Uptime < p.MinUptime && !r.Reason.fromOutside() {
		w.errorf("hands over for %s after %v", r.Reason, r.Uptime)
	}
	if r.Uptime >= max(p.BackoffMax, p.MinUptime) {
		w.failures[b.worker] = 0
	}
}

// checkFailed: what has come by the clock or by its work is no fault of a candidate, and
// there is no delay for who has asked for another one.
func (w *pool) checkFailed(b *being, r Report) {
	switch {
	case r.Kind != HandoverFailed:
	case w.policy.Restart != Never && (r.Reason.planned() || r.Reason == Requests):
		w.errorf("gen %d has failed for %s", b.gen, r.Reason)
	case b.gen <= w.asked && r.In > 0:
		w.errorf("another one was asked for, and comes in %v", r.In)
	}
}

// checkWindow: only the hung are recycled outside the window, and for who has asked.
func (w *pool) checkWindow(b *being, because Reason) {
	if w.plan != nil && because != Asked && because != Watchdog && w.plan.Opening(b.gen, w.now).After(w.now) {
		w.errorf("gen %d is recycled for %s, and the window is closed", b.gen, because)
	}
}

// checkOrder: nobody who could begin is overtaken.
func (w *pool) checkOrder(b *being) {
	if w.policy.Gate {
		return // the order is that in which their gates were asked, and they open in another
	}
	for _, e := range w.living() {
		before := e.place > 0 && (b.place == 0 || e.place < b.place) && e.alive && !e.asked && !e.handing && e != b
		if w.policy.Handover {
			before = before && len(w.of(e.worker)) == 1
		} else {
			before = before && e.serves() && b.ready
		}
		if before {
			w.errorf("gen %d is recycled before gen %d, which has waited for longer", b.gen, e.gen)
		}
	}
}

// healthy reports whether a generation of a worker has lived for so long since its last
// failure that the past may be forgotten.
func (w *pool) healthy(worker int) bool {
	return slices.ContainsFunc(w.beings, func(b *being) bool {
		end := b.over
		if b.there() {
			end = w.now
		}
		return b.worker == worker && !b.started.IsZero() && end.Sub(b.started) >= max(w.policy.BackoffMax, w.policy.MinUptime) &&
			!end.Before(w.failedAt[worker])
	})
}

// checkWaiting: nobody waits for nothing.
func (w *pool) checkWaiting(ev Event) {
	if w.ending || w.failed {
		return
	}
	_, tick := ev.(Tick)
	_, asked := ev.(RestartAsked)
	deadline := w.core.Deadline()
	for _, turn := range w.core.turns {
		if b := w.beings[turn.course.gen.number-1]; !w.blocked(b) {
			w.errorf("gen %d waits for its turn, and for nobody", b.gen)
		}
	}
	for _, b := range w.living() {
		if !b.alive || b.asked {
			continue
		}
		oom := b.oomAt.Add(100 * time.Millisecond)
		switch {
		case !b.ready && !b.by.IsZero() && (deadline.IsZero() || deadline.After(b.by)):
			w.errorf("gen %d must be ready until %v, and the deadline is %v", b.gen, b.by, deadline)
		case tick && !b.ready && due(b.by, w.now):
			w.errorf("gen %d is not ready in time, and not stopped", b.gen)
		case tick && !b.oomAt.IsZero() && !oom.After(w.now):
			w.errorf("gen %d has lost a process, and is not stopped", b.gen)
		}
	}
	for _, s := range w.core.slots {
		if asked && !s.retryDue().IsZero() {
			w.errorf("another one was asked for, and slot %d waits", s.number)
		}
		if old := w.beings[s.at.gen.number-1]; s.at.state == Gone && old.handing && w.terminal.IsZero() && w.policy.GiveUp == 0 {
			w.errorf("slot %d has ended, and somebody was to take over", s.number)
		}
	}
}

// blocked reports whether b has to wait for others.
func (w *pool) blocked(b *being) bool {
	if w.policy.Handover && len(w.of(b.worker)) > 1 {
		return true
	}
	for _, g := range w.gates.all {
		if g.held && g.closing && g.worker == b.worker {
			return true
		}
	}
	taken := 0
	for _, s := range w.core.slots {
		all := w.of(s.worker())
		switch {
		case s.number == b.worker || s.worker() == b.worker || s.at.state == Gone:
		case s.gate.busy(), w.policy.Handover && s.other != nil, !w.policy.Handover && !slices.ContainsFunc(all, (*being).serves):
			taken++
		}
	}
	return taken >= max(w.policy.MaxUnavailable, 1)
}
