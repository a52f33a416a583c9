package output

import "golang.org/x/sys/unix"

// copier copies from one read end.
type copier struct {
	*Stream
	in int
	// buffer is for where nothing can be spliced, made when it is needed.
	buffer []byte
}

// rung is called when a generation has ended whose lines are to be whole.
func (c *copier) rung() error {
	hush(c.wake)
	return c.assemble(nil)
}

// drain passes on what is in the pipe by now: all there will ever be, unless
// somebody still has its write end, whom nobody waits for.
func (c *copier) drain() error {
	// Also known as FIONREAD.
	left, err := unix.IoctlGetInt(c.in, unix.TIOCINQ)
	for left > 0 && err == nil {
		var n int
		if n, err = c.pass(left); n == 0 {
			break // somebody else has read from the pipe
		}
		left -= n
	}
	if c.whole != nil && err == nil {
		if err = c.assemble(nil); err == nil {
			err = c.whole.end(c.put)
		}
	}
	return err
}

// pass passes on what is in the pipe, up to that much, and returns how much it
// was. It waits until all that it took is written.
func (c *copier) pass(most int) (int, error) {
	c.last.Store(int64(clock()))
	c.busy.Store(true)
	n, err := c.move(most)
	c.last.Store(int64(clock()))
	c.busy.Store(false)
	return n, err
}

func (c *copier) move(most int) (int, error) {
	most = min(most, c.seen())
	for c.splices {
		c.taken.begin()
		n, err := unix.Splice(c.in, nil, c.target, nil, min(most, spliceSize), unix.SPLICE_F_NONBLOCK)
		c.taken.end(int(n))
		switch {
		case err == unix.EAGAIN && readable(c.in):
			c.waitForRoom()
		case err == unix.EAGAIN:
			return 0, nil
		case err == unix.EINVAL, err == unix.ENOSYS, err == unix.EPERM:
			// Not here; the last two from a filter of system calls.
			c.splices = false
		case err != unix.EINTR:
			return int(n), err
		}
	}
	if c.buffer == nil {
		c.buffer = make([]byte, bufferSize)
	}
	for {
		c.taken.begin()
		n, err := unix.Read(c.in, c.buffer[:min(most, bufferSize)])
		c.taken.end(n)
		switch err {
		case nil:
			if c.look != nil && !c.look.tees {
				c.look.see(c.buffer[:n])
			}
			if c.whole != nil {
				return n, c.assemble(c.buffer[:n])
			}
			return n, c.write(c.buffer[:n])
		case unix.EAGAIN:
			return 0, nil
		case unix.EINTR:
		default:
			return 0, err
		}
	}
}

// write writes all of b.
func (c *copier) write(b []byte) error {
	for len(b) > 0 {
		if c.whole != nil && c.to.waits() && !ready(c.target, unix.POLLOUT) {
			c.waitForRoom() // where lines are counted, not in the write
		}
		n, err := c.writeSome(b)
		switch {
		case err == unix.EAGAIN:
			c.waitForRoom()
		case err == unix.EINTR:
		case err != nil:
			return err
		default:
			b = b[n:]
		}
	}
	return nil
}

// writeSome writes what is taken of b. A socket is asked not to keep us waiting,
// for waitForRoom knows what to do meanwhile.
func (c *copier) writeSome(b []byte) (int, error) {
	if c.to == toSocket {
		return unix.SendmsgN(c.target, b, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	}
	return unix.Write(c.target, b)
}

// seen is how much may be taken out of the pipe: where lines are counted, only
// what was looked at.
func (c *copier) seen() int {
	if c.look == nil {
		return spliceSize
	}
	if ahead := int(c.look.seen - c.taken.taken()); ahead > 0 && c.look.tees && readable(c.in) {
		return ahead
	}
	// Nothing is there that was looked at, unless somebody else has read from the pipe.
	c.look.seen = c.taken.taken()
	if c.look.tees {
		if ahead := c.look.peek(c.in, c.taken.taken()); c.look.tees {
			return ahead
		}
	}
	// What the kernel moves by itself nobody sees.
	c.splices = false
	return spliceSize
}

// waitForRoom waits until the target takes more, or an error is to be fetched
// from it. It was found non-blocking, or the pipe is.
func (c *copier) waitForRoom() { c.wait(c.target, unix.POLLOUT) }

// wait waits for what poll(2) tells of a descriptor.
func (c *copier) wait(fd int, events int16) {
	if c.look == nil || !c.look.wait(c.in, fd, events, c.taken.taken()) {
		await(fd, events)
	}
}
