package supervise

import (
	"time"

	"relance/child"
)

// replaceOutput gives the command what carries its output, where that is wanted.
func (m *Machine) replaceOutput(s *child.Settings) {
	if m.output == nil {
		return
	}
	for _, end := range m.output.Ends() {
		s.Replace = append(s.Replace, child.Replacement(end))
	}
}

// beginOutput says that a generation begins. A stream that could not be mended is
// as it was: who writes to it is told so by the kernel.
func (m *Machine) beginOutput(gen int) {
	if m.output == nil {
		return
	}
	if err := m.output.Begin(gen); err != nil {
		m.complain(err.Error())
	}
}

// Resumed says that a pause is over: who was paused could write nothing.
func (m *Machine) Resumed() {
	if m.output != nil {
		m.output.Resume()
	}
}

// silence is for how long nothing was written, zero where that is not known.
func (m *Machine) silence() time.Duration {
	if m.output == nil {
		return 0
	}
	return m.output.Silence()
}
