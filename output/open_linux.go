package output

import "golang.org/x/sys/unix"

// kind is what a stream goes to, as far as it matters how it is copied.
type kind uint8

const (
	// toFile: a file, or a device that only takes bytes (/dev/full).
	toFile kind = iota
	// toNobody: /dev/null.
	toNobody
	// toPipe: a pipe without a name, whose reader goes for good.
	toPipe
	// toFIFO: one with a name, which others may open when its reader has gone.
	toFIFO
	// toSocket: a stream socket.
	toSocket
	// toTerminal: carried only where lines are to be whole.
	toTerminal
)

// waits reports whether a write to it waits for a reader, and poll(2) tells when it
// would not.
func (k kind) waits() bool { return k == toPipe || k == toFIFO || k == toTerminal }

// Why a stream is not carried: it is not there, or what writes to it would notice.
const (
	closedWhy   = "closed"
	terminalWhy = "a terminal"
)

// goal is where a stream goes to.
type goal struct {
	fd   int
	name string
	kind kind
	// against is why it cannot be carried.
	against string
	// outlet is where lines stay whole; nil: nowhere.
	outlet *outlet
}

// goals are those of descriptors 1 and 2.
type goals struct {
	of [3]goal
	// one is whether they are one open file.
	one bool
}

// lookAt looks at the descriptors out and errs, which need not be 1 and 2. Closed says
// which of 0, 1 and 2 were closed when relance was started.
func lookAt(out, errs int, closed [3]bool) *goals {
	g := &goals{one: !closed[1] && !closed[2] && sameOpenFile(out, errs)}
	g.of[1], g.of[2] = goal{fd: out, name: "stdout"}, goal{fd: errs, name: "stderr"}
	for fd := 1; fd <= 2; fd++ {
		to := &g.of[fd]
		if to.kind, to.against = examine(to.fd); closed[fd] {
			to.against = closedWhy
		}
	}
	return g
}

// Open makes the pipes for those of stdout and stderr that want is about: one for
// both if they are one open file, as after 2>&1, so that the order of what is
// written is kept. closed says which of the descriptors 0, 1 and 2 were closed when
// relance was started, say takes lines for people, and is called by the goroutines
// of Run too. An error says why there is nothing that could be carried, an
// [UncountedError] why lines cannot be counted.
func Open(closed [3]bool, say func(string), want Want) (*Carrier, error) {
	return open(1, 2, closed, say, want)
}

func open(out, errs int, closed [3]bool, say func(string), want Want) (*Carrier, error) {
	all, err := openAll(1, lookAt(out, errs, closed), say, func(int) Want { return want })
	if err != nil {
		return nil, err
	}
	return all.Carriers[0], nil
}

// open makes the carrier that is wanted. What is left out is told to say.
func (g *goals) open(say, leftOut func(string), want Want) (_ *Carrier, err error) {
	c := &Carrier{say: say}
	defer func() {
		if err != nil {
			c.discard()
		}
	}()
	for fd := 1; fd <= 2; fd++ {
		to := g.of[fd]
		switch {
		case want.against(to) != "" || !want.carries(fd, to) && !(g.one && want.keeps(2)):
		case len(c.streams) > 0 && g.one:
			both := c.streams[0]
			both.fds, both.name = append(both.fds, fd), both.name+" and "+to.name
		default:
			if err := c.add(fd, to, want, want.keeps(fd) || g.one && want.keeps(2)); err != nil {
				return nil, err
			}
		}
	}
	if err := want.refuse(g, leftOut); err != nil {
		return nil, err
	}
	return c, nil
}

// discard takes back what has been made.
func (c *Carrier) discard() {
	for _, s := range c.streams {
		if s.read >= 0 {
			unix.Close(s.read)
			unix.Close(s.write)
		}
		s.close()
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
			return toTerminal, terminalWhy
		}
		// Of other devices each write may be a record of its own, as of /dev/kmsg.
		switch major, minor := unix.Major(st.Rdev), unix.Minor(st.Rdev); {
		case major == 1 && minor == devNull:
			return toNobody, ""
		case major != 1 || minor != devFull:
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
