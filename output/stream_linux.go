package output

import (
	"fmt"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Stream is one pipe, and the descriptor of ours that what comes out of it is
// written to. That one is shared with whoever gave it to us, so its flags are not
// ours to set, and it may be non-blocking at any time.
type Stream struct {
	name string
	// fds are the descriptors of the command that the pipe stands for.
	fds    []int
	target int
	to     kind
	// splices says that the kernel moves the pages: only from pipe to pipe. On the
	// way to a socket or a file it keeps our pipe locked until those have taken
	// them, and a command that writes meanwhile cannot even be killed.
	splices bool
	// read and write are the ends of the pipe; the owner's, as Run has its own
	// copy of the first.
	read, write int
	// next gives Run the read end to copy from, and the one after when that broke.
	next  chan int
	ended chan struct{}
	// wake is an eventfd(2) that rings when a generation has ended whose lines are to
	// be whole, and when all is over: closing.
	wake    int
	closing atomic.Bool
	say     func(string)
	// whole: lines are passed on whole; nil: bytes as they come.
	whole *whole
	// look counts lines, nil: nobody does. taken is how much was taken out of the
	// pipe, and of those before it that broke.
	look  *look
	taken counter

	// last is when something was last written (clock), busy is set while it is
	// being passed on, broken when the read end was closed.
	last         atomic.Int64
	busy, broken atomic.Bool
}

const (
	// bufferSize is what a pipe holds, unless somebody changed it (pipe(7)).
	bufferSize = 64 << 10
	// spliceSize is more than a pipe holds: all that is there.
	spliceSize = 1 << 20
)

// Run copies until Close. It blocks in one poll(2) while nothing is written, and
// where a reader stalls in the write to it.
func (s *Stream) Run() {
	defer close(s.ended)
	for in := range s.next {
		err := s.carry(in)
		// In this order: who sees the stream broken does not look at the descriptor.
		s.broken.Store(true)
		s.busy.Store(false)
		unix.Close(in)
		if err != nil && !gone(err) {
			s.say(fmt.Sprintf("pass on %s: %v; closed, and who writes to it gets SIGPIPE", s.name, err))
		}
	}
}

// gone reports whether a write ended so because nobody reads any more.
func gone(err error) bool { return err == unix.EPIPE || err == unix.ECONNRESET }

// carry copies from in until nobody takes it any more, or all is over.
func (s *Stream) carry(in int) error {
	c := &copier{Stream: s, in: in}
	if s.look != nil {
		s.look.begin(s.taken.taken())
		defer s.look.end()
	}
	if s.whole != nil {
		s.whole.restart()
	}
	watch := -1 // of no interest (poll(2))
	if s.to == toPipe || s.to == toSocket || s.to == toTerminal {
		watch = s.target
	}
	for {
		// Errors are told whether asked for or not.
		fds := [3]unix.PollFd{
			{Fd: int32(in), Events: unix.POLLIN}, {Fd: int32(s.wake), Events: unix.POLLIN}, {Fd: int32(watch)},
		}
		if _, err := unix.Poll(fds[:], -1); err != nil {
			continue // EINTR
		}
		switch {
		case s.hungUp(fds[2].Revents):
			return unix.EPIPE
		case s.closing.Load():
			return c.drain()
		case fds[1].Revents != 0:
			if err := c.rung(); err != nil {
				return err
			}
		case fds[0].Revents != 0:
			if _, err := c.pass(spliceSize); err != nil {
				return err
			}
		default:
			// An error of the socket that only a write can fetch.
			watch = -1
		}
	}
}

// hungUp reports whether what poll(2) tells of the target means that its reader
// has gone for good: a pipe says POLLERR, a socket and a terminal POLLHUP.
func (s *Stream) hungUp(events int16) bool {
	sign := int16(unix.POLLERR)
	if s.to == toSocket || s.to == toTerminal {
		sign = unix.POLLHUP
	}
	return events&sign != 0
}

// abandoned reports whether nobody reads the target now.
func (s *Stream) abandoned() bool {
	fds := [1]unix.PollFd{{Fd: int32(s.target)}}
	_, err := unix.Poll(fds[:], 0)
	return err == nil && s.hungUp(fds[0].Revents)
}

// readable reports whether there is something in the pipe that fd is the read end
// of. It asks poll(2), and not for the number of bytes, since that waits for
// whoever has locked the pipe.
func readable(fd int) bool { return ready(fd, unix.POLLIN) }

// ready reports whether poll(2) tells that of fd now.
func ready(fd int, events int16) bool {
	fds := [1]unix.PollFd{{Fd: int32(fd), Events: events}}
	_, err := unix.Poll(fds[:], 0)
	return err == nil && fds[0].Revents&events != 0
}

// await waits until it does, or a signal comes.
func await(fd int, events int16) {
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: events}}, -1)
}

// mend puts a new pipe in the place of one whose read end was closed, for that
// generation. The write end keeps its number.
func (s *Stream) mend(gen int) error {
	var ends [2]int
	if err := makePipe(&ends); err != nil {
		return err
	}
	err := unix.Dup3(ends[1], s.write, unix.O_CLOEXEC)
	unix.Close(ends[1])
	if err != nil {
		unix.Close(ends[0])
		return err
	}
	s.read = ends[0]
	if s.whole != nil {
		for len(s.whole.ends) > 0 {
			<-s.whole.ends // of what was lost; Run does not look at them now
		}
	}
	s.mark(gen)
	s.broken.Store(false)
	s.next <- ends[0]
	return nil
}
