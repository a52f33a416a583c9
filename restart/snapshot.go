package restart

import "time"

// Standing is where one generation stands, or a slot that waits for the next one or has
// ended while others go on, for who asks how it goes.
type Standing struct {
	// Worker is the number of the slot, zero where there is only one. Gen is the
	// generation, and of a slot that has none the last one; PID is that of its child,
	// zero: there is none.
	Worker, Gen, PID int
	State            State
	// Ready reports whether it can do its work, as far as that is known; Why is why not,
	// as the last probe saw it.
	Ready bool
	Why   string
	// Started is when it was; the zero time: there is none, or it is on its way.
	Started time.Time
	// Next is when the state ends at the latest, by the stop signal, KILL or the next
	// try; the zero time: that is open, as while it is up.
	Next time.Time
	// Because is why it is being stopped, or why the last one has ended.
	Because Reason
	// Due is why it is to be recycled although it works on: until it is its turn, its gate
	// has opened, the window opens, a quiet moment comes or the next one is ready.
	Due Reason
	// Planned is when it is to be recycled by the clock, as that shows it, and Aged
	// whether for its age; the zero time: never.
	Planned time.Time
	Aged    bool
	// MaxRequests is how many requests it may serve; zero: any number.
	MaxRequests int64
}

// Snapshot tells where all generations stand, and which slots have none. It changes
// nothing. At the end of the whole it is empty.
func (c *Core) Snapshot() []Standing {
	if c.allGone() {
		return nil
	}
	var all []Standing
	for _, slot := range c.slots {
		for _, course := range slot.courses() {
			if course.state == Gone && !slot.gone() {
				continue // the other one is there
			}
			all = append(all, course.standing())
		}
	}
	return all
}

func (c *course) standing() Standing {
	g := &c.gen
	s := Standing{
		Worker: c.worker(), Gen: g.number, State: c.state, Ready: c.state == Running && g.ready.is, Why: g.ready.why,
		Because: g.because,
	}
	if c.state != Waiting && c.state != Gone {
		s.Started, s.MaxRequests = g.started, g.maxRequests
		if g.exit == nil {
			s.PID = g.pid
		}
	}
	if c.state != Running {
		s.Next = c.deadline
	} else {
		s.Planned, s.Aged = g.planned.due, g.planned.aged
		for _, because := range []Reason{g.turn, g.planned.deferred, g.quiet.because} { // one at most
			if because != "" {
				s.Due = because
			}
		}
	}
	return s
}
