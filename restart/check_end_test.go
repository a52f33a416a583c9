package restart

import "slices"

// checkDelay: the delay doubles with each failure and forgets after a healthy
// run, give or take a fifth, and is within the bounds that the user gave.
func (w *world) checkDelay(a Report) {
	p, n := &w.policy, w.chain.failures
	if n == 0 {
		if w.chain.failing = w.run.judged; w.run.judged.IsZero() {
			w.chain.failing = w.now
		}
	}
	d := float64(min(p.BackoffMin<<min(n, 30), p.BackoffMax))
	if in := float64(a.In); in < 0.8*d-1 || in > min(1.2*d, float64(p.BackoffMax))+1 {
		w.errorf("failure %d: a delay of %v", n+1, a.In)
	}
	w.chain.failures++
	w.chain.failure = a.Reason
	w.chain.wait = w.now.Add(a.In)
	if a.Failures != w.chain.failures {
		w.errorf("says %d failures, there were %d", a.Failures, w.chain.failures)
	}
}

// checkQuit: the status is that of the last child, or that of a budget that is the end. It
// is not where another generation was asked for, and the end while that was waited for.
func (w *world) checkQuit(before State, a Quit) {
	want := w.chain.status
	if b := w.run.because; w.policy.Restart == Never && before != Waiting && (b.kind(false) == budget || b == OOMKilled) {
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
	case MemoryHigh, Age, Schedule, OpenFiles, Tasks, CPUTime, Watchdog, Changed, Requests:
		nature = budget
	case OOMKilled:
		nature = limit
	case Asked:
		if r.renewed && !w.chain.final {
			if r.judged.Sub(r.started) >= max(p.BackoffMax, p.MinUptime) {
				w.chain.failures = 0
			}
			return "spawn"
		}
	}
	relaunched := map[When][]kind{
		OnLimits:  {budget, limit},
		OnFailure: {budget, limit, crash},
		Always:    {budget, limit, crash, byItself},
	}
	if w.chain.final || !r.settled && !slices.Contains(relaunched[p.Restart], nature) {
		return "quit"
	}
	uptime := r.judged.Sub(r.started)
	if uptime >= max(p.BackoffMax, p.MinUptime) {
		w.chain.failures = 0
	}
	switch {
	case nature == crash:
		return w.afterCrash()
	case uptime < p.MinUptime && r.because != Age && r.because != Schedule && r.because != Requests:
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

// learnEnd notes which generation was the last that was up.
func (w *world) learnEnd(ev Event) {
	exited, ok := ev.(Exited)
	if _, emptied := ev.(Emptied); emptied || ok && exited.Left == 0 {
		w.chain.previous, w.chain.previousEnd = generationOf(ev), w.now
		w.learnBefore()
	}
}

// checkForward: what is meant for the child gets to it, while it may be there.
func (w *world) checkForward(before State, ev Event, actions []Action) {
	forward, ok := ev.(Forward)
	if !ok {
		return
	}
	signals := actionsOf[Signal](actions)
	there := (before == Running || before == Draining || before == Leaving) && w.run.there()
	if there && (len(actions) != 1 || len(signals) != 1 || signals[0].Sig != forward.Sig || signals[0].Tree) || !there && len(actions) > 0 {
		w.errorf("%s: %+v: %v", before, ev, actions)
	}
}
