package restart

import "time"

// What the files of the group say while the child is up: they wake us, and what
// it means is told by a look, by the end of the child, or by the clock.

// watch is what is known from the files of the group.
type watch struct {
	// counters are the last ones that came.
	counters Counters
	// silent is set between a MemoryEvents and the next Watch, which comes at
	// again; the zero time: after a look, or when an excess is over.
	silent bool
	again  time.Time
	// woken is when the last MemoryEvents came.
	woken time.Time
	// kills counts the OOM kills that are accounted for: what they meant is
	// settled. killsDue is when that of the others is; the zero time: there are none.
	kills    int64
	killsDue time.Time
	// raised says that memory.high is out of the way while an excess is watched.
	raised bool
	// pidsMax and escaped say that a refused fork was reported, and that the child
	// has left its group.
	pidsMax, escaped bool
}

const (
	// minPause and maxPause bound the time between a look that was no verdict and
	// the next Watch. A program that sits at memory.high with its page cache
	// crosses it many times a second, and none of that concerns us.
	minPause = 10 * time.Millisecond
	maxPause = 100 * time.Millisecond
	// oomWait is how long after an OOM kill the end of the child may reach us: if
	// the child was the victim, that is the whole story.
	oomWait = 100 * time.Millisecond
	// dyingWait is the same where the child is known to be dying. The kernel frees
	// the memory of a large victim before it lets it become a zombie, and on a busy
	// machine that takes its time.
	dyingWait = 10 * time.Second
)

// memoryEvents takes new counters. High is a wake-up and never a verdict: a
// program crosses memory.high also with what the kernel can take back.
func (c *course) memoryEvents(now time.Time, ev MemoryEvents) []Action {
	w, l := &c.gen.watch, &c.gen.looks
	before, n := w.counters, ev.Counters
	calm := now.Sub(w.woken) >= maxPause
	w.counters, w.woken, w.silent = n, now, true
	var actions []Action
	if n.PIDsMax > before.PIDsMax && !w.pidsMax {
		w.pidsMax = true
		actions = append(actions, c.passing(now, PIDsMax))
	}
	if n.OOMKill > before.OOMKill {
		wait := oomWait
		if ev.Dying {
			wait = dyingWait
		}
		w.killsDue = earliest(w.killsDue, now.Add(wait))
	}
	if ev.Escaped && !w.escaped {
		actions = append(actions, c.escaped(now))
	}
	guarded := c.gen.rules.MemoryEvents && c.gen.rules.MemoryHigh > 0 && l.over.IsZero()
	switch soonest := l.asked.Add(minPause); {
	case n.High == before.High || !guarded:
		// Nothing to see. What comes seldom is heard at once, what storms is not.
		w.again = now.Add(maxPause)
		if calm {
			actions = append(actions, c.watchAgain())
		}
	case !l.asked.IsZero() && now.Before(soonest):
		l.next = earliest(l.next, soonest)
	default:
		actions = append(actions, c.look(now))
	}
	return actions
}

// escaped: the child has moved to another group, and what it allocates from now
// on is counted there. So the clock guards the budget for the rest of the
// generation, as it does where there is no group. A child that moves back may
// have left much of its memory behind, so that changes nothing.
func (c *course) escaped(now time.Time) Report {
	g := &c.gen
	g.watch.escaped, g.rules.MemoryEvents = true, false
	g.looks.unguarded(now, &g.rules)
	return c.passing(now, Escaped)
}

// watchAgain lets the next change wake us.
func (c *course) watchAgain() Action {
	c.gen.watch.silent, c.gen.watch.again = false, time.Time{}
	return Watch{Gen: c.gen.number}
}

// look asks for a look.
func (c *course) look(now time.Time) Action {
	c.gen.looks.ask(now)
	return Look{Gen: c.gen.number}
}

