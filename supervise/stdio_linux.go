package supervise

import "relance/child"

// What is carried between our stdin and stdout and the command's.

// replaceStdio gives the command our pipes for its stdin and stdout.
func (m *Machine) replaceStdio(s *child.Settings) {
	if m.stdio == nil {
		return
	}
	in, out := m.stdio.Ends()
	s.Replace = append(s.Replace, child.Replacement{FD: 0, From: in}, child.Replacement{FD: 1, From: out})
}

// beginStdio makes the pipes of a generation. Until it is known how many requests it
// may serve it is handed one at most.
func (m *Machine) beginStdio(g *generation) error {
	if m.stdio == nil {
		return nil
	}
	if m.limited {
		m.stdio.Limit(1)
	}
	return m.stdio.Begin(g.gen)
}

// stdioSpawned hands the command its requests, or takes the pipes back.
func (m *Machine) stdioSpawned(ok bool) {
	if m.stdio != nil {
		m.stdio.Spawned(ok)
	}
}

// CloseInput closes the stdin of the child.
func (m *Machine) CloseInput(_ int) {
	if m.stdio != nil {
		m.stdio.CloseInput()
	}
}

// endStdio is called when the tree is empty.
func (m *Machine) endStdio(gen int) {
	if m.stdio != nil {
		m.stdio.End(gen)
	}
}

// Settles reports whether it is told later what becomes of the requests of a tree
// that is empty.
func (m *Machine) Settles() bool { return m.stdio != nil }
