package restart

import (
	"slices"
	"time"
)

// learn keeps the truth about ev, which the core is about to hear of in state s.
func (w *world) learn(s State, ev Event) {
	r := &w.run
	w.learnGroup(s, ev)
	w.learnServing(s, ev)
	switch ev := ev.(type) {
	case Started:
		r.spawning, r.alive, r.started = false, true, w.now
		r.figures.looks = []seenAt{{at: w.now}}
		r.figures.all = r.figures.looks
	case SpawnFailed:
		r.spawning, r.because = false, StartFailed
		w.chain.status = ev.Status
	case Exited:
		w.chain.status = ev.Status()
		if s == Running {
			r.judged = w.now
		} else if s != Draining {
			return // it has been asked to leave
		}
		if !r.interrupted.IsZero() && (w.policy.Grace == Forever || w.now.Sub(r.interrupted) <= w.policy.Grace) {
			w.chain.final = true
		}
	case Looked:
		if s == Running {
			w.learnLook(ev)
			w.learnFigures(ev)
			w.learnQuiet(ev)
		}
	case RestartAsked:
		w.learnAsked(s)
	case StopAsked, Interrupted:
		if _, byTerminal := ev.(Interrupted); byTerminal && s == Running {
			r.interrupted = w.now
			return // for the child to say
		}
		w.chain.final = true
	}
}

func (w *world) learnLook(ev Looked) {
	r := &w.run
	switch {
	case ev.Err != "":
		r.over, r.same = 0, 0
		return
	case w.policy.MemoryHigh > 0 && ev.Usage.Memory >= w.policy.MemoryHigh:
		r.over++
	default:
		r.over = 0
	}
	u := ev.Usage
	u.Silent, u.InFlight = 0, 0 // who is silent does nothing, and neither need who serves
	if r.same++; u != r.sawLast {
		r.same = 0
	}
	r.sawLast, r.answeredAt = u, w.now
}

// check compares what the core answered to ev in state before with the truth.
func (w *world) check(before State, ev Event, actions []Action) {
	if w.chain.quit && len(actions) > 0 {
		w.errorf("after the end: %v", actions)
	}
	impatient := w.impatient(before, ev)
	follows := w.follows(ev)
	w.learnLeaving(before, actions)
	w.learnHelped(before, ev)
	w.learnAsking(before, ev, actions)
	told := w.asTold(actions)
	w.run.waited = !w.run.waits.IsZero()
	spent := w.spentNow(before)
	w.last = actions
	headroom, waits := w.run.group.raised, w.run.waits
	for _, a := range actions {
		switch a := a.(type) {
		case Spawn:
			w.checkSpawn(a)
		case Signal:
			if a.Gen != w.run.gen || !w.run.there() || a.Sig == 0 {
				w.errorf("%+v for nobody", a)
			}
			if _, passedOn := ev.(Forward); !passedOn && w.policy.MemoryHigh > 0 && !headroom {
				w.errorf("asked to leave with memory.high in its way: %v", actions)
			}
		case Headroom, Tripwire, Watch:
			w.checkGroupAction(before, a)
			headroom = w.run.group.raisedAfter([]Action{a}) || headroom
		case Kill:
			w.checkKill(before, a, impatient)
		case Look:
			w.checkLook(a)
		case Alarm:
			if a.Gen != w.run.gen || a.In <= 0 || !w.run.alive || w.core.State() != Running {
				w.errorf("%+v", a)
			}
		case Report:
			w.checkReport(before, a)
			if a.Kind == Deferred && waits.IsZero() {
				waits = w.now
				w.run.waitsFor, w.run.waitsSpent = a.Reason, a.Spent
			}
			w.checkGroupReport(before, ev, a)
		case Drain:
			w.checkDrain(before, a, headroom)
		case CloseInput:
			if a.Gen != w.run.gen || w.policy.MemoryHigh > 0 && !headroom {
				w.errorf("stdin shut with memory.high in its way: %v", actions)
			}
		case Quit:
			w.checkQuit(before, a)
		}
	}
	w.run.waits = waits
	w.learnObserved(actions)
	w.checkSaidOnly(told)
	w.checkFigures(ev, spent, actions)
	w.checkQuiet(ev, actions)
	w.checkFiles(before, ev, told)
	w.checkAsked(before, ev, told)
	w.checkGroup(before, ev, actions)
	w.checkPlan(ev)
	w.checkServing(before, ev, actions)
	w.checkForward(before, ev, actions)
	w.checkHelped(actions)
	w.checkNothingForgotten(before, ev, actions, impatient)
	if follows != "" && follows != whatFollows(actions) {
		w.errorf("after the end of the tree: %v, want %s", actions, follows)
	}
	w.checkDeadline(ev)
	w.learnEnd(ev)
}

