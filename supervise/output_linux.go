package supervise

import (
	"time"

	"relance/child"
)

// replaceOutput gives the command what carries its output, where that is wanted.
func (b *berth) replaceOutput(s *child.Settings) {
	if b.Output == nil {
		return
	}
	for _, end := range b.Output.Ends() {
		s.Replace = append(s.Replace, child.Replacement(end))
	}
}

// beginOutput says that a generation begins. A stream that could not be mended is
// as it was: who writes to it is told so by the kernel.
func (m *Machine) beginOutput(g *generation) {
	if g.Output == nil {
		return
	}
	if err := g.Output.Begin(g.gen); err != nil {
		m.complain(g, err.Error())
	}
}

// Resumed says that a pause is over: who was paused could write nothing.
func (m *Machine) Resumed() {
	for _, b := range m.berths {
		if b.Output != nil {
			b.Output.Resume()
		}
	}
}

// silence is for how long nothing was written, zero where that is not known.
func (g *generation) silence() time.Duration {
	if g.Output == nil {
		return 0
	}
	return g.Output.Silence()
}
