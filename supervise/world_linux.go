package supervise

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/child"
	"relance/files"
	"relance/output"
	"relance/place"
	"relance/requests"
	"relance/restart"
	"relance/signals"
	"relance/stdio"
	"relance/tree"
)

// Machine is the real World.
type Machine struct {
	spawner  *child.Spawner
	terminal *child.Terminal
	walker   *tree.Walker
	groups   groups
	memory   *memory
	// output is nil where it is not carried, files where nothing is watched;
	// unseen is what was said last of what cannot be watched.
	output *output.Carrier
	files  *files.Watch
	unseen string
	// counter counts what the command serves, server hears it; nil: nobody does.
	// requestsEnv is the place of its sockets in the environment of the child.
	counter     *requests.Counter
	server      *requests.Server
	requestsEnv int
	// stdio carries them, nil: nobody does. limited says that they are counted.
	stdio   *stdio.Broker
	limited bool
	// gen is the generation at hand.
	gen int
	// pressureEnv is the place of MEMORY_PRESSURE_WATCH in the environment of the
	// child, -1 for none.
	pressureEnv int
	// ask is what a look is to see, and spending what it cannot.
	ask      Ask
	spending spending
	// clock tells when the child has used CPU time; nil before somebody asks, or
	// where that cannot be had, which clockless says.
	clock     *signals.CPUTimer
	clockless bool
	// kills counts the calls of KillTree for this generation.
	kills int
	// say takes what an act could not do and nobody else can tell; said is what
	// it took of this generation, so that a thing tried again is said once.
	say  func(string)
	said map[string]bool
	// settled is called once, when the first generation has been started.
	settled func()
	// pid is of the child, until the next one.
	pid int
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
	// Output carries what is written to stdout and stderr, nil: nobody does.
	Output *output.Carrier
	// Files are those that are watched, nil: none is.
	Files *files.Watch
	// Counter counts requests, Server hears of them; nil: nobody does.
	Counter *requests.Counter
	Server  *requests.Server
	// Stdio carries stdin and stdout, nil: nobody does. Limited says that Count will
	// be called for each generation.
	Stdio   *stdio.Broker
	Limited bool
	// Say takes lines for people; Settled is called once, when the first generation
	// has been started.
	Say     func(string)
	Settled func()
}

// NewMachine prepares to start the command of s. It makes this process the
// parent of every orphan of the tree.
func NewMachine(s Setup) (*Machine, error) {
	m := &Machine{
		terminal: child.OpenTerminal(), groups: groups{place: s.Place}, pressureEnv: -1,
		ask: s.Ask, output: s.Output, files: s.Files, counter: s.Counter, server: s.Server, stdio: s.Stdio, limited: s.Limited, say: s.Say, settled: s.Settled,
	}
	m.replaceOutput(s.Settings)
	m.replaceStdio(s.Settings)
	// Without a terminal, a signal to our process group is for us alone.
	s.Settings.OwnGroup = m.terminal == nil
	if err := child.Adopt(); err != nil {
		return nil, fmt.Errorf("become a subreaper: %w", err)
	}
	var err error
	if m.memory, err = openMemory(s); err != nil {
		return nil, err
	}
	if s.Place.Limited() {
		s.Settings.Env, m.pressureEnv = addPressureEnv(s.Settings.Env)
	}
	m.makeRoom(s.Settings)
	if m.walker, err = tree.New(unix.Getpid()); err != nil {
		return nil, err
	}
	m.walker.Ask(s.Ask.counts())
	// A process that exec'd us may have had children: they are not of the tree.
	if err := m.walker.IgnoreExisting(); err != nil {
		return nil, err
	}
	m.spawner, err = child.NewSpawner(s.Settings)
	return m, err
}

// Spawn starts a generation and returns the pid of its child.
func (m *Machine) Spawn(s restart.Spawn) (int, error) {
	gen := s.Gen
	if gen > 1 {
		m.terminal.Reclaim()
	}
	m.gen = gen
	m.kills, m.spending = 0, spending{reaped: child.Reaped()}
	clear(m.said)
	m.beginOutput(gen)
	m.beginTree(gen)
	pid, err := m.spawn(gen)
	m.groups.clear()
	if gen == 1 {
		m.tellStale()
		m.settled()
	}
	switch {
	case err != nil:
		m.memory.end()
		m.groups.leave() // nothing came to be in it
		m.walker.End(gen)
	case gen > 1:
		// It has been relaunched once, so it will be again.
		m.groups.prepare(gen + 1)
	}
	m.pid = pid
	return pid, err
}

