package supervise

import "relance/restart"

// Heard is called when a watched file was touched: what is touched from now on
// tells that somebody is still writing.
func (m *Machine) Heard() { m.files.Quiet() }

// Examine says which watched files have changed. While somebody is writing to
// them it looks only if now is set.
func (m *Machine) Examine(now bool) restart.Examined {
	if !m.files.Quiet() && !now {
		return restart.Examined{}
	}
	paths, err := m.files.Examine()
	if deaf := m.files.Listen(); err == nil {
		err = deaf
	}
	switch {
	case err == nil:
		m.unseen = ""
	case err.Error() != m.unseen:
		m.unseen = err.Error()
		m.say("watch files: " + m.unseen + "; what cannot be seen counts as unchanged")
	}
	ev := restart.Examined{Settled: true}
	if len(paths) > 0 {
		ev.Path, ev.More = paths[0], len(paths)-1
	}
	return ev
}
