package output

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// kind is what a stream goes to, as far as it matters how it is copied.
type kind uint8

const (
	// toFile: a file, or a device that only takes bytes (/dev/null).
	toFile kind = iota
	// toPipe: a pipe without a name, whose reader goes for good.
	toPipe
	// toFIFO: one with a name, which others may open when its reader has gone.
	toFIFO
	// toSocket: a stream socket.
	toSocket
)

// closedWhy is why a stream is not carried that is not there.
const closedWhy = "closed"

// Open makes the pipes for those of stdout and stderr that want is about: one for
// both if they are one open file, as after 2>&1, so that the order of what is
// written is kept. closed says which of the descriptors 0, 1 and 2 were closed when
// relance was started, say takes lines for people, and is called by the goroutines
// of Run too. An error says why there is nothing that could be carried, an
// [UncountedError] why lines cannot be counted.
func Open(closed [3]bool, say func(string), want Want) (*Carrier, error) {
	return open(1, 2, closed, say, want)
}

// open is Open for the descriptors out and errs, which need not be 1 and 2.
func open(out, errs int, closed [3]bool, say func(string), want Want) (_ *Carrier, err error) {
	c := &Carrier{say: say}
	one := !closed[1] && !closed[2] && sameOpenFile(out, errs)
	if c.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, fmt.Errorf("make an eventfd: %w", err)
	}
	defer func() {
		if err != nil {
			c.discard()
		}
	}()
	var against [3]string
	for _, s := range []struct {
		fd, target int
		name       string
	}{{1, out, "stdout"}, {2, errs, "stderr"}} {
		to, why := examine(s.target)
		if closed[s.fd] {
			why = closedWhy
		}
		switch {
		case why != "":
			against[s.fd] = why
		case !want.Silence && !want.lines(s.fd):
		case len(c.streams) > 0 && one:
			both := c.streams[0]
			both.fds, both.name = append(both.fds, s.fd), both.name+" and "+s.name
		default:
			if err := c.add(s.fd, s.target, s.name, to, want); err != nil {
				return nil, err
			}
		}
	}
	if err := want.refuse(against, one, say); err != nil {
		return nil, err
	}
	return c, nil
}

// discard takes back what Open has made.
func (c *Carrier) discard() {
	unix.Close(c.wake)
	for _, s := range c.streams {
		unix.Close(s.read)
		unix.Close(s.write)
		if s.look != nil {
			s.look.close()
		}
	}
}

// examine says what fd goes to, or why it cannot be carried.
func examine(fd int) (to kind, why string) {
	var st unix.Stat_t
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil || unix.Fstat(fd, &st) != nil {
		return 0, closedWhy
	}
	switch {
	case flags&unix.O_ACCMODE == unix.O_RDONLY || flags&unix.O_PATH != 0:
		return 0, "not open for writing"
	case flags&unix.O_DIRECT != 0:
		// A pipe of packets, or a file that takes whole blocks only (open(2)).
		return 0, "open for direct I/O"
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFIFO:
		if anonymous(&st) {
			return toPipe, ""
		}
		return toFIFO, ""
	case unix.S_IFSOCK:
		if t, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE); err != nil || t != unix.SOCK_STREAM {
			return 0, "a socket that keeps messages apart"
		}
		return toSocket, ""
	case unix.S_IFCHR:
		if _, err := unix.IoctlGetTermios(fd, unix.TCGETS); err == nil {
			return 0, "a terminal"
		}
		// Of other devices each write may be a record of its own, as of /dev/kmsg.
		if major, minor := unix.Major(st.Rdev), unix.Minor(st.Rdev); major != 1 || minor != devNull && minor != devFull {
			return 0, "a device"
		}
	}
	return toFile, ""
}

// The minor numbers of /dev/null and /dev/full (null(4), full(4)).
const (
	devNull = 3
	devFull = 7
)

// anonymous reports whether a pipe is one of pipe(2), and not of a file system:
// those all are on one device.
func anonymous(st *unix.Stat_t) bool {
	var fds [2]int
	var own unix.Stat_t
	if unix.Pipe2(fds[:], unix.O_CLOEXEC) != nil {
		return false
	}
	err := unix.Fstat(fds[0], &own)
	unix.Close(fds[0])
	unix.Close(fds[1])
	return err == nil && own.Dev == st.Dev
}

// sameOpenFile reports whether a and b are one open file description, as dup(2)
// makes them. Where the kernel does not tell, what looks the same is taken for it.
// That is no proof, for two opens may stand at the same place, but then one pipe
// is no harm: for pipes, sockets and files that are appended to nobody could tell
// the difference, and two programs that write over each other's bytes from one
// position on is what nobody wants.
func sameOpenFile(a, b int) bool {
	var sa, sb unix.Stat_t
	if unix.Fstat(a, &sa) != nil || unix.Fstat(b, &sb) != nil || sa.Dev != sb.Dev || sa.Ino != sb.Ino {
		return false
	}
	for _, ask := range []func(a, b int) (same, known bool){askFcntl, askKcmp} {
		if same, known := ask(a, b); known {
			return same
		}
	}
	return looksSame(a, b)
}

// askFcntl asks Linux 6.10 and later.
func askFcntl(a, b int) (same, known bool) {
	n, err := unix.FcntlInt(uintptr(a), unix.F_DUPFD_QUERY, b)
	return n == 1, err == nil
}

// askKcmp asks kcmp(2), which containers often forbid.
func askKcmp(a, b int) (same, known bool) {
	const kcmpFile = 0
	pid := uintptr(unix.Getpid())
	order, _, errno := unix.Syscall6(unix.SYS_KCMP, pid, pid, kcmpFile, uintptr(a), uintptr(b), 0)
	return order == 0, errno == 0
}

// looksSame compares what shows of two descriptors of one file.
func looksSame(a, b int) bool {
	flagsA, errA := unix.FcntlInt(uintptr(a), unix.F_GETFL, 0)
	flagsB, errB := unix.FcntlInt(uintptr(b), unix.F_GETFL, 0)
	if errA != nil || errB != nil || flagsA != flagsB {
		return false
	}
	// Neither can be sought in if it is a pipe or a socket (ESPIPE).
	posA, errA := unix.Seek(a, 0, unix.SEEK_CUR)
	posB, errB := unix.Seek(b, 0, unix.SEEK_CUR)
	return posA == posB && (errA == nil) == (errB == nil)
}
