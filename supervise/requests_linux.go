package supervise

// Count, Drain and Requests are about what the command serves, as it says.

// Count asks to be told when so many requests were served.
func (m *Machine) Count(until int64) {
	if m.counter != nil {
		m.counter.Until(until)
	}
}

// Drain asks to be told when nothing is in flight.
func (m *Machine) Drain() {
	if m.counter != nil {
		m.counter.Idle()
	}
}

// Requests are the figures.
func (m *Machine) Requests() (served, inFlight int64) {
	if m.counter == nil {
		return 0, 0
	}
	return m.counter.Read()
}

// CloseInput closes the stdin of the child.
func (m *Machine) CloseInput() {}

// Settles reports whether the end of a tree is followed by more.
func (m *Machine) Settles() bool { return false }
