package report

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Writer writes lines to a descriptor in a goroutine of its own. The descriptor
// is shared with the child and with whoever gave it to us, so its O_NONBLOCK is
// not ours to set: a full pipe or a stopped terminal blocks that goroutine, and
// nobody else. Lines that do not fit the queue meanwhile are counted, and the
// count is written in their place as soon as there is room.
type Writer struct {
	fd    int
	queue chan line
	// lost words the line that stands for n others.
	lost func(n int64) string
	// through writes a line where others write to the same descriptor; nil: we do.
	through atomic.Pointer[func(line string) error]
	// dropped counts the lines lost since the last one that went into the queue.
	dropped atomic.Int64
	done    chan struct{}
}

// line is one to be written, after the number of those that were lost before it.
type line struct {
	lost int64
	text string
}

// queueLen bounds what is kept for a reader that stalls: some minutes of a bad
// night.
const queueLen = 256

// NewWriter starts to write to fd. lost words the line that says how many are
// missing, in the format of the others.
func NewWriter(fd int, lost func(n int64) string) *Writer {
	w := &Writer{fd: fd, queue: make(chan line, queueLen), lost: lost, done: make(chan struct{})}
	go w.run()
	return w
}

// Through lets tell write each line from now on, which gets it without its end and may
// wait: it knows who else writes to the descriptor, and stays out of their lines.
func (w *Writer) Through(tell func(line string) error) { w.through.Store(&tell) }

// Line writes s and a line feed, or counts it as dropped. It never waits. Where
// several goroutines call it, the count of the lost may stand a line off.
func (w *Writer) Line(s string) {
	l := line{lost: w.dropped.Swap(0), text: s}
	select {
	case w.queue <- l:
	default:
		w.dropped.Add(l.lost + 1)
	}
}

// Close waits for what is queued to be written, for the time given at most. No
// Line follows.
func (w *Writer) Close(patience time.Duration) {
	close(w.queue)
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
			w.tellLost(w.dropped.Swap(0))
		}
		l, open := <-w.queue
		if !open {
			w.tellLost(w.dropped.Swap(0))
			return
		}
		w.tellLost(l.lost)
		w.write(l.text)
	}
}

func (w *Writer) tellLost(n int64) {
	if n > 0 {
		w.write(w.lost(n))
	}
}

// write writes all of the line, or as much as can be written: there is nobody to tell
// of a stderr that is closed (EBADF), gone (EPIPE) or full (ENOSPC).
func (w *Writer) write(line string) {
	if tell := w.through.Load(); tell != nil {
		_ = (*tell)(line)
		return
	}
	for b := []byte(line + "\n"); len(b) > 0; {
		n, err := unix.Write(w.fd, b)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			// Somebody else made it non-blocking: wait for room.
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLOUT}}, -1)
		case err != nil:
			return
		default:
			b = b[n:]
		}
	}
}
