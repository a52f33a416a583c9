package stdio

import (
	"fmt"
	"time"

	"relance/requests"
)

// holdup is for how long a generation has held others up.
type holdup struct {
	// answered is how many requests it has answered, and was what that was when the wait
	// began: since then; the zero time: nobody waits.
	answered, was int64
	since         time.Time
	// stuck: it was told that no more answers seem to come.
	stuck bool
}

// holdsUp reports whether requests wait for answers of this generation: it has got all that
// it may have, or is to answer the initialize first. While the other side does not read that
// is not for the command to change.
func (r *relay) holdsUp() bool {
	return r.alive() && !r.draining && !r.stuck && (r.awaiting || r.limit > 0 && r.handed >= r.limit) &&
		r.toOuter.len() < chunk && (r.in.len() > 0 || len(r.held.all) > 0)
}

// patience is how much longer that is borne, if it is so; 0: no longer.
func (r *relay) patience(now time.Time) (left time.Duration, waits bool) {
	if r.set.Patience == 0 || !r.holdsUp() {
		r.since = time.Time{}
		return 0, false
	}
	if r.since.IsZero() || r.was != r.answered {
		r.since, r.was = now, r.answered
	}
	return max(0, r.since.Add(r.set.Patience).Sub(now)), true
}

// runsOut is called when that is over: the recycle need not wait any longer. Of an
// initialize only people are told: nobody knows how long a start may take.
func (r *relay) runsOut() {
	r.stuck = true
	if r.awaiting {
		r.say(fmt.Sprintf("gen %d: has not answered the initialize that was said again for %s, and requests wait; relance restart launches the next one",
			r.gen, r.set.Patience))
		return
	}
	r.tell(requests.News{Kind: requests.Stuck})
}
