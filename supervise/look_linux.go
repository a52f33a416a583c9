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
	// reaped is that of those whom this process has waited for.
	reaped time.Duration
	// most is the largest sum so far: a look may miss who is reaped during it.
	most time.Duration
}

// seen takes what a look saw of the members. Who dies goes from the one sum to the
// other.
func (s *spending) seen(members time.Duration) { s.most = max(s.most, members+s.reaped) }

// charge adds the CPU time of one that was reaped to that of its generation. Of an
// orphan nobody can tell any more whose it was: where several generations live, its
// time is nobody's.
func (m *Machine) charge(g *generation, c child.Change) {
	if g.pid == c.PID {
		g.spending.reaped += c.CPU
		return
	}
	var only *generation
	for _, each := range m.generations {
		switch {
		case !each.taken:
		case only != nil:
			return
		default:
			only = each
		}
	}
	if only != nil {
		only.spending.reaped += c.CPU
	}
}

// Look measures the tree. What the kernel counts need not be looked for in /proc.
func (m *Machine) Look(gen int, budget int64) (restart.Usage, error) {
	g := m.of(gen)
	pids, grouped := g.pids()
	// A child that has moved to another group, as container tools do, is found
	// as a descendant, and what the kernel counts is not of it.
	grouped = grouped && slices.Contains(pids, g.pid)
	u, counted, err := g.memory.usage()
	counted = counted && (grouped || g.memory.group == nil)
	switch {
	case counted && err != nil && !m.ask.Addressed:
		return u, err
	case counted && err == nil:
		u.Processes, budget = len(pids), 0
	default:
		counted, u = false, restart.Usage{}
	}
	s := sight{g: g, pids: pids, grouped: grouped, counted: counted, budget: budget}
	u, err = m.walk(u, s)
	m.spend(&u, s)
	u.Silent = g.silence()
	if g.Counter != nil {
		_, u.InFlight = g.Counter.Read()
		u.InFlightKnown = m.stdio != nil || g.Counter.KnowsInFlight()
	}
	return u, err
}

// sight is what a look starts from: the members of the group, if they are the whole
// tree, and whether the kernel has counted its memory.
type sight struct {
	g                *generation
	pids             []int
	grouped, counted bool
	budget           int64
}

// walk adds to u what is to be seen in /proc.
func (m *Machine) walk(u restart.Usage, s sight) (restart.Usage, error) {
	var seen tree.Usage
	var err error
	switch all := m.ask.Addressed || m.ask.Memory && !s.counted; {
	case all && s.grouped:
		seen, err = m.walker.MeasurePIDs(s.pids, s.budget)
	case all:
		seen, err = m.walker.Measure(s.g.gen, s.budget)
	case !m.ask.files() && !m.ask.Sockets && !m.ask.Tasks && (s.grouped || !m.ask.CPU):
		return u, nil // nothing that the kernel does not tell of the group
	case s.grouped:
		seen.Counts, err = m.walker.CountPIDs(s.pids)
	default:
		seen.Counts, err = m.walker.Count(s.g.gen)
	}
	if !s.counted {
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
	s.g.spending.seen(seen.CPUTotal)
	return u, err
}

// spend makes the CPU time of u that of the whole generation: as its group counts
// it, or else with what is dead and was waited for by us.
func (m *Machine) spend(u *restart.Usage, s sight) {
	if s.grouped {
		if used := s.g.group.Meter().CPU(); used > 0 {
			u.CPU = used
		}
		return
	}
	if m.ask.CPU {
		u.CPU = s.g.spending.most
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
func (m *Machine) Alarm(gen int, in time.Duration) {
	g := m.of(gen)
	used, err := tree.ProcessCPU(g.pid)
	if err == nil && g.clock == nil && !m.clockless {
		g.clock, err = signals.NewCPUTimer(g.pid)
	}
	if g.clock != nil && err == nil {
		err = g.clock.Arm(used + in)
	}
	// A child that is gone has no clock. Else there is none to be had here, and the
	// looks by the clock on the wall do, if later.
	m.clockless = m.clockless || err != nil && !errors.Is(err, unix.ESRCH) && !errors.Is(err, unix.EINVAL)
}
