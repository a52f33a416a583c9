package report

import (
	"sync/atomic"
	"time"
)

// Writer is the outlet to a log, which it writes in a goroutine of its own: a pipe that
// is full, a terminal that is stopped and a disk that hangs block that goroutine, and
// nobody else. Events that do not fit its queue meanwhile are counted, and so are those
// that the log did not take; the count is written in their place as soon as there is
// room.
type Writer struct {
	log   Log
	queue chan item
	// lost is the event that stands for n others; why is nil where nobody read fast
	// enough.
	lost func(n int64, why error) Event
	// dropped counts the events lost since the last one that went into the queue.
	dropped atomic.Int64
	// closing is closed when no more is told, done when all is written.
	closing, done chan struct{}
	closed        atomic.Bool
	// missing counts the events that are not in the log since it last took one, and why
	// is the last error of it. Both are the goroutine's.
	missing int64
	why     error
}

// Log is where events are written, one at a time.
type Log interface {
	// Put writes e, for which it may wait, or says why it is lost.
	Put(e Event) error
}

// item is an event to be written, after the number of those that were lost before it.
type item struct {
	lost  int64
	event *Event
}

// queueLen bounds what is kept for a reader that stalls: some minutes of a bad
// night.
const queueLen = 256

// NewWriter starts to write to log. lost makes the event that says how many are
// missing.
func NewWriter(log Log, lost func(n int64, why error) Event) *Writer {
	w := &Writer{log: log, queue: make(chan item, queueLen), lost: lost, closing: make(chan struct{}), done: make(chan struct{})}
	go w.run()
	return w
}

// Tell has e written, or counts it as dropped. It never waits. Where several goroutines
// call it, the count of the lost may stand a line off. What is told after Close may be
// lost without a word.
func (w *Writer) Tell(e Event) {
	i := item{lost: w.dropped.Swap(0), event: &e}
	select {
	case w.queue <- i:
	default:
		w.dropped.Add(i.lost + 1)
	}
}

// Close waits for what is queued to be written, for the time given at most.
func (w *Writer) Close(patience time.Duration) {
	if w.closed.CompareAndSwap(false, true) {
		close(w.closing)
	}
	select {
	case <-w.done:
	case <-time.After(patience):
	}
}

func (w *Writer) run() {
	defer close(w.done)
	for {
		if len(w.queue) == 0 {
			// All that came before the lost ones is written.
			if n := w.dropped.Swap(0); n > 0 {
				w.missing += n
				w.tellMissing()
			}
		}
		select {
		case i := <-w.queue:
			w.put(i)
		case <-w.closing:
			for len(w.queue) > 0 {
				w.put(<-w.queue)
			}
			w.missing += w.dropped.Swap(0)
			w.tellMissing()
			return
		}
	}
}

// put writes one event, after the count of those that are missing before it.
func (w *Writer) put(i item) {
	w.missing += i.lost
	if w.tellMissing() {
		w.took(w.log.Put(*i.event))
	} else {
		w.missing++
	}
}

// tellMissing says how many are missing, if any are, and reports whether the log takes
// more.
func (w *Writer) tellMissing() bool {
	if w.missing == 0 {
		return true
	}
	if err := w.log.Put(w.lost(w.missing, w.why)); err != nil {
		w.why = err
		return false
	}
	w.missing, w.why = 0, nil
	return true
}

// took counts the event that the log did not take for err, if there is one.
func (w *Writer) took(err error) {
	if err != nil {
		w.missing++
		w.why = err
	}
}
