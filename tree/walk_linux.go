package tree

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Member is one process of the tree as the last scan saw it.
type Member struct {
	Gen       int // the generation of its tree, [All] if none has begun or a list named it
	PID, PPID int
	State     byte // as in proc_pid_stat(5): R S D T t Z X I
	Threads   int
	Comm      string        // any bytes but NUL: print it with %q
	Start     uint64        // clock ticks since boot; with PID it names a process for ever
	CPU       time.Duration // user and system time used so far
	Waited    time.Duration // the same of the children it has waited for, and of theirs
}

// Alive reports whether m still runs code or could. A process whose first
// thread has left while others run is shown as a zombie, and is alive.
func (m Member) Alive() bool {
	return m.State != 'X' && m.State != 'x' && (m.State != 'Z' || m.Threads > 1)
}

// Walker finds the members of the trees of all generations. It belongs to one goroutine.
type Walker struct {
	root      int
	proc      *procDir
	procs     []proc // all processes of the last scan, by pid
	comms     []byte // their names
	path      []int  // scratch of judge
	found     []Member
	torn      bool           // something vanished during the last scan
	strangers map[int]uint64 // pid to start
	plainKill bool           // pidfds are not to be had
	ask       Ask
	noClocks  bool   // CPU clocks of other processes are not to be had
	around    []byte // the path of our own cgroup, once group has read it
	apart
}

// proc is a process of the machine during a scan.
type proc struct {
	stat
	verdict verdict
	// top is the index of the topmost ancestor below root, for who is inside; gen
	// and sure are what apart has found for it, in the topmost alone.
	top  int
	gen  int
	sure bool
}

type verdict uint8

const (
	unknown verdict = iota
	outside
	inside
	strange
	gone
)

// New returns a Walker for the descendants of root, the pid of the subreaper:
// relance itself. It keeps /proc open until Close.
func New(root int) (*Walker, error) {
	d, err := openProc()
	if err != nil {
		return nil, err
	}
	if _, err := d.stat(root); err != nil {
		unix.Close(d.fd)
		return nil, fmt.Errorf("read /proc/%d/stat: %w", root, err)
	}
	return &Walker{root: root, proc: d, strangers: map[int]uint64{}}, nil
}

// Close gives /proc back. The Walker must not be used afterwards.
func (w *Walker) Close() error { return unix.Close(w.proc.fd) }

// Members returns the members of a generation or of [All], by pid, zombies too.
// The slice is the caller's. Where /proc is mounted with hidepid, processes of
// other users are not seen. An error concerns a process that could not be read;
// the others are returned with it.
func (w *Walker) Members(gen int) ([]Member, error) {
	err := w.scan(gen)
	return slices.Clone(w.found), err
}

// IgnoreExisting makes strangers of all the descendants root has now. Call it
// before anything is started. What a stranger starts later is left out too, if
// a scan meets it before its stranger dies: an orphan shows no trace of whose
// it was.
func (w *Walker) IgnoreExisting() error {
	if w.root == unix.Getpid() {
		// The usual case costs one call: waitid(2) "ECHILD: The calling
		// process does not have any unwaited-for children."
		err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WSTOPPED|unix.WNOHANG|unix.WNOWAIT|unix.WALL, nil)
		if err == unix.ECHILD {
			return nil
		}
	}
	err := w.scan(All)
	for _, m := range w.found {
		w.strangers[m.PID] = m.Start
	}
	return err
}

// Ignore makes a stranger of a child of root that was just started, and is not of any
// tree, before anybody else looks. It must see to its own descendants: those that
// outlive it are members.
func (w *Walker) Ignore(pid int) error {
	s, err := w.proc.stat(pid)
	switch {
	case isGone(err):
		return nil
	case err != nil:
		return fmt.Errorf("read /proc/%d/stat: %w", pid, err)
	}
	w.strangers[pid] = s.start
	return nil
}

// scan reads every /proc/PID/stat and leaves the members of gen in w.found.
func (w *Walker) scan(gen int) error {
	w.procs, w.comms, w.found, w.torn = w.procs[:0], w.comms[:0], w.found[:0], false
	var failed error
	err := w.proc.each(func(pid int) {
		if p, err := w.look(pid); err != nil {
			failed = cmp.Or(failed, err)
		} else if p.verdict != gone {
			w.procs = append(w.procs, p)
		}
	})
	if err = errors.Join(err, failed); err != nil {
		w.torn = true
	}
	if !slices.IsSortedFunc(w.procs, byPID) {
		slices.SortFunc(w.procs, byPID)
	}
	w.mend()
	for i := range w.procs {
		w.judge(i)
	}
	if len(w.lives) > 1 {
		w.around = w.around[:0]
		w.settle(w.procs, w.root, w)
		if err == nil {
			w.forget(w.procs, w.torn)
		}
	}
	w.sift(gen, err == nil)
	return err
}

