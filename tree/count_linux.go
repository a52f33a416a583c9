package tree

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Ask says what a look counts besides memory. What nobody asks for costs
// nothing, and its figures stay zero.
type Ask struct {
	// Files counts descriptors: of the member with the most of them or, with
	// ByShare, of the member that has used most of its own RLIMIT_NOFILE.
	Files, ByShare bool
	// Sockets counts the descriptors that are sockets. It costs one system call
	// for each descriptor of the tree.
	Sockets bool
	// CPU sums up the CPU time of the tree.
	CPU bool
}

// Counts is what was asked for by [Ask], and the tasks, which come for nothing.
// Zombies and kernel threads have no descriptors.
type Counts struct {
	// Files are the open descriptors of FilesWho. With Ask.ByShare FilesLimit is
	// its soft RLIMIT_NOFILE as it is now, and only members whose limit is known
	// are considered.
	Files      int
	FilesLimit uint64
	FilesWho   Member

	// Sockets are the sockets of SocketsWho, the member that has most: of all
	// families, listening or connected. No more than 2^20 descriptors of a
	// process are looked at.
	Sockets    int
	SocketsWho Member

	// Tasks are the threads of all living members; a process has at least one.
	Tasks int

	// CPUTotal is what the members have used, zombies and threads that are gone
	// included, and the children that they have waited for: see [Walker.cpu].
	CPUTotal time.Duration

	// Unseen says what could not be counted of one member at least, UnseenWho of
	// which; the figures are of the others. It has no pid in it, so that who
	// reports it can tell that it has done so before. It is no error of the look:
	// the descriptors of a process that is not dumpable or of another user are
	// hidden from who is not root, proc_pid_fd(5).
	Unseen    error
	UnseenWho Member
}

// Ask sets what each of the following looks counts.
func (w *Walker) Ask(a Ask) {
	w.ask = a
	if w.proc.links == nil && (a.Files || a.Sockets) {
		w.proc.links = make([]byte, linksSize)
	}
	if a.CPU {
		// Where our own clock cannot be read by our pid, nobody's can.
		_, err := ProcessCPU(unix.Getpid())
		w.noClocks = err != nil
	}
}

// Count counts what was asked for in the tree of a generation, or of [All], and measures no memory.
func (w *Walker) Count(gen int) (Counts, error) {
	scanned := w.scan(gen)
	c, err := w.count(w.found)
	return c, errors.Join(scanned, err)
}

// CountPIDs is Count for the processes of a list, such as cgroup.procs.
func (w *Walker) CountPIDs(pids []int) (Counts, error) {
	members, failed := w.listed(pids)
	c, err := w.count(members)
	return c, errors.Join(failed, err)
}

// count counts what was asked for. An error concerns a member that could not be
// counted for another reason than that it is gone or hidden.
func (w *Walker) count(members []Member) (c Counts, failed error) {
	note := func(m *Member, what string, err error) {
		switch {
		case isGone(err):
		case isRefused(err):
			if c.Unseen == nil {
				c.Unseen, c.UnseenWho = fmt.Errorf("%s: %w", what, err), *m
			}
		case failed == nil:
			failed = fmt.Errorf("%s of pid %d: %w", what, m.PID, err)
		}
	}
	for i := range members {
		m := &members[i]
		if !m.Alive() {
			continue
		}
		c.Tasks += m.Threads
		if w.ask.Files {
			if err := w.countFiles(m, &c); err != nil {
				note(m, "count the descriptors", err)
			}
		}
		if w.ask.Sockets {
			if err := w.countSockets(m, &c); err != nil {
				note(m, "count the sockets", err)
			}
		}
	}
	if w.ask.CPU {
		c.CPUTotal = w.cpu(members)
	}
	return c, failed
}

// countFiles counts the descriptors of m, and keeps them if it is the first of all.
func (w *Walker) countFiles(m *Member, c *Counts) error {
	var limit uint64
	n, err := w.proc.files(m.PID)
	if err == nil && w.ask.ByShare {
		limit, err = w.proc.fileLimit(m.PID)
	}
	if err != nil {
		return err
	}
	more := n > c.Files
	if w.ask.ByShare {
		// Both limits may be zero or infinite, and then a quotient is as well.
		more = n > 0 && (c.Files == 0 || float64(n)/float64(limit) > float64(c.Files)/float64(c.FilesLimit))
	}
	if more {
		c.Files, c.FilesLimit, c.FilesWho = n, limit, *m
	}
	return nil
}

// countSockets does the same for sockets. Who has no more descriptors than
// another has sockets is not looked through.
func (w *Walker) countSockets(m *Member, c *Counts) error {
	if n := w.proc.quickFiles(m.PID); n > 0 && n <= c.Sockets {
		return nil
	}
	n, err := w.proc.sockets(m.PID)
	if err == nil && n > c.Sockets {
		c.Sockets, c.SocketsWho = n, *m
	}
	return err
}
