package restart

import (
	"slices"
	"time"
)

// actionsOf are those of one type, in their order.
func actionsOf[T Action](actions []Action) (of []T) {
	for _, a := range actions {
		if a, ok := a.(T); ok {
			of = append(of, a)
		}
	}
	return of
}

// reportsOf are those of one kind.
func reportsOf(actions []Action, kind Kind) []Report {
	return slices.DeleteFunc(actionsOf[Report](actions), func(r Report) bool { return r.Kind != kind })
}

// asTold is actions with the verdict in it that a Drain is for: people are told of it
// later, or not at all.
func (w *world) asTold(actions []Action) []Action {
	if len(actionsOf[Drain](actions)) == 0 {
		return actions
	}
	return append(slices.Clone(actions), w.run.service.verdict)
}

// learnAsking keeps the truth about how long the tree may take for what it is asked.
func (w *world) learnAsking(before State, ev Event, actions []Action) {
	r := &w.run
	s := &r.service
	w.was = *r
	begin := func(d time.Duration) {
		s.turned, s.over = w.now, w.now.Add(d)
		if d == Forever {
			s.over = time.Time{}
		}
	}
	_, passedOn := ev.(Forward)
	for _, a := range actions {
		switch a := a.(type) {
		case Drain:
			s.verdict = w.core.slots[0].at.report(Stopping)
			begin(w.policy.DrainTimeout)
		case CloseInput:
			s.closing = true
			begin(2 * time.Second)
		case Signal:
			if !passedOn && a.Sig != sigCont && (before != Leaving || s.closing) {
				s.closing = false
				r.stopped = w.now
				begin(w.policy.Grace)
			}
		}
	}
}

// drainsFor reports whether what is in flight may end before a stop as a says it.
func (w *world) drainsFor(a Report) bool {
	hung := a.Spent == BudgetShare && a.Reason == CPUTime || a.Reason == Watchdog
	return w.policy.Drains && !hung && !w.run.service.stuck && a.Reason != OOMKilled && (a.Reason != Asked || !w.chain.final)
}

// checkDrain: a Drain is for a verdict that may wait, once, with headroom before.
func (w *world) checkDrain(before State, a Drain, headroom bool) {
	r := &w.run
	v := r.service.verdict
	switch {
	case a.Gen != r.gen || !r.alive || before != Running && before != Starting || w.core.State() != Draining || w.was.service.drained:
		w.errorf("%s: %+v", before, a)
	case !w.drainsFor(v):
		w.errorf("drained for %s, %s", v.Reason, v.Spent)
	case w.policy.MemoryHigh > 0 && !headroom:
		w.errorf("drained with memory.high in its way")
	}
	w.checkVerdict(v)
	r.judged, r.because = w.now, v.Reason
}

// checkStopping: a stop without a Drain is one that does not wait, and what is said
// of one with a Drain is what it was for.
func (w *world) checkStopping(before State, a Report) {
	r := &w.run
	s := &w.was.service
	if !s.drained {
		if w.drainsFor(a) {
			w.errorf("stopped for %s, and not drained", a.Reason)
		}
		w.checkVerdict(a)
		r.judged, r.because = w.now, a.Reason
	} else if v := s.verdict; before != Draining || a.Reason != v.Reason || a.Spent != v.Spent || a.Budget != v.Budget ||
		a.Uptime != r.judged.Sub(r.started) || a.Waited != v.Waited || a.For != v.For {
		w.errorf("stopped for %+v, drained for %+v", a, v)
	}
	closing := time.Duration(0)
	if w.closes() {
		closing = 2 * time.Second
	}
	sig := w.policy.StopSignal
	if asked, ok := w.ev.(StopAsked); ok && asked.Sig != 0 {
		sig = asked.Sig
	}
	if _, now := w.ev.(StopAsked); a.Closing != closing || a.In != w.policy.Grace || a.Sig != sig && (now || w.run.asks.IsZero()) {
		w.errorf("says that the signal %d comes in %v, then a grace of %v", a.Sig, a.Closing, a.In)
	}
	if a.InFlight != r.service.toldInFlight {
		w.errorf("says that %d are in flight, not %d", a.InFlight, r.service.toldInFlight)
	}
}

