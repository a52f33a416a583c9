package supervise

import (
	"fmt"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/restart"
	"relance/signals"
)

// The signals that reach a child, or its whole tree.

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
		m.complain(m.ofChild(pid), fmt.Sprintf("%s to pid %d: %v", signals.Name(unix.Signal(sig)), pid, err))
	}
}

// Queue sends sig with a value to the child.
func (m *Machine) Queue(pid int, sig restart.Sig, value uint64) {
	if err := signals.Queue(pid, unix.Signal(sig), value); err != nil {
		m.complain(m.ofChild(pid), fmt.Sprintf("%s with a value to pid %d: %v", signals.Name(unix.Signal(sig)), pid, err))
	}
}

// SignalTree sends sig to every process of the tree.
func (m *Machine) SignalTree(gen int, sig restart.Sig) {
	if _, err := m.walker.Signal(gen, unix.Signal(sig)); err != nil {
		m.complain(m.of(gen), fmt.Sprintf("%s to the tree: %v", signals.Name(unix.Signal(sig)), err))
	}
}

// KillTree ends every process of the tree by force: at once and as a whole where
// the tree is in a group of its own, else one by one. Where the group did not
// help, because something was moved out of it, the second call goes one by one.
func (m *Machine) KillTree(gen int) {
	g := m.of(gen)
	g.kills++
	if g.killGroup() && g.kills == 1 {
		return
	}
	if _, err := m.walker.Kill(gen); err != nil {
		m.complain(g, fmt.Sprintf("kill the tree: %v", err))
	}
}
