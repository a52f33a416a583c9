package supervise

import "relance/child"

// The sockets that are held for the command.

// passSockets gives them to the command. They come after all else that takes the place
// of a descriptor but readiness: their numbers may be those under which we have the others.
func (m *Machine) passSockets(s *child.Settings) {
	if m.sockets == nil {
		return
	}
	for _, end := range m.sockets.Ends() {
		s.Replace = append(s.Replace, child.Replacement(end))
	}
	s.Env = m.sockets.Env(s.Env)
}

// beginSockets is called before a spawn.
func (m *Machine) beginSockets(g *generation) error {
	if m.sockets == nil {
		return nil
	}
	entries, said := m.sockets.Begin(g.gen, m.alone(g))
	for _, line := range said {
		m.complain(g, line)
	}
	for _, entry := range entries {
		if err := g.spawner.SetEnv(entry); err != nil {
			return err
		}
	}
	return nil
}

// alone reports whether g is the only generation of which somebody may live.
func (m *Machine) alone(g *generation) bool {
	for _, each := range m.generations {
		if each != g && each.taken {
			return false
		}
	}
	return true
}