// look reads one process. Its verdict is gone when it cannot be seen any more.
func (w *Walker) look(pid int) (proc, error) {
	s, err := w.proc.stat(pid)
	switch {
	case err == nil:
		// The name must outlive the read buffer. If w.comms moves as it grows,
		// the names cut from it before stay where they are.
		at := len(w.comms)
		w.comms = append(w.comms, s.comm...)
		s.comm = w.comms[at:len(w.comms):len(w.comms)]
		return proc{stat: s}, nil
	case isGone(err):
		w.torn = true
		return proc{verdict: gone}, nil
	case isRefused(err): // hidepid
		return proc{verdict: gone}, nil
	}
	return proc{}, fmt.Errorf("read /proc/%d/stat: %w", pid, err)
}

// mend reads again the processes whose parent is not there or is younger than
// they are: the parent died during the scan, its pid may even have been taken
// by another process, and the kernel has given them a new parent, perhaps root.
func (w *Walker) mend() {
	const rounds = 3 // parents may die while we mend, but not for ever
	for range rounds {
		var late []proc
		lost := false
		for i := range w.procs {
			p := &w.procs[i]
			if p.verdict == gone || p.ppid == 0 || p.ppid == w.root || w.parent(p) >= 0 {
				continue
			}
			again, err := w.look(p.pid)
			switch {
			case err != nil || again.verdict == gone || again.start != p.start:
				p.verdict, lost = gone, true
				continue
			case again.ppid != p.ppid:
				p.ppid = again.ppid
			}
			if p.ppid == 0 || p.ppid == w.root || w.parent(p) >= 0 {
				continue
			}
			// The parent lives, but got its pid behind our back.
			if q, err := w.look(p.ppid); err == nil && q.verdict != gone {
				late = append(late, q)
			}
		}
		w.procs = slices.DeleteFunc(w.procs, func(p proc) bool { return p.verdict == gone })
		if len(late) == 0 && !lost {
			return
		}
		// The newer sight of a pid stands first and survives.
		w.procs = append(late, w.procs...)
		slices.SortStableFunc(w.procs, byPID)
		w.procs = slices.CompactFunc(w.procs, func(a, b proc) bool { return a.pid == b.pid })
	}
}

// judge climbs from process i until a verdict is known, and gives it to all it
// met on the way, with the topmost of them below root.
func (w *Walker) judge(i int) {
	w.path = w.path[:0]
	v, top := outside, 0
	for i >= 0 && len(w.path) <= len(w.procs) { // a torn scan may hold a cycle
		p := &w.procs[i]
		if p.verdict != unknown {
			v, top = p.verdict, p.top
			break
		}
		w.path = append(w.path, i)
		if start, ok := w.strangers[p.pid]; ok && start == p.start {
			v = strange
			break
		}
		if p.ppid == w.root {
			v, top = inside, i
			break
		}
		if p.ppid == 0 || p.pid == w.root {
			break
		}
		i = w.parent(p)
	}
	for _, i := range w.path {
		w.procs[i].verdict, w.procs[i].top = v, top
	}
}

// sift keeps the members of gen, and remembers as strangers the descendants of
// strangers. Dead strangers are forgotten after a whole scan only: one that
// merely could not be read must not become a member.
func (w *Walker) sift(gen int, whole bool) {
	for i := range w.procs {
		switch p := &w.procs[i]; p.verdict {
		case inside:
			g := w.generation(p)
			if gen != All && gen != g {
				continue
			}
			w.found = append(w.found, Member{
				Gen: g, PID: p.pid, PPID: p.ppid, State: p.state, Threads: p.threads,
				Comm: string(p.comm), Start: p.start, CPU: p.cpu, Waited: p.waited,
			})
		case strange:
			w.strangers[p.pid] = p.start
		}
	}
	if !whole {
		return
	}
	for pid, start := range w.strangers {
		if i, ok := find(w.procs, pid); !ok || w.procs[i].start != start {
			delete(w.strangers, pid)
		}
	}
}

// parent returns the index of p's parent, -1 if the scan does not hold it. A
// parent is never younger than its child: whoever adopts was an ancestor.
func (w *Walker) parent(p *proc) int {
	if i, ok := find(w.procs, p.ppid); ok && w.procs[i].start <= p.start {
		return i
	}
	return -1
}

func byPID(a, b proc) int { return cmp.Compare(a.pid, b.pid) }
