package supervise

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/child"
	"relance/files"
	"relance/listen"
	"relance/place"
	"relance/ready"
	"relance/restart"
	"relance/stdio"
	"relance/tree"
)

// Machine is the real World.
type Machine struct {
	terminal *child.Terminal
	walker   *tree.Walker
	groups   groups
	memories *memories
	// berths are where generations can be, generations those that are, and the last of
	// each berth.
	berths      []*berth
	generations []*generation
	// files is nil where nothing is watched; unseen is what was said last of what
	// cannot be watched.
	files  *files.Watch
	unseen string
	// sockets are those that are held for the command, nil: none is.
	sockets *listen.Held
	// stdio carries requests, nil: nobody does. limited says that they are counted.
	stdio   *stdio.Broker
	limited bool
	prober  *ready.Prober
	// bound are the addresses on which the last generation of each worker listened.
	bound map[int][]listen.Bound
	// ask is what a look is to see.
	ask Ask
	// clockless says that the CPU time of others cannot be waited for here.
	clockless bool
	// hooks are children of ours that are no part of any tree.
	hooks map[int]bool
	// say takes what an act could not do and nobody else can tell.
	say func(string)
}

// Setup is what a Machine is made of.
type Setup struct {
	Settings *child.Settings
	Place    *place.Place
	// Limits are what each generation's group is given, Pressure the trigger that
	// is armed on it, or nil.
	Limits   cgroup.Limits
	Pressure *cgroup.Trigger
	// Ask says what else is to be seen.
	Ask Ask
	// Files are those that are watched, nil: none is.
	Files *files.Watch
	// Sockets are held for the command, nil: none is.
	Sockets *listen.Held
	// Workers is how many there are, zero for one that has no number, and Berths how
	// many generations may live at once; Ears has one for each of these, those of the
	// first worker first.
	Workers, Berths int
	Ears            []Ears
	// Numbered says that the command is told the number of its generation also where
	// only one lives at a time and it is the first. Supervising is false where nothing
	// was asked for beyond running the command.
	Numbered, Supervising bool
	// Stdio carries stdin and stdout, nil: nobody does. Limited says that Count will
	// be called for each generation.
	Stdio   *stdio.Broker
	Limited bool
	// Prober finds out whether a generation is ready, nil: nobody asks. ReadyFD is the
	// descriptor by which the child says so, where it does.
	Prober  *ready.Prober
	ReadyFD int
	// Say takes lines for people.
	Say func(string)
}

// NewMachine prepares to start the command of s. It makes this process the
// parent of every orphan of the tree.
func NewMachine(s Setup) (*Machine, error) {
	m := &Machine{
		terminal: child.OpenTerminal(), groups: groups{place: s.Place}, files: s.Files, sockets: s.Sockets, stdio: s.Stdio, limited: s.Limited,
		prober: s.Prober, ask: s.Ask, say: s.Say,
	}
	// Without a terminal, a signal to our process group is for us alone.
	s.Settings.OwnGroup = m.terminal == nil
	if err := child.Adopt(); err != nil {
		return nil, fmt.Errorf("become a subreaper: %w", err)
	}
	var err error
	if m.memories, err = openMemories(s); err != nil {
		return nil, err
	}
	if m.walker, err = tree.New(unix.Getpid()); err != nil {
		return nil, err
	}
	m.walker.Ask(s.Ask.counts())
	// A process that exec'd us may have had children: they are not of the tree.
	if err := m.walker.IgnoreExisting(); err != nil {
		return nil, err
	}
	for i := range s.Berths {
		worker := 0
		if s.Workers > 0 {
			worker = 1 + i/(s.Berths/s.Workers)
		}
		b, err := m.newBerth(s, worker, s.Ears[i])
		if err != nil {
			return nil, err
		}
		m.berths = append(m.berths, b)
	}
	return m, nil
}

// Spawn starts a generation and returns the pid of its child.
func (m *Machine) Spawn(s restart.Spawn) (int, error) {
	if s.Gen > 1 {
		m.terminal.Reclaim()
	}
	g, err := m.take(s)
	if err == nil {
		m.beginOutput(g)
		m.beginTree(g)
		g.pid, err = m.spawn(g)
	}
	m.groups.clear()
	if s.Gen == 1 {
		m.tellStale()
	}
	switch {
	case err != nil && g == nil:
		return 0, err
	case err != nil:
		m.walker.End(g.gen)
		m.leave(g) // nothing came to be in it
	default:
		m.treeStarted(g)
	}
	if err == nil && s.Gen > 1 {
		// It has been relaunched once, so it will be again.
		m.groups.prepare(s.Gen + 1)
	}
	return g.pid, err
}

