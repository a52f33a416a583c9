package supervise

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"relance/cgroup"
	"relance/child"
	"relance/output"
	"relance/requests"
	"relance/restart"
	"relance/signals"

	"golang.org/x/sys/unix"
)

// Ears are what hears a generation while it lives: what counts its requests and
// hears of them, and what carries its output. Each may be nil.
type Ears struct {
	Counter *requests.Counter
	Server  *requests.Server
	Output  *output.Carrier
}

// berth is where one generation at a time is: what is made for it once, and used
// again by those that follow. A worker has one, or two where it hands over.
type berth struct {
	Ears
	worker  int
	spawner *child.Spawner
	// pressured says that the child is told where to watch for memory pressure, and
	// marked which generation it is.
	pressured, marked bool
	taken             bool
}

// generation is what the machine has of one run of the command, until another one
// takes its berth.
type generation struct {
	*berth
	gen int
	// pid is of the child, until the next one.
	pid int
	// group is that of its tree, nil: it has none.
	group    *cgroup.Group
	memory   memory
	spending spending
	// clock tells when the child has used CPU time; nil before somebody asks.
	clock *signals.CPUTimer
	// kills counts the calls of KillTree.
	kills int
	// said is what was said of what could not be done, so that a thing tried again is
	// said once.
	said map[string]bool
}

// newBerth makes a berth for a worker; zero: there is only one.
func (m *Machine) newBerth(s Setup, worker int, ears Ears) (*berth, error) {
	b := &berth{Ears: ears, worker: worker, pressured: s.Place.Limited()}
	settings := *s.Settings
	settings.Replace = slices.Clone(settings.Replace)
	settings.Env = slices.Clone(settings.Env)
	if err := b.emptyInput(&settings); err != nil {
		return nil, err
	}
	b.replaceOutput(&settings)
	m.replaceStdio(&settings)
	m.passSockets(&settings)
	if m.prober != nil && m.prober.ChildEnd() >= 0 {
		settings.Replace = append(settings.Replace, child.Replacement{FD: s.ReadyFD, From: m.prober.ChildEnd()})
	}
	settings.Room = mostTold
	if numbered := s.Berths > 1 || worker > 0 || s.Numbered; numbered || s.Supervising {
		b.name(&settings, numbered)
	}
	if b.pressured {
		settings.Env = addPressureEnv(settings.Env)
	}
	b.makeRoom(&settings)
	var err error
	b.spawner, err = child.NewSpawner(&settings)
	return b, err
}

// emptyInput gives a worker /dev/null for its stdin, which it would share with the
// others, unless it has something else there.
func (b *berth) emptyInput(s *child.Settings) error {
	if b.worker == 0 || slices.ContainsFunc(s.Replace, func(r child.Replacement) bool { return r.FD == 0 }) {
		return nil
	}
	null, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open /dev/null for stdin: %w", err)
	}
	s.Replace = append(s.Replace, child.Replacement{FD: 0, From: null})
	return nil
}

// The environment in which a command finds which of several it is, and what became of
// the generation whose place it takes.
const (
	workerEnv     = "RELANCE_WORKER="
	generationEnv = "RELANCE_GENERATION="
	reasonEnv     = "RELANCE_REASON="
	lastExitEnv   = "RELANCE_LAST_EXIT="
	lastUptimeEnv = "RELANCE_LAST_UPTIME="
)

// name puts into the environment which worker it is, and makes room for what each
// generation is told. What we were told ourselves is about another command.
func (b *berth) name(s *child.Settings, numbered bool) {
	s.Env = slices.DeleteFunc(s.Env, func(entry string) bool {
		return slices.ContainsFunc([]string{workerEnv, generationEnv, reasonEnv, lastExitEnv, lastUptimeEnv}, func(name string) bool {
			return strings.HasPrefix(entry, name)
		})
	})
	if b.worker > 0 {
		s.Env = append(s.Env, workerEnv+strconv.Itoa(b.worker))
	}
	b.marked = numbered
}

// told is what a generation finds in its environment: its number, by which also an orphan
// of its tree is known, and what became of the one before it. The first one of a command
// that is alone, and need not know, is run as if bare.
func (g *generation) told(last restart.Last) []string {
	if !g.marked && last.Reason == "" {
		return nil
	}
	entries := []string{generationEnv + strconv.Itoa(g.gen)}
	if last.Reason == "" {
		return entries
	}
	entries = append(entries, reasonEnv+string(last.Reason), lastUptimeEnv+strconv.Itoa(int(last.Uptime/time.Second)))
	if e := last.Exit; e != nil && e.Signal != 0 {
		entries = append(entries, lastExitEnv+signals.Name(unix.Signal(e.Signal)))
	} else if e != nil {
		entries = append(entries, lastExitEnv+strconv.Itoa(e.Status()))
	}
	return entries
}

// mostTold is the most entries that told returns.
const mostTold = 4

// take returns the generation that is to be started, with a free berth of its worker.
func (m *Machine) take(s restart.Spawn) (*generation, error) {
	for _, b := range m.berths {
		if b.taken || b.worker != s.Worker {
			continue
		}
		b.taken = true
		// What was there before is of no interest any more.
		m.generations = slices.DeleteFunc(m.generations, func(g *generation) bool { return g.berth == b })
		g := &generation{berth: b, gen: s.Gen}
		m.generations = append(m.generations, g)
		return g, b.spawner.Append(g.told(s.Last))
	}
	return nil, fmt.Errorf("generation %d: no room for another one of worker %d", s.Gen, s.Worker)
}

// mark is the entry of the environment by which a generation is known; empty: there
// are no others.
func (g *generation) mark() string {
	if !g.marked {
		return ""
	}
	return generationEnv + strconv.Itoa(g.gen)
}

// of returns generation gen. Of one that is gone there is a last word; of one that
// never was there is nothing to know.
func (m *Machine) of(gen int) *generation {
	for _, g := range m.generations {
		if g.gen == gen {
			return g
		}
	}
	return &generation{berth: &berth{}, gen: gen, memory: memory{memories: m.memories}}
}
