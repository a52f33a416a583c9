package output

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Carrier is what carries the output of all generations. Its methods are called
// by one goroutine, the owner.
type Carrier struct {
	streams []*Stream
	say     func(string)
	// began is from when silence counts, on the clock of the streams: the start of
	// this generation, or the end of a pause.
	began time.Duration
}

// End is a descriptor of the command and the descriptor of ours that is to be
// in its place.
type End struct{ FD, From int }

// add makes the pipe for one stream, whose lines are kept or not. What it has made when it
// fails, discard closes.
func (c *Carrier) add(fd int, to goal, want Want, keeps bool) error {
	s := &Stream{
		name: to.name, fds: []int{fd}, target: to.fd, to: to.kind, splices: to.kind == toPipe || to.kind == toFIFO,
		read: -1, write: -1, wake: -1, say: c.say,
		next: make(chan int, 1), ended: make(chan struct{}),
	}
	c.streams = append(c.streams, s)
	var ends [2]int
	err := makePipe(&ends)
	if err != nil {
		return fmt.Errorf("make a pipe for %s: %w", s.name, err)
	}
	s.read, s.write = ends[0], ends[1]
	s.next <- s.read
	if s.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return fmt.Errorf("make an eventfd for %s: %w", s.name, err)
	}
	if want.lines(fd) || keeps {
		if s.look, err = newLook(want, want.lines(fd), keeps); err != nil {
			return fmt.Errorf("make a pipe to look at %s: %w", s.name, err)
		}
	}
	if want.Whole {
		s.whole = newWhole(to.outlet, want.Prefix, to.kind)
		s.splices = false
	}
	return nil
}

// makePipe makes a pipe whose read end does not block. The two ends are two open
// file descriptions, so nobody who writes notices (pipe(7)).
func makePipe(ends *[2]int) error {
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return err
	}
	return unix.SetNonblock(ends[0], true)
}

// Streams returns what is carried; Run of each is to be started.
func (c *Carrier) Streams() []*Stream { return c.streams }

// Ends returns what the command is to be given. It is the same for all
// generations.
func (c *Carrier) Ends() []End {
	var ends []End
	for _, s := range c.streams {
		for _, fd := range s.fds {
			ends = append(ends, End{FD: fd, From: s.write})
		}
	}
	return ends
}

// End is called when all of a generation has gone: half a line that it has left is
// passed on now, where lines are to be whole. It waits for no reader.
func (c *Carrier) End() {
	for _, s := range c.streams {
		if s.whole != nil && !s.broken.Load() {
			s.over(s.written())
		}
	}
}

// Begin is called before generation gen starts, when all of the one before has
// gone: its silence and its lines count from here, and a stream that broke is
// mended, unless its reader has gone for good. What the one before has written and
// nobody has taken yet stays its own. It waits for no reader.
func (c *Carrier) Begin(gen int) error {
	c.began = clock()
	var failed error
	for _, s := range c.streams {
		if !s.broken.Load() {
			s.mark(gen)
			continue
		}
		if s.abandoned() {
			continue
		}
		if err := s.mend(gen); err != nil {
			// The next one may need none.
			failed = errors.Join(failed, fmt.Errorf("make a new pipe for %s: %w; who writes to it gets SIGPIPE until the next generation", s.name, err))
		}
	}
	return failed
}

// Resume lets the silence count from now on: we were kept from running for a while.
func (c *Carrier) Resume() { c.began = clock() }

// Silence is for how long nothing has been written, on any carried stream, since
// this generation began or Resume was called. It is zero while bytes wait for a reader
// that stalls, which is not the command's silence, and while nobody takes what is
// written to one of them: then it is not known, for what the command tries to write
// there is not seen. It never waits.
func (c *Carrier) Silence() time.Duration {
	last := c.began
	for _, s := range c.streams {
		if s.broken.Load() {
			return 0
		}
		// In this order, which is the reverse of that in Run. Where the read end has
		// just been closed, another descriptor may have its number by now, and the
		// silence is too short for this one time.
		if readable(s.read) || s.busy.Load() {
			return 0
		}
		last = max(last, time.Duration(s.last.Load()))
	}
	return max(0, clock()-last)
}

// Close passes on all that is in the pipes, to the last byte, and ends the
// streams, whose Run must have been started. Where a process still has an end of
// a pipe open, that is what is there by now. It waits for a reader that stalls.
func (c *Carrier) Close() {
	for _, s := range c.streams {
		unix.Close(s.write)
		close(s.next)
		s.closing.Store(true)
		ring(s.wake)
	}
	for _, s := range c.streams {
		<-s.ended
		s.close()
	}
}

// close closes what a stream has beside its pipe, once it has ended.
func (s *Stream) close() {
	if s.wake >= 0 {
		unix.Close(s.wake)
	}
	if s.look != nil {
		s.look.close()
	}
	if s.whole != nil {
		s.whole.leave()
	}
}

// clock is the time since the package was loaded, by the monotonic clock.
func clock() time.Duration { return time.Since(loaded) }

var loaded = time.Now()