func (m *Machine) spawn(gen int) (int, error) {
	group, err := m.groups.enter(gen)
	if err != nil {
		return 0, err
	}
	if err := m.memory.begin(gen, m.groups.current); err != nil {
		return 0, err
	}
	if m.pressureEnv >= 0 {
		if err := m.spawner.SetEnv(m.pressureEnv, pressureEntry(m.groups.current)); err != nil {
			return 0, err
		}
	}
	if err := m.beginRequests(gen); err != nil {
		return 0, err
	}
	if err := m.beginStdio(gen); err != nil {
		return 0, err
	}
	pid, err := m.spawner.Spawn(group)
	if errors.Is(err, child.ErrNoEntry) && m.groups.giveUp() {
		pid, err = m.spawner.Spawn(nil)
	}
	m.stdioSpawned(err == nil)
	if err == nil {
		m.treeStarted(gen, pid)
	}
	return pid, err
}

// complain says once for each generation what could not be done.
func (m *Machine) complain(what string) {
	if m.said[what] {
		return
	}
	if m.said == nil {
		m.said = map[string]bool{}
	}
	m.said[what] = true
	m.say(what)
}

// Signal sends sig to the child.
func (m *Machine) Signal(pid int, sig restart.Sig) {
	if unix.Signal(sig) == unix.SIGCONT {
		if child.Continued(pid) {
			return // by the shell, which let the whole group go on, and us in it
		}
		// What we do is not to be taken for the shell's the next time.
		defer child.Continued(pid)
	}
	// The pid is ours until we reap it, so this cannot reach anybody else. A
	// zombie takes no notice; EPERM means that the child runs a setuid program.
	if err := unix.Kill(pid, unix.Signal(sig)); err != nil {
		m.complain(fmt.Sprintf("%s to pid %d: %v", signals.Name(unix.Signal(sig)), pid, err))
	}
}

// Queue sends sig with a value to the child.
func (m *Machine) Queue(pid int, sig restart.Sig, value uint64) {
	if err := signals.Queue(pid, unix.Signal(sig), value); err != nil {
		m.complain(fmt.Sprintf("%s with a value to pid %d: %v", signals.Name(unix.Signal(sig)), pid, err))
	}
}

// SignalTree sends sig to every process of the tree.
func (m *Machine) SignalTree(gen int, sig restart.Sig) {
	if _, err := m.walker.Signal(gen, unix.Signal(sig)); err != nil {
		m.complain(fmt.Sprintf("%s to the tree: %v", signals.Name(unix.Signal(sig)), err))
	}
}

// KillTree ends every process of the tree by force: at once and as a whole where
// the tree is in a group of its own, else one by one. Where the group did not
// help, because something was moved out of it, the second call goes one by one.
func (m *Machine) KillTree(gen int) {
	m.kills++
	if m.groups.kill() && m.kills == 1 {
		return
	}
	if _, err := m.walker.Kill(gen); err != nil {
		m.complain(fmt.Sprintf("kill the tree: %v", err))
	}
}

// RunChanges sends what the kernel tells of the groups to out. It is a source: it
// runs in a goroutine of its own, and returns when there is nothing to tell.
func (m *Machine) RunChanges(out chan<- cgroup.Change) {
	if m.memory.watcher != nil {
		m.memory.watcher.Run(out)
	}
}

// Headroom takes memory.high away, so that the tree can leave, or puts it back.
func (m *Machine) Headroom(_ int, on bool) {
	var err error
	if on {
		err = m.memory.setHigh(cgroup.NoLimit)
	} else {
		err = m.memory.setHigh(*m.memory.limits.MemoryHigh)
	}
	if err != nil {
		m.complain(err.Error())
	}
}

// Watch lets the next change of the group's files be told.
func (m *Machine) Watch(_ int) { m.memory.rearm() }

// Counters are what the kernel has counted since the generation began.
func (m *Machine) Counters(_ int) restart.Counters { return m.memory.counters() }

// Dying reports whether the child was killed and is not dead yet.
func (m *Machine) Dying(_ int) bool { return child.Dying(m.pid) }

// Escaped reports whether the child has left the group of its generation.
func (m *Machine) Escaped(_ int) bool { return m.memory.escaped(m.pid) }

// Reap takes one change of a child of this process.
func (m *Machine) Reap() (child.Change, child.Wait) {
	c, wait := child.Reap()
	if wait == child.Found && c.PID == m.pid && c.Stopped == 0 && m.clock != nil {
		_ = m.clock.Close() // of a process that is no more
		m.clock = nil
	}
	return c, wait
}

// Over is called when the tree is empty.
func (m *Machine) Over(gen int) {
	m.endRequests()
	m.memory.end()
	m.walker.End(gen)
	m.groups.leave()
}

// Close takes away what was made on this machine, but for the place itself.
func (m *Machine) Close() {
	m.memory.close()
	m.groups.close()
}
