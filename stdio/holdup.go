package stdio

import "time"

// holdup measures how long a generation has held others up.
type holdup struct {
	// since is when it began to, or gave its last answer; the zero time: it does not.
	since    time.Time
	gen      int
	answered int64
}

// left is how long the next generation may be waited for yet, if it is; 0: no longer.
func (h *holdup) left(r *relay, now time.Time) (left time.Duration, waits bool) {
	if r.set.Patience == 0 || !r.holdsUp() {
		h.since = time.Time{}
		return 0, false
	}
	if h.since.IsZero() || h.gen != r.gen || h.answered != r.answered {
		h.since, h.gen, h.answered = now, r.gen, r.answered
	}
	return max(0, h.since.Add(r.set.Patience).Sub(now)), true
}

// timeout is how long poll(2) may wait, in milliseconds; -1: for ever. Patience that has
// run out is told.
func (b *Broker) timeout() int {
	r := b.relay
	left, waits := b.holdup.left(r, time.Now())
	switch {
	case !waits && r.bulk && r.idle():
		return int(calm / time.Millisecond)
	case !waits:
		return -1
	case left == 0:
		r.runsOut()
		return 0 // it is told at once
	}
	return int(min(left/time.Millisecond, 1<<30)) + 1
}
