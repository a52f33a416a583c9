package restart

import (
	"slices"
	"time"
)

// learn keeps the truth about ev, which the core is about to hear of in state s.
func (w *world) learn(s State, ev Event) {
	r := &w.run
	w.learnGroup(s, ev)
	switch ev := ev.(type) {
	case Started:
		r.spawning, r.alive, r.started = false, true, w.now
	case SpawnFailed:
		r.spawning, r.because = false, StartFailed
		w.chain.status = ev.Status
	case Exited:
		w.chain.status = ev.Status()
		if s != Running {
			return
		}
		r.judged = w.now
		if !r.interrupted.IsZero() && (w.policy.Grace == Forever || w.now.Sub(r.interrupted) <= w.policy.Grace) {
			w.chain.final = true
		}
	case Looked:
		if s == Running {
			w.learnLook(ev)
		}
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
	if r.same++; ev.Usage != r.sawLast {
		r.same = 0
	}
	r.sawLast, r.answeredAt = ev.Usage, w.now
}

// check compares what the core answered to ev in state before with the truth.
func (w *world) check(before State, ev Event, actions []Action) {
	if w.chain.quit && len(actions) > 0 {
		w.errorf("after the end: %v", actions)
	}
	impatient := w.impatient(before, ev)
	follows := w.follows(ev)
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
		case Report:
			w.checkReport(a)
			if a.Kind == Deferred && waits.IsZero() {
				waits = w.now
			}
			w.checkGroupReport(before, ev, a)
		case Quit:
			w.checkQuit(a)
		}
	}
	w.run.waits = waits
	w.checkGroup(before, ev, actions)
	w.checkPlan(ev)
	w.checkNothingForgotten(before, ev, actions, impatient)
	if follows != "" && follows != whatFollows(actions) {
		w.errorf("after the end of the tree: %v, want %s", actions, follows)
	}
	w.checkDeadline(ev)
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
	if before != Starting && before != Leaving && (before != Running || byTerminal) {
		return false
	}
	if r.asks.IsZero() {
		r.asks = w.now
		return false
	}
	return before == Leaving && w.now.Sub(r.asks) >= 100*time.Millisecond
}

func (w *world) checkSpawn(a Spawn) {
	switch {
	case a.Gen != w.run.gen+1:
		w.errorf("the generation after %d is %d", w.run.gen, a.Gen)
	case w.run.there() || w.run.spawning:
		w.errorf("spawn beside another generation: %+v", w.run)
	case w.chain.final:
		w.errorf("spawn, though the end was asked for")
	case w.now.Before(w.chain.wait):
		w.errorf("spawn before the backoff is over")
	case w.policy.Restart == Never && a.Gen > 1:
		w.errorf("spawn under never")
	}
}

func (w *world) checkKill(before State, a Kill, impatient bool) {
	if a.Gen != w.run.gen || !w.run.there() {
		w.errorf("%+v for nobody", a)
	}
	if before != Dying && !impatient && (w.policy.Grace == Forever || w.now.Sub(w.run.stopped) < w.policy.Grace) {
		w.errorf("killed %v after the stop, before the grace is over", w.now.Sub(w.run.stopped))
	}
}

func (w *world) checkLook(a Look) {
	r := &w.run
	g := &r.group
	if !r.waits.IsZero() && !r.opened && !w.closed() && a.Gen == r.gen && r.alive {
		r.opened = true
		return
	}
	unanswered := r.looking > 0 && w.now.Sub(r.lookedAt) >= 10*time.Second
	if r.opened && unanswered && r.alive {
		return
	}
	woken := w.guarded() && (g.told.High != g.highAtLook || !g.near.IsZero() || g.blind || unanswered)
	if a.Gen != r.gen || !r.alive || !w.clocked() && !woken {
		w.errorf("look at nobody: %+v", g)
	}
	least, since := 50*time.Millisecond, r.lookedAt
	switch {
	case woken:
		least = 10 * time.Millisecond
	case r.over > 0:
		least = 25 * time.Millisecond // the confirmation
	}
	if !r.everLooked {
		since = r.started
	}
	if gap := w.now.Sub(since); gap < least && (r.everLooked || !woken) {
		w.errorf("looked %v after the last look", gap)
	}
	if gap := w.now.Sub(r.answeredAt); r.same >= 12 && gap < 10*time.Second && !woken && g.over.IsZero() {
		w.errorf("looked at an idle tree after %v", gap)
	}
}

