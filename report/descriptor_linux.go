package report

import (
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Descriptor is a log of lines on a descriptor. That is shared with the child and with
// whoever gave it to us, so its O_NONBLOCK is not ours to set.
type Descriptor struct {
	fd     int
	asJSON bool
	// through writes a line where others write to the same descriptor; nil: we do.
	through atomic.Pointer[func(line string) error]
	// torn says that the last line was written in part.
	torn bool
}

// NewDescriptor returns a log on fd, of text for people or of JSON.
func NewDescriptor(fd int, asJSON bool) *Descriptor { return &Descriptor{fd: fd, asJSON: asJSON} }

// Through lets tell write each line from now on, which gets it without its end and may
// wait: it knows who else writes to the descriptor, and stays out of their lines.
func (d *Descriptor) Through(tell func(line string) error) { d.through.Store(&tell) }

// Put writes e as a line.
func (d *Descriptor) Put(e Event) error {
	line := e.Line(d.asJSON)
	if tell := d.through.Load(); tell != nil {
		return (*tell)(line)
	}
	return d.write(line)
}

// write writes the line. What came of one before it that could not be written to its
// end has a line of its own.
func (d *Descriptor) write(line string) error {
	if d.torn {
		line = "\n" + line
	}
	written := 0
	for b := []byte(line + "\n"); written < len(b); {
		n, err := unix.Write(d.fd, b[written:])
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			// Somebody else made it non-blocking: wait for room.
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(d.fd), Events: unix.POLLOUT}}, -1)
		case err != nil:
			d.torn = d.torn || written > 0
			return err
		default:
			written += n
		}
	}
	d.torn = false
	return nil
}
