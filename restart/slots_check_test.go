package restart

import (
	"slices"
	"strings"
)

// learn keeps the truth about ev, which the core is about to hear of.
func (w *pool) learn(ev Event) {
	switch ev := ev.(type) {
	case StopAsked:
		w.ending = true
	case Interrupted:
		w.terminal = w.now
	case RestartAsked:
		w.asked = len(w.beings)
		clear(w.wait)
	case Examined:
		for worker := range w.wait {
			if ev.Path != "" && worker != w.own {
				delete(w.wait, worker)
			}
		}
	case Extend:
		if b := w.beings[ev.Gen-1]; !b.by.IsZero() && !b.asked {
			b.by = latest(b.by, w.now.Add(ev.By))
		}
	case MemoryEvents:
		if b := w.beings[ev.Gen-1]; b.oomAt.IsZero() {
			b.oomAt = w.now
		}
	case Started:
		b := w.beings[ev.Gen-1]
		c := w.core.course(ev.Gen) // one that another one is asked for takes no place
		b.ready = w.policy.Ready == ReadyAtStart && !(c.candidate(c) && (c.gen.renewed || c.gen.then == End))
		if t := w.policy.StartTimeout; t != 0 && t != Forever && (w.policy.Ready == ReadyWhenSaid || w.policy.Ready == ReadyWhenProbed) {
			b.by = w.now.Add(t)
		}
	case Ready:
		b := w.beings[ev.Gen-1]
		b.ready = b.ready || !b.asked
	case Probed:
		b := w.beings[ev.Gen-1]
		b.ready = b.ready || ev.Ready && !b.asked
	case Exited:
		w.learnOver(ev.Gen, ev.Left)
	case Emptied:
		w.learnOver(ev.Gen, 0)
	case Tick:
		for _, b := range w.living() {
			if b.alive && !b.asked && w.policy.Ready == ReadyAfter && w.now.Sub(b.started) >= w.policy.ReadyDelay {
				b.ready = true
			}
		}
	}
}

func (w *pool) learnOver(gen, left int) {
	b := w.beings[gen-1]
	delete(w.wait, b.worker)
	if left > 0 || b.candidate && !b.ready {
		return // it has not done any work
	}
	w.ended[b.worker] = max(w.ended[b.worker], b.gen)
	for _, next := range w.of(b.worker) {
		next.candidate = next.candidate && next.gen < b.gen // else it takes the place as it is
	}
}

// main is the generation of a worker that does its work, as far as one does; nil: none
// is there.
func (w *pool) main(worker int) *being {
	all := w.of(worker)
	for _, b := range slices.Backward(all) {
		if b.serves() {
			return b
		}
	}
	for _, b := range all {
		return b
	}
	return nil
}

// check looks at one action, before it is done.
func (w *pool) check(ev Event, a Action) {
	if w.quit {
		w.errorf("after the end: %+v", a)
		return
	}
	gen := 0
	switch a := a.(type) {
	case Spawn:
		w.checkSpawn(a)
		return
	case OpenGate, CloseGate:
		w.checkGateAction(a)
		return
	case Report:
		gen = a.Gen
	case Signal:
		gen = a.Gen
	case Look:
		gen = a.Gen
	case Probe:
		gen = a.Gen
	case Kill:
		gen = a.Gen
	case Drain:
		gen = a.Gen
	default:
		return
	}
	if gen < 1 || gen > len(w.beings) {
		w.errorf("%+v: there is no such generation", a)
		return
	}
	b := w.beings[gen-1]
	if r, ok := a.(Report); ok {
		w.checkReport(b, r)
		return
	}
	if !b.there() || b.spawning {
		w.errorf("%+v for nobody", a)
	}
	_, passedOn := ev.(Forward)
	switch a := a.(type) {
	case Signal:
		if !passedOn && a.Sig != sigCont {
			w.checkAsks(b)
		}
	case Drain:
		w.checkAsks(b)
	case Look:
		if c := w.core.course(gen); c.gen.turn != "" {
			w.errorf("looks at what waits for its turn")
		}
	case Probe:
		if b.probing || b.ready || b.asked || w.policy.Ready != ReadyWhenProbed {
			w.errorf("%+v: %+v", a, b)
		}
	}
}

