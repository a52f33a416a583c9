package supervise

import (
	"relance/control"
	"relance/restart"
	"relance/tree"
)

// See measures the tree for people: its memory, CPU time and tasks in any case, and what
// the budgets are about.
func (m *Machine) See(gen int, budget int64) (restart.Usage, error) {
	ask := m.ask
	defer func() {
		m.ask = ask
		m.walker.Ask(ask.counts())
	}()
	m.ask.Memory, m.ask.CPU, m.ask.Tasks = true, true, true
	m.walker.Ask(m.ask.counts())
	return m.Look(gen, budget)
}

// Members are the processes of all trees, by pid.
func (m *Machine) Members() ([]control.Member, error) {
	found, err := m.walker.Members(tree.All)
	all := make([]control.Member, 0, len(found))
	for _, member := range found {
		all = append(all, control.Member{Member: member, Worker: m.of(member.Gen).worker})
	}
	return all, err
}
