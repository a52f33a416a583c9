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
func (m *Machine) makeRoom(s *child.Settings) {
	m.requestsEnv = -1
	if m.server == nil {
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
	m.requestsEnv = len(env)
	s.Env = append(env, listenedTo()[:2]...)
}

// beginRequests starts the count of a generation, before it is spawned.
func (m *Machine) beginRequests(gen int) error {
	if m.counter != nil {
		m.counter.Begin(gen)
	}
	if m.server == nil {
		return nil
	}
	env, err := m.server.Begin(gen)
	for i, entry := range env {
		if err == nil {
			err = m.spawner.SetEnv(m.requestsEnv+i, entry)
		}
	}
	return err
}

// endRequests is called when the tree is empty: what it has said until then counts.
func (m *Machine) endRequests() {
	if m.server != nil {
		m.server.End()
	}
	m.endStdio()
}

// Count asks to be told when so many requests were served; what we carry ends there.
func (m *Machine) Count(_ int, until int64) {
	if m.counter != nil {
		m.counter.Until(until)
	}
	if m.stdio != nil {
		m.stdio.Limit(int(until))
	}
}

// Drain lets nothing new come, and asks to be told when nothing is in flight. What
// we carry is drained only when the broker has heard of it: it asks then.
func (m *Machine) Drain(_ int) bool {
	if m.server != nil {
		m.server.Drain()
	}
	if m.stdio != nil {
		m.stdio.Drain()
		return false
	}
	if m.counter != nil {
		m.counter.Idle()
	}
	return true
}

// Requests are the figures.
func (m *Machine) Requests(_ int) (served, inFlight int64) {
	if m.counter == nil {
		return 0, 0
	}
	return m.counter.Read()
}
