package report

import (
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Writer writes lines to a descriptor in a goroutine of its own. The descriptor
// is shared with the child and with whoever gave it to us, so its O_NONBLOCK is
// not ours to set: a full pipe or a stopped terminal blocks that goroutine, and
// nobody else. Lines that do not fit the queue meanwhile are counted, and the
// count is said as soon as there is room.
type Writer struct {
	fd      int
	queue   chan string
	dropped atomic.Int64
	done    chan struct{}
}

// queueLen bounds what is kept for a reader that stalls: some minutes of a bad
// night.
const queueLen = 256

// NewWriter starts to write to fd.
func NewWriter(fd int) *Writer {
	w := &Writer{fd: fd, queue: make(chan string, queueLen), done: make(chan struct{})}
	go w.run()
	return w
}

// Line writes s and a line feed, or counts it as dropped. It never waits.
func (w *Writer) Line(s string) {
	select {
	case w.queue <- s:
	default:
		w.dropped.Add(1)
	}
}

// Close waits for what is queued to be written, for the time given at most.
func (w *Writer) Close(patience time.Duration) {
	close(w.queue)
	select {
	case <-w.done:
	case <-time.After(patience):
	}
}

func (w *Writer) run() {
	defer close(w.done)
	for s := range w.queue {
		if n := w.dropped.Swap(0); n > 0 {
			w.write(fmt.Sprintf("relance: %d lines were dropped here: nobody read them in time\n", n))
		}
		w.write(s + "\n")
	}
}

// write writes all of s, or as much as can be written: there is nobody to tell
// of a stderr that is closed (EBADF), gone (EPIPE) or full (ENOSPC).
func (w *Writer) write(s string) {
	for b := []byte(s); len(b) > 0; {
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
