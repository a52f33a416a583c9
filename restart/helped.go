package restart

import "time"

// Did it help? A generation that follows failures in a row, or a spent budget, is
// compared once with the one before it: when it is healthy again, or when MinUptime
// is over. Where nothing has gone before, nobody is woken for it.

// past is what a slot remembers of the last generation that was up.
type past struct {
	gen     int
	because Reason
	// memory is the last figure, in bytes, zero: it is not known, and slope its growth.
	memory int64
	slope  float64
	judged time.Time
}

// comparison is what is to be seen of a fresh generation.
type comparison struct {
	// due is when; the zero time: never. looks says that it has come, and a look is
	// on its way.
	due   time.Time
	looks bool
	// took is how long it was until the generation was ready: from the verdict on the
	// one before, or from the first of the failures.
	took time.Duration
}

// soonest is the shortest time after which a generation can be compared: before that
// it has not taken what it needs.
const soonest = time.Second

// remember notes the generation at hand as the one before.
func (c *course) remember(because Reason, judged time.Time) {
	g := &c.gen
	c.before = past{gen: g.number, because: because, memory: g.looks.last.Memory, slope: g.looks.slope(), judged: judged}
}

// failed notes since when no generation of the slot stays, and why the last did not.
func (s *slot) failed(since time.Time, because Reason) {
	if s.backoff.failures == 0 {
		s.failing = since
	}
	s.failure = because
}

// compare is called when the generation is ready, and the one at hand.
func (c *course) compare(now time.Time) {
	g := &c.gen
	failures, wait, since := c.backoff.failures, c.policy.MinUptime, c.before.judged
	switch spent := c.before.gen != 0 && c.before.because.kind(true) == budget; {
	case failures > 0:
		wait, since = c.policy.healthy(), c.failing
	case !spent || c.policy.MemoryHigh == 0:
		return
	}
	g.helped = comparison{due: latest(now, g.started.Add(max(wait, soonest))), took: now.Sub(since)}
}

// compareDue is called when the time has come. What is to be recycled in any case is
// not looked at for this.
func (c *course) compareDue(now time.Time) []Action {
	g := &c.gen
	g.helped.due = time.Time{}
	switch {
	case g.turn != "" || g.quiet.because != "":
		return nil
	case c.policy.MemoryHigh == 0:
		return []Action{c.recovered(now)}
	}
	g.helped.looks = true
	return nil
}

// compared takes the look, after what it means for the budgets: as long as memory is
// over its budget, nothing has helped.
func (c *course) compared(now time.Time, ev Looked) []Action {
	g := &c.gen
	if !g.helped.looks {
		return nil
	}
	g.helped.looks = false
	unseen := ev.Err != "" && c.backoff.failures == 0
	if unseen || ev.Err == "" && ev.Usage.Memory >= c.policy.MemoryHigh || g.turn != "" {
		return nil
	}
	return []Action{c.recovered(now)}
}

// recovered says that it has helped, and when the next recycle is to be expected if the
// generation grows as the one before.
func (c *course) recovered(now time.Time) Report {
	g, b := &c.gen, &c.before
	r := c.passing(now, Recovered)
	r.Reason, r.After, r.Took = b.because, b.gen, g.helped.took
	if r.Failures > 0 {
		r.Reason = c.failure
	}
	r.Budget, r.MemoryBefore, r.Slope = c.policy.MemoryHigh, b.memory, b.slope
	r.Planned = g.planned.due
	if !r.Planned.IsZero() {
		r.Expected, r.ExpectedFor = r.Planned, Schedule
		if g.planned.aged {
			r.ExpectedFor = Age
		}
	}
	if hours := float64(r.Budget-r.Usage.Memory) / r.Slope; r.Slope > 0 && r.Usage.Memory > 0 && hours < farHours {
		at := now.Add(time.Duration(hours * float64(time.Hour)))
		if r.Expected.IsZero() || at.Before(r.Expected) {
			r.Expected, r.ExpectedFor = at, MemoryHigh
		}
	}
	return r
}

// farHours is ten years: what is further away is no forecast.
const farHours = 10 * 365 * 24

// growth is how the memory of a generation grows, between the first look at it when it
// had taken what it needs, and the last.
type growth struct {
	from, to       time.Time
	memory, latest int64
}

// seen takes what a look saw of a generation that began at a time.
func (g *growth) seen(now, began time.Time, memory int64, p *Policy) {
	switch {
	case p.MemoryHigh == 0 || now.Sub(began) < max(p.MinUptime, soonest):
		return
	case g.from.IsZero():
		g.from, g.memory = now, memory
	}
	g.to, g.latest = now, memory
}

// slope is the growth in bytes per hour; zero: it is not known, or there is none.
func (l *looks) slope() float64 {
	g := &l.growth
	span := g.to.Sub(g.from)
	if span < soonest {
		return 0
	}
	return float64(g.latest-g.memory) / span.Hours()
}
