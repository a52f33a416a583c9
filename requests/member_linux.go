package requests

import (
	"bytes"
	"strconv"

	"golang.org/x/sys/unix"
)

// census knows which processes belong to the command: those whose parents, one after
// the other, lead to root. That is us, and as we are a subreaper (prctl(2)) whoever
// loses its parent gets us for one. What uid or namespace a process has does not
// matter.
type census struct {
	root  int
	known map[who]struct{}
	buf   [2048]byte // a whole /proc/PID/stat
}

// who is a sender as the kernel names it. The user is in it so that one of another
// user, who has got the pid of a member that has died, is looked at.
type who struct {
	pid int32
	uid uint32
}

// verdict says whose a process is.
type verdict uint8

const (
	member verdict = iota
	stranger
	gone
	hidden // we may not look at it, or cannot: another pid namespace
	torn   // its parents changed while they were looked at
)

const (
	// maxKnown bounds who is remembered, maxAncestors how far is climbed.
	maxKnown     = 4096
	maxAncestors = 1024
	// rounds is how often a climb is begun anew: parents may die meanwhile, but not
	// for ever.
	rounds = 4
)

// forget is for the next generation: a pid may belong to somebody else by then.
func (c *census) forget() { clear(c.known) }

// of says whose the process is. Members are remembered, others looked at each time: a
// pid that was a stranger's may be that of a member next.
func (c *census) of(pid int32, uid uint32) verdict {
	if pid <= 0 {
		return hidden
	}
	w := who{pid, uid}
	if _, ok := c.known[w]; ok {
		return member
	}
	v := torn
	for i := 0; i < rounds && v == torn; i++ {
		v = c.climb(int(pid))
	}
	if v == member {
		if len(c.known) >= maxKnown {
			clear(c.known)
		}
		c.known[w] = struct{}{}
	}
	return v
}

// climb goes from a process to its parent, and so on. A zombie still has one.
func (c *census) climb(pid int) verdict {
	at, born := pid, uint64(1<<64-1)
	for range maxAncestors {
		if at == c.root {
			return member
		}
		parent, start, err := c.parent(at)
		switch {
		case err == unix.ENOENT || err == unix.ESRCH:
			if at == pid {
				return gone
			}
			return torn
		case err != nil:
			return hidden
		case start > born:
			return torn // who is younger than its child has only taken the pid
		case parent == 0:
			return stranger
		}
		at, born = parent, start
	}
	return stranger
}

// parent reads who the parent of a process is, and when the process was started.
func (c *census) parent(pid int) (parent int, start uint64, err error) {
	fd, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/stat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, 0, err
	}
	n, err := unix.Read(fd, c.buf[:])
	unix.Close(fd)
	if err != nil {
		return 0, 0, err
	}
	parent, start, ok := parseParent(c.buf[:n])
	if !ok {
		return 0, 0, unix.EINVAL
	}
	return parent, start, nil
}

// parseParent takes fields 4 and 22 of /proc/PID/stat (proc_pid_stat(5)). The name,
// field 2, may hold anything, but what follows its last parenthesis are numbers.
func parseParent(b []byte) (parent int, start uint64, ok bool) {
	end := bytes.LastIndexByte(b, ')')
	if end < 0 || end+2 > len(b) {
		return 0, 0, false
	}
	rest := b[end+2:]
	for field := 3; field <= 22; field++ {
		var word []byte
		word, rest, _ = bytes.Cut(rest, space)
		switch field {
		case 4:
			n, ok := number(word, 1<<31-1)
			if !ok {
				return 0, 0, false
			}
			parent = int(n)
		case 22:
			start, ok = number(word, 1<<64-1)
		}
	}
	return parent, start, ok
}
