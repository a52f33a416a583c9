package supervise

import (
	"encoding/base64"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/child"
	"relance/place"
	"relance/restart"
)

// memories is what the memory of all generations is watched with.
type memories struct {
	place   *place.Place
	limits  cgroup.Limits
	trigger *cgroup.Trigger
	// user is whom the command runs as, nil: as we do.
	user    *child.Account
	watcher *cgroup.Watcher
	// around measures the group around us, in which the groups of the generations
	// are or the tree itself is; nil where nobody measures it.
	around *cgroup.Meter
	// total measures the group around those of all generations; nil: there is none.
	total *cgroup.Meter
}

// memory watches what the kernel tells of the memory of one generation: of its own
// group, or of the group around us.
type memory struct {
	*memories
	// group is that of the generation, nil without one; base is what around had
	// counted when the generation began, ooms what the limits of around and of total
	// themselves had led to.
	group   *cgroup.Group
	watches []*cgroup.Watch
	base    cgroup.Counters
	ooms    [2]int64
	// kills is how many OOM kills were known when victim was asked for.
	kills  int64
	victim string
}

func openMemories(s Setup) (*memories, error) {
	m := &memories{place: s.Place, limits: s.Limits, trigger: s.Pressure, user: s.Settings.Identity.As}
	if s.Place.Source == place.Proc {
		return m, nil
	}
	if around, err := s.Place.OpenMeter(); err == nil {
		m.around = &around
	}
	if total, limited := s.Place.Total(); limited {
		m.total = &total
	}
	var err error
	m.watcher, err = cgroup.NewWatcher()
	return m, err
}

// begin arms the watches of a generation, before anything runs in it.
func (m *memory) begin(all *memories, gen int, group *cgroup.Group) error {
	m.memories = all
	if m.around != nil {
		m.base = m.around.Counters()
	}
	m.ooms = m.above()
	switch m.place.Source {
	case place.Cgroup:
		m.group = group
		return m.arm(gen, group.Meter())
	case place.Container:
		if m.around != nil {
			// It tells of OOM kills; the budget is looked after by the clock, which
			// goes on without.
			_ = m.watch(m.watcher.Watch(*m.around, "memory.events", gen))
		}
	}
	return nil
}

func (m *memory) arm(gen int, meter cgroup.Meter) error {
	// It tells when the last process has left the group: the child, for what it
	// starts later is where it is. And when the first one comes, which costs one
	// wake-up and keeps the child from being gone before we look.
	err := m.watch(m.watcher.Watch(meter, "cgroup.events", gen))
	if err == nil && m.place.CountsMemory() {
		err = m.watch(m.watcher.Watch(meter, "memory.events", gen))
	}
	if err == nil && m.limits.PIDsMax != nil {
		err = m.watch(m.watcher.Watch(meter, "pids.events", gen))
	}
	if err == nil && m.trigger != nil {
		err = m.watch(m.watcher.Pressure(meter, *m.trigger, gen))
	}
	return err
}

func (m *memory) watch(w *cgroup.Watch, err error) error {
	if err == nil {
		m.watches = append(m.watches, w)
	}
	return err
}

// rearm lets the next change be told.
func (m *memory) rearm() {
	for _, w := range m.watches {
		// It fails only for a descriptor that is not open.
		_ = w.Rearm()
	}
}

// end takes the watches of a generation away.
func (m *memory) end() {
	for _, w := range m.watches {
		_ = w.Close()
	}
	m.watches = m.watches[:0]
}

// close ends all watching.
func (m *memories) close() {
	if m.watcher != nil {
		_ = m.watcher.End()
	}
}

// setHigh puts memory.high to the budget, or out of the way.
func (m *memory) setHigh(bytes int64) error {
	if m.group == nil || m.limits.MemoryHigh == nil {
		return nil
	}
	return m.group.SetHigh(bytes)
}

// above is how often the limit of the group around us, and that of the one around all
// generations, left no way out. What others have come to at limits of their own is not
// counted there.
func (m *memories) above() (ooms [2]int64) {
	for i, meter := range []*cgroup.Meter{m.around, m.total} {
		if meter != nil {
			ooms[i] = meter.OOMs()
		}
	}
	return ooms
}

