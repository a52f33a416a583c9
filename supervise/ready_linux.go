package supervise

// Whether a generation can do its work, where somebody outside it finds out.

// beginReady prepares to find that out, before the generation is spawned.
func (m *Machine) beginReady(g *generation) error {
	if m.prober == nil {
		return nil
	}
	return m.prober.Begin(g.gen, g.worker)
}

// readySpawned is called when the generation was spawned, or could not be.
func (m *Machine) readySpawned(g *generation, ok bool) {
	if m.prober == nil {
		return
	}
	if m.prober.Spawned(); !ok {
		m.prober.End(g.gen)
	}
}

// Probe asks for one try.
func (m *Machine) Probe(gen int) {
	if m.prober != nil {
		m.prober.Ask(gen)
	}
}

// endReady is called when the tree is empty.
func (m *Machine) endReady(gen int) {
	if m.prober != nil {
		m.prober.End(gen)
	}
}
