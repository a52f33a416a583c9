package supervise

import "time"

// calm is for how long there must be nothing to do, so that what only a start needs, or a
// large message, is given back: the first looks at a tree come sooner. Who relaunches more
// often than that keeps it.
const calm = time.Second

// stirred puts the rest off, after something that has taken memory: a start, or a large
// message. The very first start needs no delay: all that was before it is not needed again.
func (l *loop) stirred(now time.Time) {
	if l.rest.IsZero() || l.rest.After(now) {
		l.rest = now.Add(calm)
	}
}

// resting calls Settled when it is time for it and nothing is to be done before long,
// and returns when to be awake at the latest, which without it is at the deadline.
func (l *loop) resting(deadline time.Time) time.Time {
	if l.Settled == nil || l.rest.IsZero() || l.Hooks.Busy() {
		return deadline
	}
	now := time.Now()
	switch {
	case l.rest.After(now):
		if deadline.IsZero() || l.rest.Before(deadline) {
			return l.rest
		}
	case deadline.IsZero() || deadline.Sub(now) > calm:
		l.Settled()
		l.rest = time.Time{}
	}
	return deadline
}
