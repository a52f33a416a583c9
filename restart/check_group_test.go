package restart

import (
	"slices"
	"time"
)

// checkGroupAction compares an order about the group with the truth.
func (w *world) checkGroupAction(before State, a Action) {
	r := &w.run
	g := &r.group
	gen := r.gen
	switch a := a.(type) {
	case Headroom:
		gen = a.Gen
		if w.policy.MemoryHigh == 0 {
			w.errorf("headroom without a budget")
		}
		if w.core.State() == Running && !w.guarded() {
			w.errorf("headroom for what the kernel does not slow down")
		}
	case Tripwire:
		gen = a.Gen
		if !g.raised || before != Running || !g.over.IsZero() || !r.waits.IsZero() {
			w.errorf("%s: a tripwire, over since %v, raised %v", before, g.over, g.raised)
		}
	case Watch:
		gen = a.Gen
		if g.armed || before != Running {
			w.errorf("%s: watch what is watched", before)
		}
		if n := len(g.watches); n > 1 && w.now.Sub(g.watches[n-2]) < 10*time.Millisecond && !dropped(w.last) {
			w.errorf("three times watched within %v", w.now.Sub(g.watches[n-2]))
		}
	}
	if gen != r.gen || !r.there() {
		w.errorf("%+v for nobody", a)
	}
}

// checkVerdict: a budget is a reason only if looks say so, for long enough.
func (w *world) checkVerdict(a Report) {
	r, p := &w.run, &w.policy
	g := &r.group
	switch hung := a.Spent == BudgetShare || a.Spent == BudgetSilence; {
	case w.observe[a.Reason] != (a.Kind == Observed):
		w.errorf("%s for %s, which is observed: %v", a.Kind, a.Reason, w.observe[a.Reason])
	case a.Kind == Stopping && r.opened && a.Reason == r.quiet.because && !hung:
		if w.checkLeft(a); a.Reason == Age || a.Reason == Schedule {
			if !a.Planned.Equal(r.quiet.due) {
				w.errorf("stopped for %s, planned %v, due %v", a.Reason, a.Planned, r.quiet.due)
			}
		}
		return
	case a.Kind == Stopping && w.closed() && !hung && slices.Contains(deferrable, a.Reason):
		w.errorf("stopped for %s while the window is closed", a.Reason)
	case a.Kind == Deferred && !r.waits.IsZero():
		if a.Reason != r.waitsFor {
			w.errorf("%s waits, and so does %s", a.Reason, r.waitsFor)
		}
		return // said again
	}
	lasts := func(since time.Time) bool { return !since.IsZero() && w.now.Sub(since) >= p.MemoryFor }
	switch a.Reason {
	case MemoryHigh:
		switch _, byTrigger := w.ev.(Pressed); {
		case byTrigger:
		case lasts(g.over) && (r.sawLast.Exact || r.over >= 2):
		case lasts(g.near) && g.stalls:
		default:
			w.errorf("a verdict after %d looks over the budget, over since %v, near since %v, stalls %v", r.over, g.over, g.near, g.stalls)
		}
	case Age, Schedule:
		w.checkPlanned(a)
	case OpenFiles, Tasks, CPUTime, Watchdog:
		w.checkFigure(a)
	case Changed:
		w.checkChange(a)
	case Requests:
		w.checkServed(a)
	case Asked:
		if !w.chain.final && !r.renewed {
			w.errorf("stopped, and nobody has asked")
		}
	case OOMKilled:
		if p.OOM == OOMContinue || g.killsAt.IsZero() || w.now.Sub(g.killsAt) < 100*time.Millisecond {
			w.errorf("stopped for an OOM kill at %v", g.killsAt)
		}
		g.settle()
	}
}

func (g *group) settle() { g.settled, g.killsAt = g.told.OOMKill, time.Time{} }

// deferrable are the reasons that wait for the window.
var deferrable = []Reason{MemoryHigh, OpenFiles, Tasks, CPUTime, Watchdog, Changed, Requests}