// checkSpawn: no tree is beside another one but by a handover.
func (w *pool) checkSpawn(a Spawn) {
	want := 0
	if w.policy.Workers > 0 {
		want = a.Worker
		if a.Worker < 1 || a.Worker > w.policy.Workers {
			w.errorf("%+v", a)
		}
	}
	if a.Gen != len(w.beings)+1 || a.Worker != want {
		w.errorf("%+v after %d", a, len(w.beings))
	}
	if w.ending {
		w.errorf("%+v, though the end was asked for", a)
	}
	if w.now.Before(w.wait[a.Worker]) || w.own != 0 && w.own == a.Worker {
		w.errorf("%+v, and the next try comes in %v", a, w.wait[a.Worker].Sub(w.now))
	}
	all := w.of(a.Worker)
	if len(all) > 1 {
		w.errorf("%+v is the third", a)
	}
	if len(all) == 0 {
		return
	}
	old, others := all[0], 0
	for worker := range w.policy.Workers {
		if worker+1 != a.Worker && len(w.of(worker+1)) > 1 {
			others++
		}
	}
	switch {
	case !w.policy.Handover:
		w.errorf("%+v beside gen %d", a, old.gen)
	case old.asked || !old.alive:
		// It must have been replaced before.
		replaced := slices.ContainsFunc(w.beings[old.gen:], func(b *being) bool { return b.worker == old.worker && b.ready })
		if !replaced {
			w.errorf("%+v beside gen %d, which leaves, and nobody had taken its place", a, old.gen)
		}
	case old.handing && !w.gates.passed[old.worker] && w.policy.Gate:
		w.errorf("%+v, and the gate is not open", a)
	case !old.handing:
		w.errorf("%+v beside gen %d, which works", a, old.gen)
	case others >= max(w.policy.MaxUnavailable, 1):
		w.errorf("%+v, and %d others hand over", a, others)
	}
}

// checkAsks: who is asked to leave may be done without.
func (w *pool) checkAsks(b *being) {
	if b.asked {
		return
	}
	b.asked = true
	if w.policy.MemoryHigh > 0 && !b.raised {
		w.errorf("gen %d is asked to leave with memory.high in its way", b.gen)
	}
	c := w.core.course(b.gen)
	if c == nil || w.ending || c.gen.then != Relaunch || !b.alive {
		return
	}
	switch c.gen.because {
	case OOMKilled, StartFailed, Exit, Signaled, MemoryMax:
		return // it does not do its work
	}
	if c.candidate(c) {
		return
	}
	if w.policy.Handover {
		newer := func(n *being) bool { return n.worker == b.worker && n.gen > b.gen && n.serves() }
		if !slices.ContainsFunc(w.beings, newer) {
			w.errorf("gen %d is asked to leave for %s, and nobody has taken its place", b.gen, c.gen.because)
		}
		return
	}
	w.checkPassed(b.worker, c.gen.because)
	missing := 0
	for _, s := range w.core.slots {
		if s.number == b.worker || s.at.state == Gone {
			continue
		}
		if !slices.ContainsFunc(w.of(s.number), (*being).serves) {
			missing++
		}
	}
	if w.policy.Workers > 1 {
		w.checkWindow(b, c.gen.because)
		w.checkOrder(b)
	}
	if w.policy.Workers > 1 && missing >= max(w.policy.MaxUnavailable, 1) {
		w.errorf("gen %d is asked to leave for %s, and %d others do not work", b.gen, c.gen.because, missing)
	}
}

func (w *pool) checkReport(b *being, r Report) {
	if r.Worker != b.worker {
		w.errorf("worker %d is said to be %d: %+v", b.worker, r.Worker, r)
	}
	switch r.Kind {
	case HandingOver:
		if b.handing || !b.alive || b.asked || !w.policy.Handover {
			w.errorf("hands over: %+v", b)
		}
		b.handing, b.wanted = true, true
		w.checkBegins(b, r)
	case Stopping:
		if r.Reason == StartFailed && (b.by.IsZero() || w.now.Before(b.by) || b.ready) {
			w.errorf("not ready in time: %+v", b)
		}
	case Gated:
		b.wanted = true
	case Queued:
		if !b.alive || b.asked {
			w.errorf("queued: %+v", b)
		}
		b.wanted = true
		if b.place == 0 {
			w.queued++
			b.place = w.queued
		}
	case Deferred, Planned:
		b.wanted, b.place = false, 0 // until the window opens
	case NoHelp, Backoff, HandoverFailed:
		if r.Handover && r.Kind == NoHelp {
			b.handing, b.wanted = true, true
			w.checkBegins(b, r)
		}
		w.checkFailed(b, r)
		w.checkDelay(b, r)
	case Up:
		w.checkUp(b, r)
	case Recovered:
		w.checkHelped(b, r)
	case PIDsMax, Blind, OOM, Escaped:
		if r.Kind != OOM && r.Reason != "" {
			w.errorf("%s for %s", r.Kind, r.Reason)
		}
	}
}

