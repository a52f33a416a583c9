package restart

import "time"

// quiet waits for a moment in which the tree does nothing, so that what the clock
// demands interrupts nobody (IdleWait).
type quiet struct {
	// because is why it is recycled then; empty: nothing is waited for.
	because Reason
	// since is when it began, until when it ends at the latest.
	since, until time.Time
	// next is when to look; at and used are of the last look.
	next, at time.Time
	used     time.Duration
	// found says that the moment has come, and waited how long that took.
	found  bool
	waited time.Duration
}

const (
	// quietSpan is how long the tree must have done nothing, and after patience
	// the time is longer, so that a long wait does not cost much.
	quietSpan     = 250 * time.Millisecond
	longQuietSpan = time.Second
	patience      = 10 * time.Second
)

// leave recycles for what is due by the clock: now, or in the next quiet moment.
// figures says that a last look is wanted in any case.
func (c *course) leave(now time.Time, because Reason, figures bool) []Action {
	c.gen.planned.ask = time.Time{} // it is settled that it is recycled now
	if c.policy.IdleWait == 0 && !figures {
		return c.stop(now, because, c.afterBudget(), 0)
	}
	c.gen.quiet = quiet{because: because, since: now, until: now.Add(c.policy.IdleWait)}
	return []Action{c.look(now)}
}

// quietly takes a look while a quiet moment is waited for, and stops if it is one
// or can be waited for no longer.
func (c *course) quietly(now time.Time, ev Looked) []Action {
	q := &c.gen.quiet
	q.next = time.Time{}
	span := quietSpan
	if now.Sub(q.since) > patience {
		span = longQuietSpan
	}
	switch {
	case c.policy.IdleWait == 0:
		// Nobody asked for a quiet moment: it is the last look, and no more.
	case ev.Err != "":
		q.at = time.Time{} // what cannot be seen may be busy
	case ev.Usage.InFlightKnown:
		q.found = ev.Usage.InFlight == 0
	case q.at.IsZero():
		q.at, q.used = now, ev.Usage.CPU
	case now.Sub(q.at) >= quietSpan:
		q.found = portion(ev.Usage.CPU-q.used, now.Sub(q.at)) <= busyShare
		q.at, q.used = now, ev.Usage.CPU
	}
	if q.found || !now.Before(q.until) {
		q.waited = now.Sub(q.since)
		return c.stop(now, q.because, c.afterBudget(), 0)
	}
	q.next = earliest(now.Add(span), q.until)
	return nil
}