// checkGroupReport: an OOM kill and a refused fork are said once.
func (w *world) checkGroupReport(before State, ev Event, a Report) {
	g := &w.run.group
	switch a.Kind {
	case PIDsMax:
		if g.pids || g.told.PIDsMax == 0 {
			w.errorf("said that a fork was refused: %v, %+v", g.pids, g.told)
		}
		g.pids = true
	case Escaped:
		if g.escaped || !g.heard || before != Running {
			w.errorf("%s: said that the child has left its group: %v, %v", before, g.escaped, g.heard)
		}
		g.escaped = true
	case OOM:
		leaving := before == Leaving || before == Draining
		if ended, ok := ev.(Exited); ok && leaving {
			g.told = ended.Counters
		}
		over := w.policy.Restart == Never && g.killed
		due := leaving || w.policy.OOM == OOMContinue && w.now.Sub(g.killsAt) >= 100*time.Millisecond
		if !over && (g.told.OOMKill <= g.settled || !due) {
			w.errorf("%s: said that somebody was killed, of %+v settled %d", before, g.told, g.settled)
		}
		g.settle()
	case Ended, NoHelp, LeftBehind, Backoff:
		w.checkReason(a)
	}
}

// checkReason: oom-kill is said of an end if and only if it was one.
func (w *world) checkReason(a Report) {
	r := &w.run
	killed := r.group.killed
	if !r.interrupted.IsZero() && a.Reason == Asked {
		return
	}
	if r.because == OOMKilled {
		killed = true
	} else if r.because != "" {
		killed = false // it was leaving for another reason
	}
	if (a.Reason == OOMKilled) != killed {
		w.errorf("%s for %s, killed %v", a.Kind, a.Reason, killed)
	}
}

// checkGroup: what must hold after each event.
func (w *world) checkGroup(before State, ev Event, actions []Action) {
	r, p := &w.run, &w.policy
	g := &r.group
	s := w.core.State()
	switch ev := ev.(type) {
	case Exited:
		if before == Running {
			g.settled, g.killsAt = ev.Counters.OOMKill, time.Time{}
		}
		w.lateKill(before, ev.Counters, actions)
	case MemoryEvents:
		w.lateKill(before, ev.Counters, actions)
		if before == Running && ev.Counters.PIDsMax > 0 && !g.pids {
			w.errorf("a refused fork was not said")
		}
		if g.heard != g.escaped {
			w.errorf("has left its group, and nothing said: %v", actions)
		}
	case Pressed:
		observed := w.observe[MemoryHigh] && r.figures.pressed
		if before == Running && s == Running && r.waits.IsZero() && !observed && !(r.opened && w.closed()) {
			w.errorf("pressed, and not stopped: %v", actions)
		}
	}
	if !g.armedAfter(actions) && s == Running {
		w.checkSilent()
	}
	if s != Running || !r.alive {
		return
	}
	_, tick := ev.(Tick)
	deadline := w.core.Deadline()
	raised := g.raisedAfter(actions)
	switch {
	case w.clocked() && deadline.IsZero():
		w.errorf("nobody looks by the clock")
	case !g.killsAt.IsZero() && (deadline.IsZero() || deadline.After(g.killsAt.Add(100*time.Millisecond))):
		w.errorf("an OOM kill at %v, and nothing follows", g.killsAt)
	case !g.killsAt.IsZero() && tick && w.now.Sub(g.killsAt) >= 100*time.Millisecond:
		w.errorf("an OOM kill %v ago, and nothing followed: %v", w.now.Sub(g.killsAt), actions)
	case !raised && (!r.waits.IsZero() || r.figures.observed[BudgetMemory]) && p.MemoryEvents && p.MemoryHigh > 0 && !g.heard:
		w.errorf("memory.high is in the way of what waits for the window")
	case raised && r.waits.IsZero() && !r.figures.observed[BudgetMemory] && !r.figures.spared && (!p.MemoryEvents || p.MemoryHigh == 0 || p.MemoryFor == 0 || g.near.IsZero()):
		w.errorf("memory.high is out of the way, near since %v", g.near)
	case !raised && w.guarded() && p.MemoryFor > 0 && !g.over.IsZero():
		w.errorf("memory.high is in the way of an excess")
	case w.planOf() == nil && g.armedAfter(actions) && g.killsAt.IsZero() && !w.clocked() && g.near.IsZero() && !g.blind && r.looking == 0 &&
		g.told.High == g.highAtLook && !deadline.IsZero() && !hasLook(actions) && !w.timed() && !r.opened && !w.files.told && !r.figures.woken && r.helped.due.IsZero():
		w.errorf("nothing to wait for, and a deadline")
	}
	w.checkSpent(ev)
}