// checkDelay: it grows, and is bounded.
func (w *pool) checkDelay(b *being, r Report) {
	p := &w.policy
	main := w.main(b.worker)
	if r.Kind == HandoverFailed && (main == nil || !main.alive || main.asked) {
		if r.In != 0 {
			w.errorf("nobody works on: %+v", r)
		}
		return
	}
	if r.Kind == HandoverFailed && r.In == 0 {
		return // the next one is wanted at once
	}
	if n := w.failures[b.worker]; r.Failures != n+1 && (r.Failures != 1 || !w.healthy(b.worker)) {
		w.errorf("failure %d after %d", r.Failures, n)
	}
	w.failures[b.worker], w.failedAt[b.worker], w.wait[b.worker] = r.Failures, w.now, w.now.Add(r.In)
	d := float64(min(p.BackoffMin<<min(r.Failures-1, 30), p.BackoffMax))
	// Whom Ctrl-C has left has the grace for it, too.
	graced := r.Handover && !w.terminal.IsZero() && r.In == w.terminal.Add(p.Grace).Sub(w.now)
	if in := float64(r.In); in < 0.8*d-1 || in > min(1.2*d, float64(p.BackoffMax))+1 && !graced {
		w.errorf("failure %d: a delay of %v", r.Failures, r.In)
	}
}

// checkAll: what must hold after each step.
func (w *pool) checkAll(ev Event, actions []Action) {
	gone := 0
	for _, s := range w.core.slots {
		all := w.of(s.worker())
		if s.at.state == Gone {
			gone++
			if slices.ContainsFunc(all, func(b *being) bool { return b.alive && !b.asked }) {
				w.errorf("slot %d has ended, and somebody lives on", s.number)
			}
			continue
		}
		due := s.at.deadline
		switch {
		case len(all) > 2:
			w.errorf("three in slot %d", s.number)
		case len(all) == 0 && (s.at.state != Waiting || due.IsZero() || due.Sub(w.now) > w.policy.BackoffMax):
			w.errorf("slot %d is forgotten", s.number)
		}
	}
	w.checkWaiting(ev)
	w.checkGates()
	deadline := w.core.Deadline()
	if _, tick := ev.(Tick); tick && !deadline.IsZero() && !deadline.After(w.now) {
		// A grace of nothing is over at once, for each worker in turn.
		if w.ticks++; w.ticks > 20 {
			w.errorf("%d ticks, and the deadline stays at %v: %v", w.ticks, deadline.Sub(w.now), actions)
		}
	} else if tick {
		w.ticks = 0
	}
	for _, b := range w.living() {
		if w.ending && b.alive && !b.asked {
			w.errorf("gen %d was not asked to leave: %v", b.gen, actions)
		}
	}
	if over := gone == len(w.core.slots) && len(w.living()) == 0; over != w.quit {
		w.errorf("all is over %v, and quit %v: %v", over, w.quit, actions)
	}
	if !w.quit && len(w.core.slots) < w.policy.Workers && !w.ending && !w.beings[0].started.IsZero() && !w.beings[0].asked {
		w.errorf("%d slots", len(w.core.slots))
	}
}

// settled reports whether nobody waits for anything.
func (w *pool) settled() bool {
	if w.told || len(w.core.turns) > 0 || w.holds() {
		return false
	}
	for _, s := range w.core.slots {
		if s.other != nil || s.at.state != Gone && (!s.serves() || s.at.gen.turn != "") {
			return false
		}
	}
	return true
}

// checkSettled: nobody is forgotten, and what was asked for last is there.
func (w *pool) checkSettled() {
	if w.failed || w.quit {
		return
	}
	if !w.settled() {
		var turns []string
		for _, t := range w.core.turns {
			turns = append(turns, string(t.course.gen.turn))
		}
		w.errorf("somebody waits for ever: %s", strings.Join(turns, ", "))
	}
	for _, b := range w.living() {
		observed := w.policy.Observe.Has(Changed)
		switch {
		case b.wanted:
			w.errorf("gen %d is to be recycled, and its turn has not come", b.gen)
		case b.gen <= w.asked:
			w.errorf("gen %d is there, though another one was asked for after %d", b.gen, w.asked)
		case b.version != w.version && !observed && w.plan == nil && w.policy.Restart != Never:
			w.errorf("gen %d has version %d, there is %d", b.gen, b.version, w.version)
		}
	}
}