// closes reports whether the end of its stdin comes before the signal.
func (w *world) closes() bool { return w.policy.Stdio && w.run.asks.IsZero() }

// checkServing: what must hold of requests after each step.
func (w *world) checkServing(before State, ev Event, actions []Action) {
	w.checkDraining(before, ev, actions)
	w.checkClosing(before, ev, actions)
	w.checkCount(before, ev, actions)
	w.checkUp(before, ev, actions)
	switch ev.(type) {
	case Extend, InputEnded, Ready:
		quit := len(actionsOf[Quit](actions)) > 0 && before == Waiting
		if said := len(reportsOf(actions, Up)); len(actions) > said && !quit {
			w.errorf("%T: %v", ev, actions)
		}
		want := w.deadline
		if w.core.State() == Running {
			want = earliest(want, w.run.helped.due)
		}
		if before != Draining && before != Leaving && !quit && !want.Equal(w.core.Deadline()) {
			w.errorf("%T: the deadline was %v and is %v", ev, w.deadline, w.core.Deadline())
		}
	}
}

// checkDraining: it drains until nothing is in flight, its time is over, or somebody
// wants the end, and not longer.
func (w *world) checkDraining(before State, ev Event, actions []Action) {
	r, s := &w.run, &w.was.service
	served, ok := ev.(Served)
	begun := reportsOf(actions, DrainBegun)
	busy := ok && before == Draining && served.InFlight > 0
	if (len(begun) == 1) != (busy && !s.begun) || len(begun) > 1 {
		w.errorf("%s, %d in flight, said before %v: %v", before, served.InFlight, s.begun, actions)
	}
	for _, a := range begun {
		if r.service.begun = true; a.Reason != r.because || a.In != w.policy.DrainTimeout || a.InFlight != served.InFlight {
			w.errorf("drained for %s, says %+v", r.because, a)
		}
	}
	if before != Draining {
		return
	}
	_, tick := ev.(Tick)
	over := tick && !s.over.IsZero() && !w.now.Before(s.over)
	asked := false
	switch ev.(type) {
	case StopAsked, Interrupted:
		asked = true
	}
	_, exited := ev.(Exited)
	if leaves := ok && !busy || over || asked || exited; leaves != (w.core.State() != Draining) {
		w.errorf("%d in flight, until %v: %T, and %v", r.service.toldInFlight, s.over, ev, actions)
	}
}

// checkClosing: the end of its stdin is the first that it gets, and the signal follows.
func (w *world) checkClosing(before State, ev Event, actions []Action) {
	r, s := &w.run, &w.was.service
	_, passedOn := ev.(Forward)
	exited, ended := ev.(Exited)
	signals := slices.ContainsFunc(actionsOf[Signal](actions), func(a Signal) bool { return !passedOn && !a.Tree })
	rest := slices.ContainsFunc(actionsOf[Signal](actions), func(a Signal) bool { return a.Tree })
	_, tick := ev.(Tick)
	_, hurry := ev.(StopAsked)
	over := tick && s.closing && !w.now.Before(s.over) || hurry && s.closing
	asks := before != Leaving && w.core.State() == Leaving && !ended
	closes := len(actionsOf[CloseInput](actions))
	switch {
	case closes > 0 && (!w.policy.Stdio || !asks || closes > 1 || signals || s.stdinShut || !r.alive):
		w.errorf("%s: stdin shut: %v", before, actions)
	case asks && (closes > 0) != w.closes():
		w.errorf("%s: asked to leave, and its stdin: %v", before, actions)
	case before == Leaving && signals != over:
		w.errorf("stdin shut %v, until %v: %v", s.closing, s.over, actions)
	case rest && (!ended || exited.Left == 0):
		w.errorf("the rest is asked without need: %v", actions)
	case w.policy.Stdio && asks && signals && w.run.asks.IsZero():
		w.errorf("a signal before the end of its stdin: %v", actions)
	}
}

