package ready

import (
	"bytes"
	"fmt"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// pipes are those on which generations say that they are ready: a line, whatever is in
// it, as s6 has it (s6-supervise, notification-fd).
type pipes struct {
	number int // what the child knows it as
	// end is what the child is given. Between two spawns it is one more name for hold,
	// an eventfd: the child's end of a pipe must not be open in here, else nobody would
	// see its end.
	end, hold int
	poll      *os.File
	epoll     int // its number
	// slots are the pipes that Run may look at, which the owner puts in and takes out.
	slots  []atomic.Pointer[pipe]
	free   []int32
	serial int32 // of the owner
}

// pipe is our end of the pipe of one generation.
type pipe struct {
	gen    int
	fd     int
	slot   int32
	serial int32
	read   int // of Run
	// state says whose it is to close fd, see there.
	state atomic.Int32
}

// The states of a pipe. Whoever takes it to gone from idle closes it; where it is busy,
// Run does, when it is done with it.
const (
	idle = iota
	busy // Run reads from it
	gone
)

const (
	// aboveHeld is more than held sockets take: the stage puts all descriptors in their
	// places one after the other, and the child's end must still be there in its turn.
	aboveHeld = 128
	// maxNotice bounds what may come before the end of the line.
	maxNotice = 64 << 10
)

// openPipes prepares for so many pipes at once.
func openPipes(number, most int) (*pipes, error) {
	p := &pipes{number: number, end: -1, hold: -1, epoll: -1, slots: make([]atomic.Pointer[pipe], most)}
	for i := range p.slots {
		p.free = append(p.free, int32(i))
	}
	var err error
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err == nil {
		err = unix.SetNonblock(p.epoll, true) // for the runtime's poller
	}
	if err == nil {
		p.hold, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	}
	if err == nil {
		p.end, err = unix.FcntlInt(uintptr(p.hold), unix.F_DUPFD_CLOEXEC, max(number+1, aboveHeld))
	}
	if err != nil {
		closeFD(p.epoll)
		closeFD(p.hold)
		return nil, fmt.Errorf("make what waits for descriptor %d: %w", number, err)
	}
	p.poll = os.NewFile(uintptr(p.epoll), "ready")
	return p, nil
}

// begin makes the pipe of a generation.
func (p *pipes) begin(gen int) (*pipe, error) {
	if len(p.free) == 0 {
		return nil, fmt.Errorf("%d pipes are open already", len(p.slots))
	}
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	defer unix.Close(ends[1])
	p.serial++
	next := &pipe{gen: gen, fd: ends[0], slot: p.free[len(p.free)-1], serial: p.serial}
	// The two ends are two open file descriptions, so the child does not see it.
	err := unix.SetNonblock(next.fd, true)
	if err == nil {
		err = unix.Dup3(ends[1], p.end, unix.O_CLOEXEC)
	}
	if err == nil {
		p.slots[next.slot].Store(next)
		err = unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, next.fd,
			&unix.EpollEvent{Events: unix.EPOLLIN, Fd: next.slot, Pad: next.serial})
	}
	if err != nil {
		p.slots[next.slot].Store(nil)
		p.spawned()
		unix.Close(next.fd)
		return nil, fmt.Errorf("listen to a pipe: %w", err)
	}
	p.free = p.free[:len(p.free)-1]
	return next, nil
}

// spawned closes the child's end in here. It gives back a number that is ours, so it
// cannot fail (dup(2)).
func (p *pipes) spawned() { _ = unix.Dup3(p.hold, p.end, unix.O_CLOEXEC) }

// finish ends a pipe.
func (p *pipes) finish(one *pipe) {
	p.slots[one.slot].Store(nil)
	p.free = append(p.free, one.slot)
	if one.state.Swap(gone) == idle {
		unix.Close(one.fd)
	}
}

// close makes run return. The pipes are finished.
func (p *pipes) close() {
	p.poll.Close()
	unix.Close(p.end)
	unix.Close(p.hold)
}

// run tells out of each line.
func (p *pipes) run(out chan<- Result) {
	conn, err := p.poll.SyscallConn()
	if err != nil {
		return // closed
	}
	var events [16]unix.EpollEvent
	var buf [4096]byte
	for {
		n := 0
		err := conn.Read(func(epoll uintptr) bool {
			for {
				var err error
				if n, err = unix.EpollWait(int(epoll), events[:], 0); err != unix.EINTR {
					return n > 0
				}
			}
		})
		if err != nil {
			return
		}
		for _, e := range events[:n] {
			one := p.slots[e.Fd].Load()
			if one == nil || one.serial != e.Pad || !one.state.CompareAndSwap(idle, busy) {
				continue // of one that has ended
			}
			if r, told := p.hear(one, buf[:]); told {
				out <- r
			}
		}
	}
}

// hear reads once from a pipe that is busy, and tells if that settles it. What has
// settled it is closed, as s6 does it: who goes on writing gets SIGPIPE (pipe(7)), and
// does not sit and wait for a reader.
func (p *pipes) hear(one *pipe, buf []byte) (r Result, told bool) {
	n, err := unix.Read(one.fd, buf)
	r = Result{Gen: one.gen, Never: true}
	if n > 0 {
		one.read += n
	}
	switch {
	case err == unix.EINTR || err == unix.EAGAIN:
	case err != nil:
		r.Why, told = line(fmt.Sprintf("read what comes on descriptor %d: %v", p.number, err)), true
	case n == 0:
		r.Why, told = fmt.Sprintf("descriptor %d was closed without a line", p.number), true
	case bytes.IndexByte(buf[:n], '\n') >= 0:
		r = Result{Gen: one.gen, Ready: true, Why: fmt.Sprintf("a line on descriptor %d", p.number)}
		told = true
	case one.read >= maxNotice:
		r.Why, told = fmt.Sprintf("%d bytes on descriptor %d, and no end of the line", one.read, p.number), true
	}
	if !told && one.state.CompareAndSwap(busy, idle) {
		return r, false
	}
	// Settled, or ended by the owner meanwhile, who then wants to hear no more of it.
	ended := one.state.Swap(gone) == gone
	unix.Close(one.fd)
	return r, told && !ended
}

func closeFD(fd int) {
	if fd >= 0 {
		unix.Close(fd)
	}
}