// counters are those of the generation, since its start.
func (m *memory) counters() restart.Counters {
	for _, w := range m.watches {
		w.Seen() // what is in the answer is not to be told again
	}
	var own cgroup.Counters
	var above [2]int64
	switch {
	case m.group != nil:
		own, above = m.group.Meter().Counters(), m.above()
		above[0], above[1] = above[0]-m.ooms[0], above[1]-m.ooms[1]
	case m.place.Source == place.Container && m.around != nil:
		own = m.around.Counters().Since(m.base)
	case m.place.Source != place.Container:
		return restart.Counters{}
	}
	c := restart.Counters{
		High: own.High, Max: own.Max, OOM: own.OOM, OOMKill: own.OOMKill,
		PIDsMax: own.PIDsMax, OOMAbove: above[0], OOMTotal: above[1], Peak: own.Peak,
	}
	if own.OOMKill > m.kills && m.group != nil {
		m.kills, m.victim = own.OOMKill, m.group.Victim()
	}
	c.Victim = m.victim
	return c
}

// escaped reports whether the child pid, which is not reaped, has left the group
// of the generation.
func (m *memory) escaped(pid int) bool {
	if m.group == nil {
		return false
	}
	inside, err := m.group.Holds(pid)
	return err == nil && !inside
}

// usage measures the tree where the kernel counts it; counted is false where it
// does not.
func (m *memory) usage() (u restart.Usage, counted bool, err error) {
	meter := m.around
	if m.group != nil {
		own := m.group.Meter()
		meter = &own
	}
	if m.place.Source == place.Proc || meter == nil {
		return u, false, nil
	}
	mem, err := meter.Memory()
	if errors.Is(err, cgroup.ErrNoController) {
		return u, false, nil // a group for pressure, pids or CPU time alone
	}
	if err != nil {
		return u, true, err
	}
	return restart.Usage{
		Memory: mem.Unreclaimable(), Exact: true, Stalled: mem.Stalled, CPU: meter.CPU(),
	}, true, nil
}

// The environment in which systemd tells a program where to watch for memory
// pressure (systemd's MEMORY_PRESSURE): the file, and what to write to it.
const (
	pressureWatch = "MEMORY_PRESSURE_WATCH="
	pressureWrite = "MEMORY_PRESSURE_WRITE="
)

// childTrigger is the threshold that systemd hands to its services by default.
var childTrigger = cgroup.Trigger{Stall: 200 * time.Millisecond, Window: 2 * time.Second}

// addPressureEnv makes room for the two variables at the end of env. Those that we
// were given ourselves are about the group around us, and give way.
func addPressureEnv(env []string) []string {
	var out []string
	for _, entry := range env {
		if !strings.HasPrefix(entry, pressureWatch) && !strings.HasPrefix(entry, pressureWrite) {
			out = append(out, entry)
		}
	}
	write := base64.StdEncoding.EncodeToString(childTrigger.Command())
	return append(out, pressureWatch, pressureWrite+write)
}

// beginPressure tells the next generation where to watch.
func (m *Machine) beginPressure(g *generation) error {
	if !g.pressured {
		return nil
	}
	return g.spawner.SetEnv(g.memory.pressureEntry(g.group))
}

// pressureEntry is the variable for one group. /dev/null says that there is
// nothing to watch (systemd's MEMORY_PRESSURE), as on a kernel with psi=0. The file is
// given to the user of the command, if that is another one: it has to write to it.
func (m *memory) pressureEntry(g *cgroup.Group) string {
	const file = "memory.pressure"
	if unix.Faccessat(g.FD(), file, unix.R_OK, 0) != nil {
		return pressureWatch + "/dev/null"
	}
	if m.user != nil {
		// Where we may not, the command is told so when it opens the file.
		_ = unix.Fchownat(g.FD(), file, int(m.user.UID), -1, 0)
	}
	return pressureWatch + filepath.Join(g.Path(), file)
}
