package supervise

import (
	"fmt"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/restart"
	"relance/signals"
	"relance/tree"
)

// Machine is the real World.
type Machine struct {
	spawner  *child.Spawner
	terminal *child.Terminal
	walker   *tree.Walker
	// complain takes what an act could not do and nobody else can tell.
	complain func(string)
	// pid is of the child, until the next one.
	pid int
}

// NewMachine prepares to start the command of s. It makes this process the
// parent of every orphan of the tree.
func NewMachine(s *child.Settings, complain func(string)) (*Machine, error) {
	m := &Machine{terminal: child.OpenTerminal(), complain: complain}
	// Without a terminal, a signal to our process group is for us alone.
	s.OwnGroup = m.terminal == nil
	if err := child.Adopt(); err != nil {
		return nil, fmt.Errorf("become a subreaper: %w", err)
	}
	var err error
	if m.walker, err = tree.New(unix.Getpid()); err != nil {
		return nil, err
	}
	// A process that exec'd us may have had children: they are not of the tree.
	if err := m.walker.IgnoreExisting(); err != nil {
		return nil, err
	}
	m.spawner, err = child.NewSpawner(s)
	return m, err
}

// Spawn starts a generation and returns the pid of its child.
func (m *Machine) Spawn(gen int) (int, error) {
	if gen > 1 {
		m.terminal.Reclaim()
	}
	var err error
	m.pid, err = m.spawner.Spawn(nil)
	return m.pid, err
}

// OnTerminal reports whether a terminal sends its signals to us and the child.
func (m *Machine) OnTerminal() bool { return m.terminal != nil }

// Signal sends sig to the child.
func (m *Machine) Signal(pid int, sig restart.Sig) {
	if unix.Signal(sig) == unix.SIGCONT && child.Continued(pid) {
		return // by the shell, which let the whole group go on, and us in it
	}
	// The pid is ours until we reap it, so this cannot reach anybody else. A
	// zombie takes no notice; EPERM means that the child runs a setuid program.
	if err := unix.Kill(pid, unix.Signal(sig)); err != nil {
		m.complain(fmt.Sprintf("%s to pid %d: %v", signals.Name(unix.Signal(sig)), pid, err))
	}
}

// SignalTree sends sig to every process of the tree.
func (m *Machine) SignalTree(sig restart.Sig) {
	if _, err := m.walker.Signal(unix.Signal(sig)); err != nil {
		m.complain(fmt.Sprintf("%s to the tree: %v", signals.Name(unix.Signal(sig)), err))
	}
}

// KillTree ends every process of the tree by force.
func (m *Machine) KillTree() {
	if _, err := m.walker.Kill(); err != nil {
		m.complain(fmt.Sprintf("kill the tree: %v", err))
	}
}

// Look measures the tree.
func (m *Machine) Look(budget int64) (restart.Usage, error) {
	u, err := m.walker.Measure(budget)
	return restart.Usage{
		Memory: u.Bytes, Processes: u.Processes, CPU: u.CPU, VMSize: max(u.VMSize, u.VMPeak), VMData: u.VMData,
	}, err
}

// Reap takes one change of a child of this process.
func (m *Machine) Reap() (child.Change, child.Wait) { return child.Reap() }

// TreeLeft counts the living processes of the tree.
func (m *Machine) TreeLeft() int {
	members, err := m.walker.Members()
	if err != nil {
		m.complain(fmt.Sprintf("look at the tree: %v", err))
	}
	n := 0
	for _, member := range members {
		if member.Alive() {
			n++
		}
	}
	return n
}

// Over is called when the tree is empty.
func (m *Machine) Over() {}

// ChildStopped stops us along, where a shell manages both of us as one job.
func (m *Machine) ChildStopped(sig restart.Sig) { m.terminal.StopAlong(m.pid, unix.Signal(sig)) }
