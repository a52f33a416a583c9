package restart

import "time"

// Plan says when generations are recycled by the clock. It changes nothing and
// reads no clock; what it returns are times as the clock on the wall shows them.
type Plan interface {
	// Next returns when generation gen is to be recycled, and whether its age is
	// why; the zero time: never. It started at started, age ago. Where the answer
	// is not after now, now is the time.
	Next(gen int, started time.Time, age time.Duration, now time.Time) (due time.Time, aged bool)
	// Opening returns now where a budget that is spent may recycle gen, else when
	// that may be.
	Opening(gen int, now time.Time) time.Time
}

// planned is what the plan says of one generation.
type planned struct {
	// due is when it is to be recycled, as the clock shows it, and aged whether its
	// age is why; the zero time: never.
	due  time.Time
	aged bool
	// ask is when that may have come: the plan is asked again then.
	ask time.Time
	// from is when a recycle by the clock was last only observed; the zero time:
	// the plan counts from the start.
	from time.Time
	// deferred is what waits for the window, empty: nothing does. owed is when that
	// may have opened, and opens the same as the clock shows it.
	deferred    Reason
	owed, opens time.Time
}

// onTimer returns the deadline of the one timer for a time as the clock shows it.
// The timer runs on a clock that nobody sets and that stands still while the
// machine sleeps, so it may be early or late: who is woken by it asks again.
func onTimer(now, shown time.Time) time.Time {
	if shown.IsZero() {
		return time.Time{}
	}
	return now.Add(shown.Sub(now))
}

// plan asks the plan when the generation at hand is to be recycled.
func (c *Core) plan(now time.Time) {
	if c.policy.Plan == nil {
		return
	}
	g := &c.gen
	from := g.started
	if !g.planned.from.IsZero() {
		from = g.planned.from
	}
	g.planned.due, g.planned.aged = c.policy.Plan.Next(g.number, from, now.Sub(from), now)
	g.planned.ask = onTimer(now, g.planned.due)
}

// announce says when generation 1 will be recycled; of the others it is said when
// they are up.
func (c *Core) announce() []Action {
	if c.gen.number > 1 || c.gen.planned.due.IsZero() {
		return nil
	}
	r := c.report(Planned)
	r.Planned = c.gen.planned.due
	return []Action{r}
}

// recycleByPlan recycles the generation when its time has come.
func (c *Core) recycleByPlan(now time.Time) []Action {
	if c.plan(now); !due(c.gen.planned.ask, now) {
		return nil // the clock was set meanwhile
	}
	because := Schedule
	if c.gen.planned.aged {
		because = Age
	}
	if c.policy.Observe.Has(because) {
		r := c.observed(now, because)
		r.Planned = c.gen.planned.due
		c.gen.planned.from = now
		c.plan(now)
		return []Action{r}
	}
	return c.leave(now, because, false)
}

// closed reports whether a spent budget has to wait, and notes for how long.
func (c *Core) closed(now time.Time) bool {
	if c.policy.Plan == nil {
		return false
	}
	p := &c.gen.planned
	p.opens = c.policy.Plan.Opening(c.gen.number, now)
	p.owed = onTimer(now, p.opens)
	if due(p.owed, now) {
		p.owed = time.Time{}
		return false
	}
	return true
}

// opened is called when the window that a spent budget waits for may have opened.
// The figures are old by then, so there is one more look.
func (c *Core) opened(now time.Time) []Action {
	if c.closed(now) {
		return nil // the clock was set meanwhile
	}
	return c.leave(now, c.gen.planned.deferred, true)
}
