package tree

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// How Usage.Bytes was found.
const (
	PSS = "pss" // shared pages count once, divided among those who map them
	RSS = "rss" // shared pages count in every process: the bound
)

// Usage is what the living members hold. Zombies and kernel threads hold nothing.
type Usage struct {
	// Bytes cannot be reclaimed: anonymous memory, mapped shared memory and
	// swap. Mapped files and the page cache are not in it.
	Bytes     int64
	Processes int
	// Exact reports that Bytes is no bound: every member was measured by PSS.
	Exact  bool
	Method string // PSS, or RSS if any member had to be counted so

	// Largest is the member that holds most, and LargestBytes what it holds.
	Largest      Member
	LargestBytes int64

	// The largest VmSize, VmData and VmPeak, each of any single process, since
	// RLIMIT_AS and RLIMIT_DATA count per process.
	VMSize, VMData, VMPeak int64

	// CPU is what the living members have used. It falls when one dies.
	CPU time.Duration

	// Counts is what [Walker.Ask] has asked for.
	Counts
}

// Measure returns what the tree of a generation, or of [All], holds, in two steps. The first sums the bound
// of each member. PSS is never above RSS, so a bound below the budget is good
// enough and comes back as it is. Only when it reaches the budget, the second
// step reads the PSS of each member, which makes the kernel walk its pages, and
// waits for a member that is changing its memory map. A budget of 0 or less
// asks for the bound only.
//
// On Linux 6.2 and later the kernel keeps the bound by per-CPU counters, which
// may be some MiB off for a process with threads on many CPUs.
func (w *Walker) Measure(gen int, budget int64) (Usage, error) {
	scanned := w.scan(gen)
	u, err := w.measure(w.found, budget)
	c, uncounted := w.count(w.found)
	u.Counts = c
	return u, errors.Join(scanned, err, uncounted)
}

// MeasurePIDs is Measure for the processes of a list, such as cgroup.procs.
func (w *Walker) MeasurePIDs(pids []int, budget int64) (Usage, error) {
	members, failed := w.listed(pids)
	u, err := w.measure(members, budget)
	c, uncounted := w.count(members)
	u.Counts = c
	return u, errors.Join(failed, err, uncounted)
}

// listed reads the processes of a list, each once, by pid.
func (w *Walker) listed(pids []int) ([]Member, error) {
	var failed error
	members := make([]Member, 0, len(pids))
	for _, pid := range pids {
		s, err := w.proc.stat(pid)
		switch {
		case err == nil:
			members = append(members, Member{
				PID: s.pid, PPID: s.ppid, State: s.state, Threads: s.threads,
				Comm: string(s.comm), Start: s.start, CPU: s.cpu, Waited: s.waited,
			})
		case !isGone(err):
			failed = cmp.Or(failed, fmt.Errorf("read /proc/%d/stat: %w", pid, err))
		}
	}
	slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(a.PID, b.PID) })
	return slices.CompactFunc(members, func(a, b Member) bool { return a.PID == b.PID }), failed
}

// share is what one member holds.
type share struct {
	bytes, vmSize int64
}

// measure does both steps for members, which are sorted by pid.
func (w *Walker) measure(members []Member, budget int64) (Usage, error) {
	u := Usage{Method: RSS}
	shares := make([]share, len(members))
	var failed error
	for i, m := range members {
		if !m.Alive() {
			continue
		}
		s, err := w.status(m)
		if err != nil {
			if !isGone(err) {
				failed = cmp.Or(failed, fmt.Errorf("read /proc/%d/status: %w", m.PID, err))
			}
			continue
		}
		u.Processes++
		u.CPU += m.CPU
		u.VMSize, u.VMData, u.VMPeak = max(u.VMSize, s.vmSize), max(u.VMData, s.vmData), max(u.VMPeak, s.vmPeak)
		shares[i] = share{bytes: s.held(), vmSize: s.vmSize}
	}
	u.total(members, shares)
	if budget <= 0 || u.Bytes < budget {
		return u, failed
	}

	u.Exact, u.Method = true, PSS
	shared := make([]bool, len(members))
	for i := range members {
		shared[i] = w.sharesParent(members, shares, i)
	}
	for i, m := range members {
		if shared[i] {
			shares[i].bytes = 0
			continue
		}
		if shares[i].bytes == 0 {
			continue
		}
		n, exact, err := w.exact(m)
		if err != nil {
			failed = cmp.Or(failed, fmt.Errorf("measure pid %d: %w", m.PID, err))
		} else {
			shares[i].bytes = n
		}
		if !exact {
			u.Exact, u.Method = false, RSS
		}
	}
	u.total(members, shares)
	return u, failed
}

// total sums the shares and names the largest.
func (u *Usage) total(members []Member, shares []share) {
	u.Bytes, u.Largest, u.LargestBytes = 0, Member{}, 0
	for i, s := range shares {
		u.Bytes = sum(u.Bytes, s.bytes)
		if s.bytes > u.LargestBytes {
			u.Largest, u.LargestBytes = members[i], s.bytes
		}
	}
}

// status reads the status of m. When its first thread has left while others
// run, the file of the process has no sizes; those of the threads have.
func (w *Walker) status(m Member) (status, error) {
	b, err := w.proc.read(m.PID, "status")
	if err != nil {
		return status{}, err
	}
	s := parseStatus(b)
	if s.state != 'Z' || s.threads <= 1 {
		return s, nil
	}
	tid, err := w.proc.thread(m.PID)
	if err != nil {
		return status{}, err
	}
	if b, err = w.proc.read(tid, "status"); err != nil {
		return status{}, err
	}
	return parseStatus(b), nil
}

// exact returns what m holds by PSS. Where that is refused or unknown it is the
// bound as it is now, and exact is false. A member that has left holds nothing.
func (w *Walker) exact(m Member) (n int64, exact bool, err error) {
	b, err := w.proc.read(m.PID, "smaps_rollup")
	if err == nil {
		if r, ok := parseRollup(b); ok {
			return r.held(), true, nil
		}
	} else if !isGone(err) && !isRefused(err) {
		return 0, false, err
	}
	// ENOENT may also mean a kernel without this file, and ESRCH a process
	// that has given up its memory but not yet its pid.
	s, err := w.status(m)
	if err != nil {
		if isGone(err) {
			err = nil
		}
		return 0, err == nil, err
	}
	return s.held(), s.held() == 0, nil
}

// sharesParent reports whether member i runs in its parent's memory: between
// vfork(2) and exec. PSS does not see that, both show all of it, and a program
// that starts many others would seem to hold twice what it does. Where kcmp(2)
// is refused we cannot know, and count both.
func (w *Walker) sharesParent(members []Member, shares []share, i int) bool {
	m := members[i]
	j, ok := slices.BinarySearchFunc(members, m.PPID, func(m Member, pid int) int { return cmp.Compare(m.PID, pid) })
	if !ok || shares[i].bytes == 0 || shares[i].vmSize != shares[j].vmSize {
		return false
	}
	const kcmpVM = 1 // KCMP_VM of linux/kcmp.h
	r, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(m.PPID), uintptr(m.PID), kcmpVM, 0, 0, 0)
	return errno == 0 && r == 0
}

// thread returns a thread of pid other than its first.
func (d *procDir) thread(pid int) (int, error) {
	path := append(strconv.AppendInt(d.path[:0], int64(pid), 10), "/task\x00"...)
	fd, err := openat(d.fd, path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	other := 0
	err = (&procDir{fd: fd}).each(func(tid int) {
		if tid != pid {
			other = tid
		}
	})
	if other == 0 && err == nil {
		err = unix.ESRCH
	}
	return other, err
}
