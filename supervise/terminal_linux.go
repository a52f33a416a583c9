package supervise

import (
	"golang.org/x/sys/unix"

	"relance/restart"
)

// OnTerminal reports whether a terminal sends its signals to us and the child.
func (m *Machine) OnTerminal() bool { return m.terminal != nil }

// ChildStopped stops us along, where a shell manages both of us as one job.
func (m *Machine) ChildStopped(gen int, sig restart.Sig) {
	m.terminal.StopAlong(m.of(gen).pid, unix.Signal(sig))
}
