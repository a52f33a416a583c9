package post

import (
	"math/rand/v2"
	"time"

	"relance/report"
)

// Pace says how fast messages may follow each other.
type Pace struct {
	// Gather is for how long the first event that is worth a message waits for others.
	Gather time.Duration
	// Least is the pause after a message. It doubles with each one, until Most, and is
	// forgotten when nothing was worth one for Calm.
	Least, Most, Calm time.Duration
}

const (
	firstRetry = time.Second
	mostRetry  = 5 * time.Minute
)

// Outbox decides which message goes when. At any time one message at most is on its
// way, and the next one is gathered: so what it remembers is bounded, however long
// nobody takes it. It reads no clock.
type Outbox struct {
	filter report.Filter
	pace   Pace
	chance *rand.Rand

	// next is being gathered, and due when it goes; zero: nothing is worth it.
	next Digest
	due  time.Time
	// pause is the one after the last message, which was made at last, and bad is when
	// something was worth one.
	pause     time.Duration
	last, bad time.Time
	number    int64
	// out is on its way where there is one, and given to who delivers it while it is
	// tried. Else it is tried again at again; patience is how often that was put off.
	out             *Digest
	tried           bool
	again           time.Time
	tries, patience int
	hurried         bool
}

// DefaultFilter is what is worth a message where nobody has said (report.ParseFilter).
const DefaultFilter = "warn,crash"

// NewOutbox returns one that has nothing to tell yet. seed makes what is left to chance.
func NewOutbox(filter report.Filter, pace Pace, seed uint64) *Outbox {
	return &Outbox{filter: filter, pace: pace, chance: rand.New(rand.NewPCG(seed, 0))}
}

// Add takes an event that happened now.
func (o *Outbox) Add(e report.Event, now time.Time) {
	if e.Kind == "" {
		return // about no generation: such as what we say ourselves
	}
	worth := o.filter.Has(e)
	o.next.add(e, worth)
	if !worth {
		return
	}
	if now.Sub(o.bad) >= o.pace.Calm {
		o.pause = 0
	}
	o.bad = now
	if !o.due.IsZero() {
		return
	}
	o.due = now.Add(o.pace.Gather)
	if free := o.last.Add(o.pause); free.After(o.due) {
		o.due = free
	}
	if o.hurried {
		o.due = now
	}
}

// Missed says that so many events did not come here.
func (o *Outbox) Missed(n int64) { o.next.Missing += n }

// Take returns the message that is to be delivered now, if one is. It is tried until
// Done says what became of it. wrote has the last lines of each generation.
func (o *Outbox) Take(now time.Time, wrote Tails) (Digest, bool) {
	switch {
	case o.tried:
		return Digest{}, false
	case o.out != nil && now.Before(o.again):
		return Digest{}, false
	case o.out == nil && (o.due.IsZero() || now.Before(o.due)):
		return Digest{}, false
	case o.out == nil:
		o.number++
		made := o.next
		made.Number, made.Wrote = o.number, made.worst().Generation
		made.Stderr = wrote.Last(made.Wrote)
		o.out, o.next, o.due = &made, Digest{}, time.Time{}
		o.tries, o.patience = 0, 0
		o.last = now
		o.pause = min(max(o.pace.Least, 2*o.pause), o.pace.Most)
	}
	o.tried = true
	o.tries++
	return *o.out, true
}

// Wake is when Take may have something, the zero time where only Add or Done can
// change that.
func (o *Outbox) Wake() time.Time {
	switch {
	case o.tried:
		return time.Time{}
	case o.out != nil:
		return o.again
	}
	return o.due
}

// Outcome is what became of a try.
type Outcome struct {
	// Err is nil where the message was delivered.
	Err error
	// Final says that the same would come of another try.
	Final bool
	// After is how long to wait before the next one at least, as the other side says.
	After time.Duration
	// Partly says what was not delivered although the rest was; empty: nothing.
	Partly string
	// Some says that some who are to get it have, whatever became of the others.
	Some bool
}

// Done says what became of the message that Take has given.
func (o *Outbox) Done(now time.Time, outcome Outcome) Verdict {
	o.tried = false
	v := Verdict{Tries: o.tries, Events: o.out.Worth}
	switch {
	case outcome.Err == nil:
		v.Delivered = true
		o.out = nil
	case outcome.Final:
		v.Dropped = true
		o.next.take(*o.out)
		o.out = nil
	default:
		// Half of it by chance, so that a fleet does not come back all at once.
		wait := min(firstRetry<<min(o.patience, 20), mostRetry)
		o.patience++
		wait = wait/2 + time.Duration(o.chance.Int64N(int64(wait/2)))
		o.again = now.Add(max(wait, outcome.After))
	}
	return v
}

// Verdict is what an outcome means.
type Verdict struct {
	// Delivered, or dropped, or else to be tried again.
	Delivered, Dropped bool
	// Tries counts those of this message, this one included, and Events the events that
	// it was made for.
	Tries  int
	Events int64
}

// Hurry says that the end is near: all goes at once that is worth it, and what failed is
// tried again soon.
func (o *Outbox) Hurry(now time.Time) {
	o.hurried = true
	if !o.due.IsZero() {
		o.due = now
	}
	if o.out != nil && !o.tried {
		o.again, o.patience = now, 0
	}
}

// Waiting is how many events wait that are worth a message.
func (o *Outbox) Waiting() int64 {
	n := int64(0)
	if !o.due.IsZero() {
		n = o.next.Worth
	}
	if o.out != nil {
		n += o.out.Worth
	}
	return n
}