// looked takes the answer to a Look while the child is up.
func (c *course) looked(now time.Time, ev Looked) []Action {
	g := &c.gen
	w, l := &g.watch, &g.looks
	before, elapsed := l.last, now.Sub(l.lastAt)
	actions := c.notSeen(now, ev)
	found, other := within, NoBudget
	if ev.Err == "" {
		found, other = l.seen(now, ev.Usage, &g.rules)
	}
	if g.quiet.because != "" {
		if actions = append(actions, c.quietly(now, ev)...); c.state != Running {
			return actions
		}
	}
	if found == spent {
		other = BudgetMemory
	}
	if other != NoBudget {
		if actions = append(actions, c.spent(now, other)...); c.state != Running {
			return actions
		}
	}
	actions = append(actions, c.compared(now, ev)...)
	switch {
	case g.rules.MemoryHigh == 0:
		// Nobody guards it, or no longer.
	case found == exceeded && g.rules.MemoryEvents && c.policy.MemoryFor > 0 && !w.raised:
		// With memory.high in its way it would neither work nor end until
		// MemoryFor is over.
		w.raised = true
		actions = append(actions, Headroom{Gen: g.number})
	case found == within && w.raised:
		w.raised = false
		actions = append(actions, Tripwire{Gen: g.number})
		if w.silent {
			actions = append(actions, c.watchAgain())
		}
	case found == within && w.silent && w.again.IsZero():
		rate := float64(ev.Usage.Memory-before.Memory) / max(elapsed.Seconds(), 1e-9)
		w.again = now.Add(halfway(c.policy.MemoryHigh-ev.Usage.Memory, rate, minPause, maxPause))
	}
	return append(actions, c.rearm(now)...)
}

// notSeen says, once for each generation, what a look could not see.
func (c *course) notSeen(now time.Time, ev Looked) []Action {
	l := &c.gen.looks
	r := c.report(Blind)
	switch {
	case ev.Err != "" && l.failed(now, &c.gen.rules):
		r.Err = ev.Err
	case ev.Err == "" && ev.Usage.Unseen != "" && !l.blind:
		l.blind = true
		r.Err = ev.Usage.Unseen
	default:
		return nil
	}
	return []Action{r}
}

// pressed: the trigger that the user set is a verdict by itself.
func (c *course) pressed(now time.Time, ev Pressed) []Action {
	if c.gen.planned.deferred != "" || c.gen.turn != "" || c.gen.pressed {
		return nil // the budget is spent already, and waits or is only observed
	}
	c.gen.pressed = true
	if ev.Usage != (Usage{}) {
		c.gen.looks.last, c.gen.looks.lastAt = ev.Usage, now
	}
	return c.spent(now, BudgetMemory)
}

// tickRunning does what is due while the child is up.
func (c *course) tickRunning(now time.Time) []Action {
	w, p := &c.gen.watch, &c.gen.planned
	actions := c.tickReady(now)
	if c.state != Running {
		return actions
	}
	if due(w.killsDue, now) {
		// The child lives, so it was another process of its tree.
		w.killsDue, w.kills = time.Time{}, w.counters.OOMKill
		if c.policy.OOM != OOMContinue {
			return append(actions, c.stop(now, OOMKilled, c.afterBudget(), 0)...)
		}
		actions = append(actions, c.passing(now, OOM))
	}
	if due(p.owed, now) {
		actions = append(actions, c.opened(now)...)
	}
	if due(p.ask, now) {
		actions = append(actions, c.recycleByPlan(now)...)
	}
	if c.state != Running {
		return actions
	}
	if due(w.again, now) {
		actions = append(actions, c.watchAgain())
	}
	compares := due(c.gen.helped.due, now)
	if compares {
		actions = append(actions, c.compareDue(now)...)
		compares = c.gen.helped.looks
	}
	if compares || due(c.gen.looks.next, now) || due(c.gen.quiet.next, now) {
		c.gen.quiet.next = time.Time{} // the answer sets it
		actions = append(actions, c.look(now))
	}
	return actions
}

// passing is a report about something that the generation lives on with.
func (c *course) passing(now time.Time, kind Kind) Report {
	r := c.report(kind)
	r.Uptime = now.Sub(c.gen.started)
	switch kind {
	case OOM:
		r.Reason = OOMKilled
	case Escaped:
		r.Budget = c.policy.MemoryHigh
	}
	return r
}

// lateKills reports an OOM kill during a stop, once: it changes nothing, but
// what the tree meant to finish may not be finished.
func (c *course) lateKills(n Counters) []Action {
	w := &c.gen.watch
	w.counters = n
	if n.OOMKill <= w.kills {
		return nil
	}
	w.kills = n.OOMKill
	r := c.report(OOM)
	r.Reason, r.Sig, r.Own = OOMKilled, c.policy.StopSignal, false
	return []Action{r}
}
