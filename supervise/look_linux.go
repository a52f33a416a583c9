package supervise

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/restart"
	"relance/signals"
	"relance/tree"
)

// Ask says what a look is to see besides the memory budget.
type Ask struct {
	// Memory says that there is a memory budget, Addressed that RLIMIT_AS or
	// RLIMIT_DATA are to be watched.
	Memory, Addressed bool
	// MaxFiles is the bound on the descriptors of a process, or FilesPercent the
	// share of its RLIMIT_NOFILE that is.
	MaxFiles     int64
	FilesPercent int
	// Sockets, Tasks and CPU say whether these are counted.
	Sockets, Tasks, CPU bool
}

// files reports whether descriptors are counted.
func (a *Ask) files() bool { return a.MaxFiles > 0 || a.FilesPercent > 0 }

// counts is what the walk is to count.
func (a *Ask) counts() tree.Ask {
	return tree.Ask{Files: a.files(), ByShare: a.FilesPercent > 0, Sockets: a.Sockets, CPU: a.CPU}
}

// spending is the CPU time of a generation, the dead that we have waited for
// included.
type spending struct {
	// reaped is what this process had waited for before the generation began.
	reaped time.Duration
	// most is the largest sum so far: a look may miss who is reaped during it.
	most time.Duration
}

// seen takes what a look saw of the members, and what this process has waited for
// by now. The two are summed up before they are compared: who dies goes from the
// one to the other, and must not be left in the first.
func (s *spending) seen(members, reaped time.Duration) {
	s.most = max(s.most, members+reaped-s.reaped)
}

// Look measures the tree. What the kernel counts need not be looked for in /proc.
func (m *Machine) Look(_ int, budget int64) (restart.Usage, error) {
	pids, grouped := m.groups.pids()
	// A child that has moved to another group, as container tools do, is found
	// as a descendant, and what the kernel counts is not of it.
	grouped = grouped && slices.Contains(pids, m.pid)
	u, counted, err := m.memory.usage()
	counted = counted && (grouped || m.memory.group == nil)
	switch {
	case counted && err != nil && !m.ask.Addressed:
		return u, err
	case counted && err == nil:
		u.Processes, budget = len(pids), 0
	default:
		counted, u = false, restart.Usage{}
	}
	u, err = m.walk(u, pids, grouped, counted, budget)
	m.spend(&u, grouped)
	u.Silent = m.silence()
	if m.counter != nil {
		_, u.InFlight = m.counter.Read()
		u.InFlightKnown = m.stdio != nil || m.counter.KnowsInFlight()
	}
	return u, err
}

// walk adds to u what is to be seen in /proc.
func (m *Machine) walk(u restart.Usage, pids []int, grouped, counted bool, budget int64) (restart.Usage, error) {
	var seen tree.Usage
	var err error
	switch all := m.ask.Addressed || m.ask.Memory && !counted; {
	case all && grouped:
		seen, err = m.walker.MeasurePIDs(pids, budget)
	case all:
		seen, err = m.walker.Measure(m.gen, budget)
	case !m.ask.files() && !m.ask.Sockets && !m.ask.Tasks && (grouped || !m.ask.CPU):
		return u, nil // nothing that the kernel does not tell of the group
	case grouped:
		seen.Counts, err = m.walker.CountPIDs(pids)
	default:
		seen.Counts, err = m.walker.Count(m.gen)
	}
	if !counted {
		u.Memory = seen.Bytes
		u.CPU = max(seen.CPU, seen.CPUTotal)
	}
	if seen.Processes > 0 {
		u.Processes = seen.Processes
	}
	u.VMSize, u.VMData = max(seen.VMSize, seen.VMPeak), seen.VMData
	u.Files, u.FilesWho, u.FilesMax = int64(seen.Files), who(seen.FilesWho), m.ask.MaxFiles
	if m.ask.FilesPercent > 0 {
		u.FilesMax = shareOf(seen.FilesLimit, m.ask.FilesPercent)
	}
	u.Sockets, u.SocketsWho, u.Tasks = int64(seen.Sockets), who(seen.SocketsWho), int64(seen.Tasks)
	if seen.Unseen != nil {
		u.Unseen = fmt.Sprintf("%v (%s)", seen.Unseen, who(seen.UnseenWho))
	}
	m.spending.seen(seen.CPUTotal, child.Reaped())
	return u, err
}

// spend makes the CPU time of u that of the whole generation: as its group counts
// it, or else with what is dead and was waited for by us.
func (m *Machine) spend(u *restart.Usage, grouped bool) {
	if grouped {
		if used := m.groups.current.Meter().CPU(); used > 0 {
			u.CPU = used
		}
		return
	}
	if m.ask.CPU {
		u.CPU = m.spending.most
	}
}

// shareOf is a share of a limit, at least one; zero: there is no limit to speak of.
func shareOf(limit uint64, percent int) int64 {
	const most = 1 << 30 // more than Linux lets a process have (fs.nr_open)
	if limit > most {
		return 0
	}
	return max(int64(limit)*int64(percent)/100, 1)
}

// who names a process for people; nobody, if there is none. Its name is whatever
// the process has set it to.
func who(m tree.Member) string {
	if m.PID == 0 {
		return ""
	}
	name := strconv.Quote(m.Comm)
	if plain := name[1 : len(name)-1]; plain == m.Comm && plain != "" {
		name = plain
	}
	return fmt.Sprintf("%s, pid %d", name, m.PID)
}

// Alarm wakes us when the child has used in more of CPU time.
func (m *Machine) Alarm(_ int, in time.Duration) {
	used, err := tree.ProcessCPU(m.pid)
	if err == nil && m.clock == nil && !m.clockless {
		m.clock, err = signals.NewCPUTimer(m.pid)
	}
	if m.clock != nil && err == nil {
		err = m.clock.Arm(used + in)
	}
	// A child that is gone has no clock. Else there is none to be had here, and the
	// looks by the clock on the wall do, if later.
	m.clockless = m.clockless || err != nil && !errors.Is(err, unix.ESRCH) && !errors.Is(err, unix.EINVAL)
}