// impatient reports whether ev is the second request for the end during a stop.
func (w *world) impatient(before State, ev Event) bool {
	r := &w.run
	switch ev.(type) {
	case StopAsked, Interrupted:
	default:
		return false
	}
	_, byTerminal := ev.(Interrupted)
	if before != Starting && before != Leaving && before != Draining && (before != Running || byTerminal) {
		return false
	}
	if r.asks.IsZero() {
		r.asks = w.now
		return false
	}
	return before == Leaving && w.now.Sub(r.asks) >= 100*time.Millisecond
}

func (w *world) checkSpawn(a Spawn) {
	w.checkTold(a)
	switch {
	case a.Gen != w.run.gen+1:
		w.errorf("the generation after %d is %d", w.run.gen, a.Gen)
	case w.run.there() || w.run.spawning:
		w.errorf("spawn beside another generation: %+v", w.run)
	case w.chain.final:
		w.errorf("spawn, though the end was asked for")
	case w.now.Before(w.chain.wait) && !w.hurried():
		w.errorf("spawn before the backoff is over")
	case w.policy.Restart == Never && a.Gen > 1 && !w.run.renewed && !w.run.settled && w.run.because != StartFailed:
		w.errorf("spawn under never")
	}
	w.chain.wait = time.Time{}
}

func (w *world) checkKill(before State, a Kill, impatient bool) {
	if a.Gen != w.run.gen || !w.run.there() {
		w.errorf("%+v for nobody", a)
	}
	if s := &w.was.service; before != Dying && !impatient && (before != Leaving || s.closing || s.over.IsZero() || w.now.Before(s.over)) {
		w.errorf("killed %v after the stop, before the grace is over", w.now.Sub(w.run.stopped))
	}
}

// hurried reports whether somebody has cut the backoff short.
func (w *world) hurried() bool {
	examined, ok := w.ev.(Examined)
	_, asked := w.ev.(RestartAsked)
	return asked || ok && examined.Settled && examined.Path != ""
}

func (w *world) checkReport(before State, a Report) {
	r := &w.run
	switch a.Kind {
	case Stopping:
		w.checkStopping(before, a)
	case Observed:
		w.checkVerdict(a)
		w.checkObserved(a)
	case Blind:
		if r.figures.blind {
			w.errorf("says twice that it cannot see")
		}
		r.figures.blind = true
	case Deferred:
		if r.waits.IsZero() {
			w.checkVerdict(a)
		}
		w.checkDeferred(a)
	case Up, Planned:
		w.checkSaid(a)
	case Backoff, NoHelp:
		w.checkDelay(a)
	}
	if a.Gen != r.gen {
		w.errorf("a report about generation %d", a.Gen)
	}
}

// checkNothingForgotten: what must follow from ev at once.
func (w *world) checkNothingForgotten(before State, ev Event, actions []Action, impatient bool) {
	r, s := &w.run, &w.was.service
	over := !s.closing && !s.over.IsZero() && !w.now.Before(s.over)
	leaves := !r.stopped.IsZero() || r.service.closing
	_, tick := ev.(Tick)
	_, asked := ev.(StopAsked)
	killed := slices.ContainsFunc(actions, func(a Action) bool { _, ok := a.(Kill); return ok })
	switch {
	case before == Leaving && tick && over && !killed:
		w.errorf("the grace is over: %v", actions)
	case impatient && !killed:
		w.errorf("asked again: %v", actions)
	case w.chain.final && r.alive && r.interrupted.IsZero() && !leaves:
		w.errorf("asked to end, and not stopped: %v", actions)
	case asked && (before == Running || before == Draining) && r.stopped.IsZero():
		w.errorf("asked to end, and not stopped: %v", actions)
	case !w.everybodyAsked(before, ev, actions):
		w.errorf("somebody was not asked to leave: %v", actions)
	case w.chain.final && !r.there() && !r.spawning && !w.chain.quit:
		w.errorf("nothing is left, and no end: %v", actions)
	}
}

// everybodyAsked: a stop asks the child, and what the child leaves is asked as
// soon as it is alone; a stopped process could do nothing about it, so each is
// let go on.
func (w *world) everybodyAsked(before State, ev Event, actions []Action) bool {
	isSignal := func(tree, cont bool) func(Action) bool {
		return func(a Action) bool {
			s, ok := a.(Signal)
			return ok && s.Tree == tree && (s.Sig == sigCont) == cont
		}
	}
	asks := func(tree bool) bool {
		i, j := slices.IndexFunc(actions, isSignal(tree, false)), slices.IndexFunc(actions, isSignal(tree, true))
		return 0 <= i && i < j
	}
	exited, ok := ev.(Exited)
	switch {
	case ok && exited.Left > 0 && before != Dying:
		return asks(true)
	case ok && exited.Left > 0:
		return slices.ContainsFunc(actions, func(a Action) bool { _, ok := a.(Kill); return ok })
	case before != Leaving && w.core.State() == Leaving && w.closes():
		return len(actionsOf[CloseInput](actions)) == 1
	case before != Leaving && w.core.State() == Leaving, w.was.service.closing && !w.run.service.closing && w.core.State() == Leaving:
		return asks(false)
	}
	return true
}
