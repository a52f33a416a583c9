package stdio

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// target is our stdout. It is shared with whoever gave it to us, so its flags are
// not ours to set, and a write to it would wait for its reader.
type target struct {
	fd   int
	kind targetKind
}

type targetKind uint8

const (
	// plain: a file, which never waits for a reader, or an open file of our own that
	// is non-blocking.
	plain targetKind = iota
	// own: the same, to be closed.
	own
	// socket: each call says that it does not wait.
	socket
	// piecewise: poll(2) says when a little can be written.
	piecewise
)

// openTarget looks at what fd is. A pipe and a terminal are opened once more, as a
// file of our own that does not block. Where that is forbidden, as without /proc
// or for a pipe of another user, they get so much at a time as there is room for
// when poll(2) says that there is any.
func openTarget(fd int) target {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return target{fd, plain} // the write tells
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFSOCK:
		return target{fd, socket}
	case unix.S_IFIFO, unix.S_IFCHR:
		again, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", fd), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
		if err != nil {
			return target{fd, piecewise}
		}
		return target{again, own}
	}
	return target{fd, plain}
}

// piece is what a pipe takes when poll(2) says that there is room (PIPE_BUF of
// pipe(7)).
const piece = 4096

// write writes some of b and never waits; EAGAIN: poll(2) is to be asked.
func (t *target) write(b []byte) (int, error) {
	switch t.kind {
	case socket:
		return unix.SendmsgN(t.fd, b, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	case piecewise:
		fds := [1]unix.PollFd{{Fd: int32(t.fd), Events: unix.POLLOUT}}
		if _, err := unix.Poll(fds[:], 0); err != nil {
			return 0, err
		}
		if fds[0].Revents == 0 {
			return 0, unix.EAGAIN
		}
		b = b[:min(len(b), piece)]
	}
	return unix.Write(t.fd, b)
}

func (t *target) close() {
	if t.kind == own {
		unix.Close(t.fd)
	}
}
