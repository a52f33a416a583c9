package restart

import "time"

// Plan says when generations are recycled by the clock. It changes nothing and
// reads no clock; what it returns are times as the clock on the wall shows them.
type Plan interface {
	// Next returns when generation gen is to be recycled, and whether its age is
	// why; the zero time: never. It started at started, age ago; had is the planned
	// time that a generation before it was last recycled for, not its age. Where the
	// answer is not after now, now is the time.
	Next(gen int, started, had time.Time, age time.Duration, now time.Time) (due time.Time, aged bool)
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
	// told and toldOpens are what people were told last of due and opens.
	told, toldOpens time.Time
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
func (c *course) plan(now time.Time) {
	if c.policy.Plan == nil {
		return
	}
	g := &c.gen
	from := g.started
	if !g.planned.from.IsZero() {
		from = g.planned.from
	}
	g.planned.due, g.planned.aged = c.policy.Plan.Next(g.number, from, c.had, now.Sub(from), now)
	g.planned.ask = onTimer(now, g.planned.due)
}

// announce says when the first generation of a slot will be recycled, where nobody says
// when it is up; of the others it is said then.
func (c *course) announce() []Action {
	c.gen.planned.told = c.gen.planned.due
	if !c.gen.first || c.gen.planned.due.IsZero() || c.policy.Ready == ReadyWhenSaid || c.policy.Ready == ReadyWhenProbed {
		return nil
	}
	return []Action{c.next()}
}

// next says when the generation at hand is to be recycled.
func (c *course) next() Report {
	r := c.report(Planned)
	r.Planned = c.gen.planned.due
	return r
}

// clockSet asks the plan again: what the timer waits for may come sooner now, or
// later. What has come follows at once, from the tick that is due then.
func (c *course) clockSet(now time.Time) []Action {
	p := &c.gen.planned
	if c.policy.Plan == nil || c.gen.quiet.because != "" || c.gen.turn != "" {
		return nil
	}
	c.plan(now)
	if !p.owed.IsZero() {
		p.opens = c.policy.Plan.Opening(c.gen.number, now)
		p.owed = onTimer(now, p.opens)
	}
	return c.tellAgain(now)
}

// slack is by how much a time that people were told may be wrong: they read no
// seconds, and a clock that is kept right by small steps is nothing to tell of.
const slack = time.Minute

// tellAgain tells of times to come that are no longer those that people know.
func (c *course) tellAgain(now time.Time) []Action {
	p := &c.gen.planned
	moved := func(told, shown time.Time) bool { return shown.After(now) && shown.Sub(told).Abs() > slack }
	var actions []Action
	if !p.owed.IsZero() && moved(p.toldOpens, p.opens) {
		actions = append(actions, c.deferred(now))
	}
	if moved(p.told, p.due) {
		p.told = p.due
		actions = append(actions, c.next())
	}
	return actions
}

// recycleByPlan recycles the generation when its time has come.
func (c *course) recycleByPlan(now time.Time) []Action {
	if c.plan(now); !due(c.gen.planned.ask, now) {
		return c.tellAgain(now) // the clock was set meanwhile, and nobody has said so
	}
	because := Age
	if !c.gen.planned.aged {
		because, c.had = Schedule, c.gen.planned.due
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
func (c *course) closed(now time.Time) bool {
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
func (c *course) opened(now time.Time) []Action {
	if c.closed(now) {
		return c.tellAgain(now) // the clock was set meanwhile, and nobody has said so
	}
	return c.leave(now, c.gen.planned.deferred, true)
}
