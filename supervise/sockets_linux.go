package supervise

import (
	"relance/child"
	"relance/listen"
)

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

// endSockets is called when the tree of g is empty: it may have taken a file along that
// others need.
func (m *Machine) endSockets(g *generation) {
	if m.sockets == nil || m.alone(g) {
		return // the next one gets another
	}
	for _, line := range m.sockets.Missed() {
		m.complain(g, line)
	}
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

// NoteAddresses remembers on which addresses the tree listens that is to leave. A
// program that does not give one back in time, or leaves somebody behind who has it,
// keeps the next one from starting.
func (m *Machine) NoteAddresses(gen int) {
	if m.bound == nil {
		m.bound = map[int][]listen.Bound{}
	}
	m.bound[m.of(gen).worker] = listen.Listening(m.members(gen))
}

// TellTaken says who has an address that the last generation had. One that hands over
// and binds by itself is in its own way.
func (m *Machine) TellTaken(gen int) {
	g := m.of(gen)
	bound := m.bound[g.worker]
	if len(bound) == 0 {
		return
	}
	var others []int
	for _, each := range m.generations {
		if each.taken && each.worker != g.worker {
			others = append(others, m.members(each.gen)...)
		}
	}
	if who := listen.Taken(bound, others); who != "" {
		m.complain(g, who)
	}
}

// members are the pids of a tree, as far as they can be seen.
func (m *Machine) members(gen int) []int {
	members, _ := m.walker.Members(gen)
	pids := make([]int, len(members))
	for i, each := range members {
		pids[i] = each.PID
	}
	return pids
}
