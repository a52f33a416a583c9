package report

import "sync/atomic"

// Stream gives every event its number and hands it to each outlet. The number tells
// the order in which they were told, where two come at once from different
// goroutines, and that one is missing.
type Stream struct {
	seq     atomic.Uint64
	outlets []Outlet
}

// Outlet is where events go. Tell never waits, and may be called by several
// goroutines at once.
type Outlet interface{ Tell(Event) }

// Add adds an outlet, before the first event: those of the start are told in time.
func (s *Stream) Add(o Outlet) { s.outlets = append(s.outlets, o) }

// Tell tells every outlet of e. It never waits.
func (s *Stream) Tell(e Event) {
	e.Seq = s.seq.Add(1)
	for _, o := range s.outlets {
		o.Tell(e)
	}
}

// Queue is an outlet for whoever may be slow: it holds what is not taken yet, up to
// its bound, and counts what does not fit.
type Queue struct {
	events  chan Event
	dropped atomic.Int64
}

// NewQueue returns a queue for n events.
func NewQueue(n int) *Queue { return &Queue{events: make(chan Event, n)} }

// Tell puts e into the queue, or counts it as dropped.
func (q *Queue) Tell(e Event) {
	select {
	case q.events <- e:
	default:
		q.dropped.Add(1)
	}
}

// Events is where they are taken from.
func (q *Queue) Events() <-chan Event { return q.events }

// Dropped returns how many events were lost since it was last asked. What is taken
// from Events after that came later than some of them, perhaps than all.
func (q *Queue) Dropped() int64 { return q.dropped.Swap(0) }