func (w *world) checkReport(a Report) {
	r := &w.run
	switch a.Kind {
	case Stopping:
		w.checkVerdict(a)
		r.stopped, r.judged, r.because = w.now, w.now, a.Reason
	case LeftBehind:
		r.stopped = w.now
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

// checkDelay: the delay doubles with each failure and forgets after a healthy
// run, give or take a fifth, and is within the bounds that the user gave.
func (w *world) checkDelay(a Report) {
	p, n := &w.policy, w.chain.failures
	d := float64(min(p.BackoffMin<<min(n, 30), p.BackoffMax))
	if in := float64(a.In); in < 0.8*d-1 || in > min(1.2*d, float64(p.BackoffMax))+1 {
		w.errorf("failure %d: a delay of %v", n+1, a.In)
	}
	w.chain.failures++
	w.chain.wait = w.now.Add(a.In)
	if a.Failures != w.chain.failures {
		w.errorf("says %d failures, there were %d", a.Failures, w.chain.failures)
	}
}

func (w *world) checkQuit(a Quit) {
	want := w.chain.status
	if b := w.run.because; w.policy.Restart == Never && (b.kind(false) == budget || b == OOMKilled) {
		want = BudgetStatus
	}
	if w.run.there() || w.run.spawning || a.Status != want {
		w.errorf("quit with %d, want %d: %+v", a.Status, want, w.run)
	}
	w.chain.quit = true
}

// follows is the truth about what follows when ev was the end of the tree, or
// of the attempt to start one: "spawn", "wait", "give up", "quit"; else empty.
func (w *world) follows(ev Event) string {
	r, p := &w.run, &w.policy
	nature := r.nature
	switch ev := ev.(type) {
	case SpawnFailed:
		if r.gen == 1 || w.chain.final {
			return "quit"
		}
		return w.afterCrash()
	case Exited:
		if ev.Left > 0 {
			return ""
		}
	case Emptied:
	default:
		return ""
	}
	switch r.because {
	case MemoryHigh, Age, Schedule:
		nature = budget
	case OOMKilled:
		nature = limit
	}
	relaunched := map[When][]kind{
		OnLimits:  {budget, limit},
		OnFailure: {budget, limit, crash},
		Always:    {budget, limit, crash, byItself},
	}
	if w.chain.final || !slices.Contains(relaunched[p.Restart], nature) {
		return "quit"
	}
	uptime := r.judged.Sub(r.started)
	if uptime >= max(p.BackoffMax, p.MinUptime) {
		w.chain.failures = 0
	}
	switch {
	case nature == crash:
		return w.afterCrash()
	case uptime < p.MinUptime && r.because != Age && r.because != Schedule:
		return "wait"
	}
	return "spawn"
}

func (w *world) afterCrash() string {
	if w.policy.GiveUp == 0 {
		return "wait"
	}
	w.chain.crashes = append(w.chain.crashes, w.now)
	recent := 0
	for _, t := range w.chain.crashes {
		if w.now.Sub(t) < w.policy.GiveUpWithin {
			recent++
		}
	}
	if recent >= w.policy.GiveUp {
		return "give up"
	}
	return "wait"
}

func whatFollows(actions []Action) string {
	for _, a := range actions {
		switch a := a.(type) {
		case Spawn:
			return "spawn"
		case Quit:
			return "quit"
		case Report:
			switch a.Kind {
			case Backoff, NoHelp:
				return "wait"
			case GaveUp:
				return "give up"
			}
		}
	}
	return "nothing"
}

// checkNothingForgotten: what must follow from ev at once.
func (w *world) checkNothingForgotten(before State, ev Event, actions []Action, impatient bool) {
	r, p := &w.run, &w.policy
	_, tick := ev.(Tick)
	_, asked := ev.(StopAsked)
	killed := slices.ContainsFunc(actions, func(a Action) bool { _, ok := a.(Kill); return ok })
	switch {
	case before == Leaving && tick && p.Grace != Forever && w.now.Sub(r.stopped) >= p.Grace && !killed:
		w.errorf("the grace is over: %v", actions)
	case impatient && !killed:
		w.errorf("asked again: %v", actions)
	case w.chain.final && r.alive && r.interrupted.IsZero() && r.stopped.IsZero():
		w.errorf("asked to end, and not stopped: %v", actions)
	case asked && before == Running && r.stopped.IsZero():
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
	case before != Leaving && w.core.State() == Leaving:
		return asks(false)
	}
	return true
}

// checkDeadline: nothing that waits may wait for ever, and nothing else wakes up.
func (w *world) checkDeadline(ev Event) {
	deadline, s, r := w.core.Deadline(), w.core.State(), &w.run
	in := deadline.Sub(w.now)
	var ok bool
	switch s {
	case Starting, Gone:
		ok = deadline.IsZero()
	case Running:
		// Where the kernel guards the budget: see checkGroup.
		ok = (deadline.IsZero() != w.clocked() || w.policy.MemoryEvents || !r.group.armed || !r.group.killsAt.IsZero()) && in <= 10*time.Second
		if w.planOf() != nil {
			ok = !w.clocked() || !deadline.IsZero() && in <= 10*time.Second
		}
	case Leaving:
		ok = deadline.IsZero() && w.policy.Grace == Forever || deadline.Equal(r.stopped.Add(w.policy.Grace))
	case Dying:
		ok = !deadline.IsZero() && in <= 8*time.Second
	case Waiting:
		ok = !deadline.IsZero() && deadline.Equal(w.chain.wait)
	}
	if _, tick := ev.(Tick); tick && !deadline.IsZero() && in <= 0 && !r.stopped.Equal(w.now) {
		ok = false // it would spin
	}
	if !ok {
		w.errorf("deadline %v from now (zero: %v)", in, deadline.IsZero())
	}
}
