package restart

import "time"

// count asks to be told when the generation has served as many requests as it may.
func (c *course) count() []Action {
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
func (c *course) requestsServed(now time.Time, ev Served) []Action {
	g := &c.gen
	g.served, g.inFlight = ev.Served, ev.InFlight
	if g.rules.MaxRequests == 0 || ev.Served < g.maxRequests && !ev.Stuck {
		return nil // it was spent before, and waits or is only observed
	}
	g.stuck = ev.Stuck
	return c.spent(now, BudgetRequests)
}

// upReport says that the generation is up.
func (c *course) upReport(now time.Time) Report {
	g := &c.gen
	r := c.report(Up)
	r.PID, r.After, r.Planned = g.pid, g.previous, g.planned.due
	g.planned.told = r.Planned
	r.Handover = c.candidate(c)
	if g.previous > 0 && !g.previousEnd.IsZero() {
		r.In = now.Sub(g.previousEnd)
	}
	return r
}

// settle notes how the child ended, and what becomes of its requests.
func (g *generation) settle(ev *Exited) {
	g.exit = ev
	g.lost, g.owed = ev.Lost, ev.Owed
}