// checkCount: each generation is told to count, as far as it may go, and nobody counts
// what is of no interest any more.
func (w *world) checkCount(before State, ev Event, actions []Action) {
	p, r := &w.policy, &w.run
	s := &r.service
	counts := actionsOf[Count](actions)
	_, started := ev.(Started)
	ends := started && w.core.State() == Running
	observed := slices.ContainsFunc(reportsOf(actions, Observed), func(a Report) bool { return a.Spent == BudgetRequests })
	released := observed || len(reportsOf(actions, Deferred)) > 0 && w.was.waits.IsZero()
	released = released && p.MaxRequests > 0 && w.was.service.counting()
	switch {
	case len(counts) > 1, len(counts) == 1 && counts[0].Gen != r.gen, len(counts) == 1 && (p.MaxRequests == 0 || !r.alive):
		w.errorf("%s: count: %v", before, actions)
	case (ends && p.MaxRequests > 0 || released) && len(counts) == 0:
		w.errorf("%s: nobody counts, or goes on: %v", before, actions)
	case len(counts) == 0:
	case started:
		until := counts[0].Until
		if until < p.MaxRequests || until > p.MaxRequests+p.MaxRequestsJitter || !ends {
			w.errorf("may serve %d, want %d and up to %d more: %v", until, p.MaxRequests, p.MaxRequestsJitter, actions)
		}
		if p.MaxRequestsJitter > 1<<20 && w.chain.bounds[until] {
			w.errorf("twice the same jitter: %d", until)
		}
		w.chain.bounds[until] = true
		s.bound = until
	case counts[0].Until != 0 || !released && !(r.opened && w.closed() && before == Running):
		w.errorf("%s: count: %v", before, actions)
	default:
		s.freed = true
	}
	served, ok := ev.(Served)
	if goesOn := before == Running && w.core.State() == Running && s.counting(); ok && goesOn && (served.Served >= s.bound || served.Stuck) {
		w.errorf("has served %d of %d, and nothing follows: %v", served.Served, s.bound, actions)
	}
}

// counting reports whether it is counted against its bound.
func (s *service) counting() bool { return s.bound > 0 && !s.freed }

// checkUp: that a generation is up is said once: when it starts, or when it says so.
func (w *world) checkUp(before State, ev Event, actions []Action) {
	r, p := &w.run, &w.policy
	ups := reportsOf(actions, Up)
	_, started := ev.(Started)
	_, ready := ev.(Ready)
	due := started && r.gen > 1 && p.Ready == ReadyAtStart || ready && before == Running && p.Ready == ReadyWhenSaid && !r.service.up
	if len(ups) > 1 || (len(ups) == 1) != due {
		w.errorf("%s: %T, up %v: %v", before, ev, r.service.up, actions)
	}
	for _, a := range ups {
		r.service.up = true
		in := w.now.Sub(w.chain.previousEnd)
		if w.chain.previous == 0 {
			in = 0
		}
		if a.PID != 100+r.gen || a.After != w.chain.previous || a.In != in {
			w.errorf("up as %d, after %d, %v: %+v", 100+r.gen, w.chain.previous, in, a)
		}
	}
}

// checkServed: requests are a reason only when as many were served as may be, or were
// given to one that does not answer.
func (w *world) checkServed(a Report) {
	s := &w.run.service
	ev, ok := w.ev.(Served)
	if !ok || ev.Served < s.bound && !ev.Stuck || s.bound == 0 || !w.inForce(BudgetRequests) {
		w.errorf("%s for %d requests by %+v, may serve %d", a.Kind, a.Requests, w.ev, s.bound)
	}
	if a.Spent != BudgetRequests || a.Budget != s.bound || a.Requests != ev.Served {
		w.errorf("%s: %s, %d of %d", a.Kind, a.Spent, a.Requests, a.Budget)
	}
}
