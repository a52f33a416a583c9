package stdio

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"relance/requests"
)

// Run carries until Close, and tells out what happens.
func (b *Broker) Run(out chan<- requests.News) {
	defer close(b.ended)
	for {
		b.move()
		b.tell(out)
		if b.closing && b.relay.toOuter.len() == 0 {
			b.ends.close()
			return
		}
		b.wait()
	}
}

// tell tells the owner what there is, unless it does not listen any more.
func (b *Broker) tell(out chan<- requests.News) {
	for _, n := range b.relay.news {
		select {
		case out <- n:
		case <-b.closed:
		}
	}
	b.relay.news = b.relay.news[:0]
}

// move moves what can be moved without waiting. What goes out comes first, as it
// makes room for what comes in.
func (b *Broker) move() {
	r := b.relay
	b.deliver()
	if b.ending && r.toOuter.added-int64(r.toOuter.len()) >= b.settled {
		b.finish()
		b.settled = r.toOuter.added
		b.deliver()
	}
	if !b.closing {
		r.forward()
	}
	for b.closing && !b.ending && !b.toFull && r.forsake() {
		b.deliver()
	}
	b.feed()
	r.rest()
}

// feed writes to the command, and closes its stdin where that is due.
func (b *Broker) feed() {
	r := b.relay
	for b.in >= 0 && !b.childFull && !r.mute && r.toChild.len() > 0 {
		n, err := unix.Write(b.in, r.toChild.bytes())
		switch err {
		case nil:
			r.toChild.wrote(n)
			r.forward()
		case unix.EINTR:
		case unix.EAGAIN:
			b.childFull = true
		default:
			// No way to go on with this one, and none that is known (pipe(7)).
			r.say(fmt.Sprintf("write to the command's stdin: %v", err))
			r.muted()
		}
	}
	if r.closing && (r.mute || r.broken || r.toChild.len() == 0) {
		closeFD(&b.in)
	}
}

// deliver writes to the other side.
func (b *Broker) deliver() {
	r := b.relay
	for !b.toFull && r.toOuter.len() > 0 {
		n, err := b.to.write(r.toOuter.bytes())
		switch err {
		case nil:
			r.wrote(n)
		case unix.EINTR:
		case unix.EAGAIN:
			b.toFull = true
		default:
			if err != unix.EPIPE && err != unix.ECONNRESET {
				r.sayOnce(&r.saidGone, fmt.Sprintf("write to stdout: %v; nothing more is read from stdin", err))
			}
			r.unheard()
			closeFD(&b.out)
			r.wrote(r.toOuter.len())
		}
	}
}

// wait waits until something can be moved, and takes in what there is.
func (b *Broker) wait() {
	r := b.relay
	fds := [5]unix.PollFd{
		{Fd: int32(b.wake), Events: unix.POLLIN},
		watch(b.from, unix.POLLIN, r.wantsInput() && !b.closing),
		watch(b.to.fd, unix.POLLOUT, b.toFull),
		watch(b.in, unix.POLLOUT, r.toChild.len() > 0),
		watch(b.out, unix.POLLIN, r.wantsAnswers() && !b.closing),
	}
	if _, err := unix.Poll(fds[:], b.timeout()); err != nil {
		return // EINTR
	}
	if fds[2].Revents != 0 {
		b.toFull = false
	}
	if fds[3].Revents != 0 {
		b.childFull = false
	}
	if fds[4].Revents != 0 && b.take(b.out, &r.back) {
		closeFD(&b.out)
		r.muted()
	}
	r.receive()
	if fds[1].Revents != 0 && b.take(b.from, &r.in) {
		r.in.atEnd = true
	}
	if fds[0].Revents != 0 {
		b.obey()
	}
}

// timeout is how long poll(2) may wait, in milliseconds; -1: for ever. Patience that has
// run out is told.
func (b *Broker) timeout() int {
	left, waits := b.relay.patience(time.Now())
	switch {
	case !waits:
		return -1
	case left == 0:
		b.relay.runsOut()
		return 0 // it is told at once
	}
	return int(min(left/time.Millisecond, 1<<30)) + 1
}

// watch is what poll(2) is asked about fd: nothing if it is not wanted, not even
// errors, which would come at once, again and again.
func watch(fd int, events int16, wanted bool) unix.PollFd {
	if !wanted {
		fd = -1
	}
	return unix.PollFd{Fd: int32(fd), Events: events}
}

// take reads once, and reports whether the stream is at its end.
func (b *Broker) take(fd int, in *inbox) (ended bool) {
	n, err := unix.Read(fd, in.room())
	switch {
	case err == unix.EINTR, err == unix.EAGAIN:
		return false
	case err != nil:
		if err != unix.EIO && err != unix.ECONNRESET { // a terminal, a peer that has gone
			whose := "stdin"
			if in == &b.relay.back {
				whose = "the command's stdout"
			}
			b.relay.say(fmt.Sprintf("read %s: %v", whose, err))
		}
		return true
	}
	in.read(n)
	return n == 0
}

// obey does what the owner has ordered.
func (b *Broker) obey() {
	var count [8]byte
	_, _ = unix.Read(b.wake, count[:])
	for r := b.relay; len(b.orders) > 0; {
		switch o := <-b.orders; o.kind {
		case orderStart:
			b.ends.close()
			b.ends = o.ends
			if r.start(o.ends.gen); r.mute {
				closeFD(&b.out)
			}
		case orderLimit:
			r.limit, r.stuck = o.n, false
		case orderDrain:
			r.draining = true
			r.count.Idle()
		case orderCloseInput:
			r.closing = true
		case orderEnd:
			b.ending = b.ending || r.up && r.gen == o.n
		case orderClose:
			b.closing = true
		}
	}
}

// finish ends a generation: what is in its stdout is all that there will be. A
// process that has left the tree and still holds it is not waited for, so no more
// is read than there is now.
func (b *Broker) finish() {
	r := b.relay
	b.ending = false
	if b.out >= 0 {
		// Also known as FIONREAD.
		left, err := unix.IoctlGetInt(b.out, unix.TIOCINQ)
		for left > 0 && err == nil {
			before := r.back.len()
			if b.take(b.out, &r.back) {
				break
			}
			if left -= r.back.len() - before; r.back.len() == before {
				break // somebody else has read it
			}
			r.receive()
		}
	}
	unread, err := unix.IoctlGetInt(b.back, unix.TIOCINQ)
	if err != nil {
		unread = 0
	}
	r.settle(unread)
	b.ends.close()
}
