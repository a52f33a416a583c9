package output

import (
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// look counts lines of one stream, or keeps them. It sees what is in the pipe by tee(2), before it
// is taken out of it, and so also while a reader stalls: what the command has
// written is counted, whoever reads it and when.
type look struct {
	splitter
	count func(gen int, n int64)
	// tees is whether the kernel lets us; where it does not, what is taken out of
	// the pipe is looked at then. scratch is the pipe that it puts what it sees in.
	tees    bool
	scratch [2]int
	buffer  []byte
	// seen is how many bytes were looked at, those that were taken among them, and gen
	// the generation that wrote the last of them.
	seen uint64
	gen  int
	// next is where the bytes of a generation begin: the owner says so.
	next atomic.Pointer[boundary]
	// epoll waits for what is written, and for whatever else is waited for; -1: not made.
	epoll int
}

// boundary says that a generation's bytes begin after so many.
type boundary struct {
	gen int
	at  uint64
}

func newLook(want Want, counts, keeps bool) (*look, error) {
	l := &look{splitter: splitter{most: maxLine}, count: want.Count, tees: true, epoll: -1}
	l.matches = func(line []byte) bool {
		if keeps {
			want.Keep(l.gen, line)
		}
		return counts && want.Matches(line)
	}
	if err := makePipe(&l.scratch); err != nil {
		return nil, err
	}
	l.buffer = make([]byte, bufferSize)
	return l, nil
}

// close closes what was opened, once all is over.
func (l *look) close() {
	unix.Close(l.scratch[0])
	unix.Close(l.scratch[1])
}

// begin is called before the first byte of a pipe. What was seen in one that broke,
// and never taken, has gone.
func (l *look) begin(taken uint64) { l.seen = taken }

// end is called after its last one.
func (l *look) end() {
	l.turn(l.gen)
	if l.epoll >= 0 {
		unix.Close(l.epoll)
		l.epoll = -1
	}
}

// turn ends what a generation has written: half a line is all of it.
func (l *look) turn(to int) {
	l.tell(l.splitter.end())
	l.gen = to
}

func (l *look) tell(matching int64) {
	if matching > 0 {
		l.count(l.gen, matching)
	}
}

// see looks at the next bytes of the pipe. The boundary is read after them: it was
// drawn before the first byte that lies behind it could be written. Of several only
// the last is known, and what lies before it is of generations that are over.
func (l *look) see(b []byte) {
	next := l.next.Load()
	if next != nil && next.gen != l.gen {
		if next.at > l.seen {
			old := min(uint64(len(b)), next.at-l.seen)
			l.tell(l.feed(b[:old]))
			l.seen += old
			b = b[old:]
		}
		if next.at <= l.seen {
			l.turn(next.gen)
		}
	}
	l.tell(l.feed(b))
	l.seen += uint64(len(b))
}

// peek looks at all that is in the pipe that in is the read end of, of which so
// many bytes were taken, and returns how many more were seen by now.
func (l *look) peek(in int, taken uint64) int {
	n, err := unix.Tee(in, l.scratch[1], spliceSize, unix.SPLICE_F_NONBLOCK)
	if err != nil && err != unix.EAGAIN && err != unix.EINTR {
		l.tees = false // refused by a filter of system calls
	}
	at := taken
	for n > 0 {
		k, err := unix.Read(l.scratch[0], l.buffer)
		if err == unix.EINTR {
			continue
		}
		if err != nil || k == 0 {
			break // nobody else has an end of it
		}
		n -= int64(k)
		known := min(uint64(k), l.seen-min(at, l.seen))
		l.see(l.buffer[known:k])
		at += uint64(k)
	}
	return int(l.seen - taken)
}

// wait waits for what poll(2) tells of fd, or an error of it, and looks at what is
// written meanwhile. It reports whether it could.
func (l *look) wait(in, fd int, want int16, taken uint64) bool {
	if !l.tees || l.epoll < 0 && !l.watch(in) {
		return false
	}
	// The events of epoll(7) and poll(2) have the same values.
	if unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Fd: int32(fd), Events: uint32(want)}) != nil {
		return false
	}
	for found := false; !found; {
		var events [2]unix.EpollEvent
		n, err := unix.EpollWait(l.epoll, events[:], -1)
		if err != nil && err != unix.EINTR {
			break
		}
		for _, e := range events[:max(n, 0)] {
			if e.Fd == int32(fd) {
				found = true
			} else {
				l.peek(in, taken)
			}
		}
	}
	// It is there.
	_ = unix.EpollCtl(l.epoll, unix.EPOLL_CTL_DEL, fd, nil)
	return true
}

// watch makes the descriptor to wait with. Of what is written it tells each time,
// and not for as long as something is in the pipe (EPOLLET).
func (l *look) watch(in int) bool {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return false
	}
	if unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, in, &unix.EpollEvent{Fd: int32(in), Events: unix.EPOLLIN | unix.EPOLLET}) != nil {
		unix.Close(fd)
		return false
	}
	l.epoll = fd
	return true
}

// counter is how many bytes were taken out of a pipe. While some are being taken
// nobody can say, and its lowest bit is set.
type counter struct{ atomic.Uint64 }

func (c *counter) begin() { c.Add(1) }

// end says how many they were; negative: none, for it was refused.
func (c *counter) end(n int) { c.Add(uint64(max(n, 0))<<1 - 1) }

// taken is for who takes them, while it does not.
func (c *counter) taken() uint64 { return c.Load() >> 1 }

// written is after how many bytes the next one will be, for the owner: those that
// were taken out of the pipe and those that are in it. Both must be of one moment,
// so it asks again where some were taken meanwhile, in one system call that waits
// for nobody.
func (s *Stream) written() uint64 {
	for {
		before := s.taken.Load()
		left, err := unix.IoctlGetInt(s.read, unix.TIOCINQ)
		if err != nil {
			left = 0 // it has just been closed
		}
		if before&1 == 0 && s.taken.Load() == before {
			return before>>1 + uint64(left)
		}
		runtime.Gosched()
	}
}

// mark says that the bytes of a generation begin here, and those of the one before
// end.
func (s *Stream) mark(gen int) {
	if s.look == nil && s.whole == nil {
		return
	}
	at := s.written()
	if s.look != nil {
		s.look.next.Store(&boundary{gen: gen, at: at})
	}
	if s.whole != nil {
		s.over(at)
	}
}