func (m *Machine) spawn(g *generation) (int, error) {
	entry, err := m.groups.enter(g)
	if err != nil {
		return 0, err
	}
	if err := g.memory.begin(m.memories, g.gen, g.group); err != nil {
		return 0, err
	}
	for _, begin := range []func(*generation) error{m.beginPressure, m.beginRequests, m.beginSockets, m.beginStdio, m.beginReady} {
		if err := begin(g); err != nil {
			return 0, err
		}
	}
	pid, err := g.spawner.Spawn(entry)
	if errors.Is(err, child.ErrNoEntry) && m.groups.giveUp(g) {
		pid, err = g.spawner.Spawn(nil)
	}
	m.stdioSpawned(err == nil)
	m.readySpawned(g, err == nil)
	return pid, err
}

// leave frees the berth of a generation of which nothing is left.
func (m *Machine) leave(g *generation) {
	g.memory.end()
	m.groups.leave(g)
	g.taken = false
}

// complain says once for each generation what could not be done.
func (m *Machine) complain(g *generation, what string) {
	if g.said[what] {
		return
	}
	if g.said == nil {
		g.said = map[string]bool{}
	}
	g.said[what] = true
	m.say(what)
}

// ofChild returns the generation whose child is pid.
func (m *Machine) ofChild(pid int) *generation {
	for _, g := range m.generations {
		if g.pid == pid {
			return g
		}
	}
	return m.of(0)
}

// RunChanges sends what the kernel tells of the groups to out. It is a source: it
// runs in a goroutine of its own, and returns when there is nothing to tell.
func (m *Machine) RunChanges(out chan<- cgroup.Change) {
	if m.memories.watcher != nil {
		m.memories.watcher.Run(out)
	}
}

// Headroom takes memory.high away, so that the tree can leave, or puts it back.
func (m *Machine) Headroom(gen int, on bool) {
	g := m.of(gen)
	var err error
	if on {
		err = g.memory.setHigh(cgroup.NoLimit)
	} else {
		err = g.memory.setHigh(*m.memories.limits.MemoryHigh)
	}
	if err != nil {
		m.complain(g, err.Error())
	}
}

// Watch lets the next change of the group's files be told.
func (m *Machine) Watch(gen int) { m.of(gen).memory.rearm() }

// Counters are what the kernel has counted since the generation began.
func (m *Machine) Counters(gen int) restart.Counters { return m.of(gen).memory.counters() }

// Dying reports whether the child was killed and is not dead yet.
func (m *Machine) Dying(gen int) bool { return tree.Dying(m.of(gen).pid) }

// Escaped reports whether the child has left the group of its generation.
func (m *Machine) Escaped(gen int) bool {
	g := m.of(gen)
	return g.memory.escaped(g.pid)
}

// Reap takes one change of a child of this process.
func (m *Machine) Reap() (child.Change, child.Wait) {
	c, wait := child.Reap()
	if wait != child.Found || c.Stopped != 0 {
		return c, wait
	}
	if m.hooks[c.PID] {
		delete(m.hooks, c.PID)
		return c, wait
	}
	g := m.ofChild(c.PID)
	if g.clock != nil {
		_ = g.clock.Close() // of a process that is no more
		g.clock = nil
	}
	m.charge(g, c)
	return c, wait
}

// TreeLeft counts the living processes of the tree.
func (m *Machine) TreeLeft(gen int) int {
	n, err := m.walker.Left(gen)
	if g := m.of(gen); n == 0 && err == nil && (!m.alone(g) || len(m.hooks) > 0) {
		// Whoever forks and dies all the time may be missed by a walk, and wait4(2)
		// cannot say that nobody is left where others live.
		pids, _ := g.pids()
		n = len(pids)
	}
	if err != nil {
		m.complain(m.of(gen), fmt.Sprintf("look at the tree: %v", err))
	}
	return n
}

// Over is called when the tree is empty.
func (m *Machine) Over(gen int) {
	g := m.of(gen)
	m.endRequests(g)
	m.endReady(gen)
	m.endSockets(g)
	if g.Output != nil {
		g.Output.End()
	}
	m.walker.End(gen)
	m.leave(g)
}

// Close takes away what was made on this machine, but for the place itself.
func (m *Machine) Close() {
	for _, g := range m.generations {
		m.leave(g)
	}
	m.memories.close()
	m.groups.close()
}
