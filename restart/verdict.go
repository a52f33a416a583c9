package restart

import "time"

// What a verdict leads to: a stop, a wait for the window, or, where the user only
// wants to know, no more than a line.

// spent is called when budget b is spent.
func (c *course) spent(now time.Time, b Budget) []Action {
	g := &c.gen
	if g.turn != "" {
		return nil // it is recycled in any case
	}
	before := g.spent
	g.spent = b
	because := b.reason()
	switch {
	case c.policy.Observe.Has(because):
		r := c.observed(now, because)
		g.spent = before // it may be what waits
		return append([]Action{r}, c.unwatch(now, b)...)
	case !b.hung() && c.closed(now):
		return c.wait(now, because)
	}
	return c.stop(now, because, c.afterBudget(), 0)
}

// observed says a verdict that nothing follows from.
func (c *course) observed(now time.Time, because Reason) Report {
	c.observations++
	r := c.passing(now, Observed)
	r.Reason, r.Observed = because, c.observations
	c.figures(&r, now)
	return r
}

// unwatch lets nobody watch budget b any more in this generation, for it stays
// spent; NoBudget: none that may wait for a window. memory.high must not hold up
// who is to work on.
func (c *course) unwatch(now time.Time, b Budget) []Action {
	g := &c.gen
	var actions []Action
	if b == BudgetMemory || b == NoBudget {
		if g.rules.MemoryEvents && g.rules.MemoryHigh > 0 && !g.watch.raised {
			actions = append(actions, Headroom{Gen: g.number})
		}
		g.watch.raised = false
		if g.watch.silent {
			actions = append(actions, c.watchAgain())
		}
	}
	if (b == BudgetRequests || b == NoBudget) && g.rules.MaxRequests > 0 {
		g.stuck = false
		actions = append(actions, Count{Gen: g.number}) // and let more come
	}
	g.rules.forget(b)
	if b != BudgetRequests { // no look was for these
		g.looks.release(now, &g.rules)
	}
	return actions
}

// wait lets what is spent wait for the window. A generation that waits for a quiet
// moment is recycled in any case, and sooner.
func (c *course) wait(now time.Time, because Reason) []Action {
	p := &c.gen.planned
	if c.gen.quiet.because != "" {
		p.owed = time.Time{}
		return c.unwatch(now, NoBudget)
	}
	p.deferred = because
	return append([]Action{c.deferred(now)}, c.unwatch(now, NoBudget)...)
}

// deferred says until when what is spent waits. What was due by the clock, and whose
// turn has come too late, is due when the window opens.
func (c *course) deferred(now time.Time) Report {
	p := &c.gen.planned
	p.toldOpens = p.opens
	if p.deferred.planned() {
		r := c.report(Planned)
		r.Planned, p.told = p.opens, p.opens
		return r
	}
	r := c.passing(now, Deferred)
	r.Reason, r.Planned = p.deferred, p.opens
	c.figures(&r, now)
	return r
}

// figures says in r how what is its reason was spent at a time.
func (c *course) figures(r *Report, at time.Time) {
	g := &c.gen
	lasted := func(since time.Time, must time.Duration) {
		if must > 0 && !since.IsZero() {
			r.For = at.Sub(since)
		}
	}
	switch r.Reason {
	case Changed:
		r.Path, r.More = g.changed.path, g.changed.more
		return
	case MemoryHigh, OpenFiles, Tasks, CPUTime, Watchdog, Requests:
		r.Spent = g.spent
	default:
		return
	}
	switch g.spent {
	case BudgetMemory:
		r.Budget = c.policy.MemoryHigh
		r.Stalled = g.looks.stall.spent
		lasted(g.looks.over, c.policy.MemoryFor)
		if g.pressed {
			r.Pressure, r.Stalled = c.policy.Pressure, false
		}
	case BudgetCPU:
		r.Budget = int64(c.policy.CPUTime)
	case BudgetRequests:
		r.Budget, r.Requests = g.maxRequests, g.served
	case BudgetShare:
		w := &g.looks.cpu
		r.For, r.Share = at.Sub(w.burning), portion(g.looks.last.CPU-w.burnt, at.Sub(w.burning))
	case BudgetSilence:
		r.Budget, r.For = int64(c.policy.Silence), g.looks.last.Silent
	default:
		if level, ok := levelOf(g.spent); ok {
			_, r.Budget = level.of(&g.looks.last, &c.policy)
			lasted(g.looks.levels[level], c.policy.For)
		}
	}
}
