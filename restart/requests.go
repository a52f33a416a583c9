package restart

import "time"

// count asks to be told when the generation has served as many requests as it may.
func (c *Core) count() []Action {
	g := &c.gen
	if c.policy.MaxRequests == 0 {
		return nil
	}
	g.maxRequests = c.policy.MaxRequests
	if jitter := c.policy.MaxRequestsJitter; jitter > 0 {
		g.maxRequests += c.backoff.jitter.Int64N(jitter + 1)
	}
	return []Action{Count{Gen: g.number, Until: g.maxRequests}}
}

// served: so many requests were served, which is what the core wanted to know.
func (c *Core) requestsServed(now time.Time, ev Served) []Action {
	g := &c.gen
	g.served, g.inFlight = ev.Served, ev.InFlight
	if g.rules.MaxRequests == 0 || ev.Served < g.maxRequests {
		return nil // it was spent before, and waits or is only observed
	}
	return c.spent(now, BudgetRequests)
}

// ready: the child says that it can do its work.
func (c *Core) ready(now time.Time) []Action {
	if !c.policy.NotifyReady || c.gen.isReady {
		return nil
	}
	c.gen.isReady = true
	return []Action{c.upReport(now)}
}

// upReport says that the generation is up.
func (c *Core) upReport(now time.Time) Report {
	g := &c.gen
	r := c.report(Up)
	r.PID, r.After, r.Planned = g.pid, g.previous, g.planned.due
	g.planned.told = r.Planned
	if g.previous > 0 {
		r.In = now.Sub(g.previousEnd)
	}
	return r
}

// settle notes how the child ended, and what becomes of its requests.
func (g *generation) settle(ev *Exited) {
	g.exit = ev
	g.lost, g.owed = ev.Lost, ev.Owed
}