// checkSpent: a spent budget is a stop, at once.
func (w *world) checkSpent(ev Event) {
	r, p := &w.run, &w.policy
	looked, ok := ev.(Looked)
	if !ok || looked.Err != "" || w.core.State() != Running || w.budget() == 0 {
		return
	}
	g := &r.group
	past := g.looked[:len(g.looked)-1]
	all := g.looked
	g.looked = past
	_, stalled := w.stalled(looked.Usage)
	g.looked = all
	switch {
	case stalled && p.MemoryFor == 0:
		w.errorf("does nothing but wait for memory, and not stopped")
	}
	waited := looked.Usage.Stalled
	if len(past) > 0 {
		waited -= past[len(past)-1].u.Stalled
	}
	next, guarded := w.core.Deadline(), w.guarded() && looked.Usage.Exact && p.MemoryFor == 0
	if guarded && !g.near.IsZero() && waited > 0 && (next.IsZero() || next.Sub(w.now) > 100*time.Millisecond) {
		w.errorf("waits for memory, and the next look is at %v", next)
	}
}

// checkSilent: a group that nobody listens to is listened to again soon.
func (w *world) checkSilent() {
	r := &w.run
	most := 100 * time.Millisecond
	switch {
	case r.looking > 0 || hasLook(w.last):
		most = 10 * time.Second
	case !r.group.over.IsZero() || !r.group.near.IsZero() && w.policy.MemoryFor > 0:
		most = time.Second
	}
	if deadline := w.core.Deadline(); deadline.IsZero() || deadline.Sub(w.now) > most {
		w.errorf("nobody listens to the group, and the deadline is %v", deadline)
	}
}

// lateKill: an OOM kill while the tree leaves is said.
func (w *world) lateKill(before State, n Counters, actions []Action) {
	g := &w.run.group
	if before != Leaving && before != Draining || n.OOMKill <= g.settled {
		return
	}
	w.errorf("killed while leaving, and nothing said: %v", actions)
}

func hasLook(actions []Action) bool {
	return slices.ContainsFunc(actions, func(a Action) bool { _, ok := a.(Look); return ok })
}

func hasHeadroom(actions []Action) bool {
	return slices.ContainsFunc(actions, func(a Action) bool { _, ok := a.(Headroom); return ok })
}

// dropped reports whether the memory budget has just been given up: then the group
// is watched at once.
func dropped(actions []Action) bool {
	return slices.ContainsFunc(actions, func(a Action) bool {
		r, ok := a.(Report)
		return ok && (r.Kind == Deferred || r.Kind == Observed && r.Reason == MemoryHigh)
	})
}

func (g *group) armedAfter(actions []Action) bool {
	return g.armed || slices.ContainsFunc(actions, func(a Action) bool { _, ok := a.(Watch); return ok })
}

// raisedAfter is whether memory.high is out of the way when all is performed.
func (g *group) raisedAfter(actions []Action) bool {
	raised := g.raised
	for _, a := range actions {
		switch a.(type) {
		case Headroom:
			raised = true
		case Tripwire:
			raised = false
		}
	}
	return raised
}
