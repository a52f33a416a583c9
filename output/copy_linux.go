package output

import "golang.org/x/sys/unix"

// copier copies from one read end.
type copier struct {
	*Stream
	in int
	// buffer is for where nothing can be spliced, made when it is needed.
	buffer []byte
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
	for c.splices {
		n, err := unix.Splice(c.in, nil, c.target, nil, min(most, spliceSize), 0)
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
		n, err := unix.Read(c.in, c.buffer[:min(most, bufferSize)])
		switch err {
		case nil:
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
		n, err := unix.Write(c.target, b)
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

// waitForRoom waits until the target takes more, or an error is to be fetched
// from it. It was found non-blocking, or the pipe is.
func (c *copier) waitForRoom() {
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(c.target), Events: unix.POLLOUT}}, -1) // EINTR: tried again
}
