package supervise

import (
	"strings"

	"relance/child"
)

// What the command serves, as it says itself or as its output shows.

// listenedTo are the variables by which a command finds who listens to it, in the
// order in which a Server returns the first two. Those that we were given ourselves
// are about us: it is not the command's to answer for us (sd_notify(3)).
func listenedTo() []string {
	return []string{"NOTIFY_SOCKET=", "RELANCE_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID="}
}

// makeRoom puts places for the two sockets at the end of the environment.
func (b *berth) makeRoom(s *child.Settings) {
	if b.Server == nil {
		return
	}
	var env []string
	for _, entry := range s.Env {
		ours := false
		for _, name := range listenedTo() {
			ours = ours || strings.HasPrefix(entry, name)
		}
		if !ours {
			env = append(env, entry)
		}
	}
	s.Env = append(env, listenedTo()[:2]...)
}

// beginRequests starts the count of a generation, before it is spawned.
func (m *Machine) beginRequests(g *generation) error {
	if g.Counter != nil {
		g.Counter.Begin(g.gen)
	}
	if g.Server == nil {
		return nil
	}
	env, err := g.Server.Begin(g.gen)
	for _, entry := range env {
		if err == nil {
			err = g.spawner.SetEnv(entry)
		}
	}
	return err
}

// endRequests is called when the tree is empty: what it has said until then counts.
func (m *Machine) endRequests(g *generation) {
	if g.Server != nil {
		g.Server.End()
	}
	m.endStdio(g.gen)
}

// Count asks to be told when so many requests were served; what we carry ends there.
func (m *Machine) Count(gen int, until int64) {
	if c := m.of(gen).Counter; c != nil {
		c.Until(until)
	}
	if m.stdio != nil {
		m.stdio.Limit(int(until))
	}
}

// Drain lets nothing new come, and asks to be told when nothing is in flight. What
// we carry is drained only when the broker has heard of it: it asks then.
func (m *Machine) Drain(gen int) bool {
	g := m.of(gen)
	if g.Server != nil {
		g.Server.Drain()
	}
	if m.stdio != nil {
		m.stdio.Drain()
		return false
	}
	if g.Counter != nil {
		g.Counter.Idle()
	}
	return true
}

// Requests are the figures.
func (m *Machine) Requests(gen int) (served, inFlight int64) {
	g := m.of(gen)
	if g.Counter == nil {
		return 0, 0
	}
	return g.Counter.Read()
}
