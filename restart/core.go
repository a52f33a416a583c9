package restart

import "time"

// Core decides. It knows one slot or several: the places that always hold one
// generation each. The same state, the same event and the same now give the same
// actions. It is used by one goroutine.
type Core struct{ shared }

// shared is what the slots have in common.
type shared struct {
	policy Policy
	slots  []*slot
	// generations counts those of all slots: a generation has its number alone.
	generations int
	// gates counts those that were asked.
	gates int
	// turns are the recycles that wait for others to be over, in the order in which
	// they came.
	turns   []turn
	changes changes
	// observations counts the verdicts that were only said.
	observations int
	// inputEnded says that our stdin is at its end and the child has got all of it.
	inputEnded bool
	// ending says that somebody has asked for the end.
	ending bool
	// status and sig are how the slot has ended that did so last.
	status int
	sig    Sig
}

// New returns a core that waits for its first Step; see Start.
func New(p Policy) *Core {
	c := &Core{}
	c.policy = p
	return c
}

// Start asks for the first generation. If there are more slots, theirs follow when
// that one was started: what cannot be started at all is said once.
func (c *Core) Start(now time.Time) []Action { return c.open(now) }

// open begins the next slot.
func (s *shared) open(now time.Time) []Action {
	slot := newSlot(s, len(s.slots)+1)
	s.slots = append(s.slots, slot)
	return slot.at.spawn(now)
}

// openOthers begins all slots but the first.
func (s *shared) openOthers(now time.Time) []Action {
	var actions []Action
	for len(s.slots) < s.policy.Workers {
		actions = append(actions, s.open(now)...)
	}
	return actions
}

// State returns where the generation at hand in the first slot stands.
func (c *Core) State() State { return c.slots[0].at.state }

// Up reports whether the child of generation gen is up and nothing is wrong with it.
func (c *Core) Up(gen int) bool {
	course := c.course(gen)
	return course != nil && course.state == Running
}

// course returns the one of generation gen, nil if that is no more.
func (s *shared) course(gen int) *course {
	for _, slot := range s.slots {
		for _, c := range slot.courses() {
			if c.gen.number == gen {
				return c
			}
		}
	}
	return nil
}

// courses are all that there are.
func (s *shared) courses() []*course {
	all := make([]*course, 0, 2*len(s.slots))
	for _, slot := range s.slots {
		all = append(all, slot.courses()...)
	}
	return all
}

// Deadline returns when Step wants to be called with a Tick at the latest; the
// zero time means that there is nothing to wait for. A Tick that comes early or
// late does no harm.
func (c *Core) Deadline() time.Time {
	var at time.Time
	for _, slot := range c.slots {
		at = earliest(at, earliest(slot.retryDue(), slot.gateDue()))
		for _, course := range slot.courses() {
			at = earliest(at, course.due())
			if course.state == Running || course.state == Waiting {
				at = earliest(at, c.changes.due)
			}
		}
	}
	return at
}

// Step takes one event at a time and returns what is to be done. It is called by
// the loop only.
func (c *Core) Step(now time.Time, ev Event) []Action {
	var actions []Action
	if gen := generationOf(ev); gen != 0 {
		course := c.course(gen)
		if course == nil {
			return nil // of another generation: late, and no longer of interest
		}
		actions = course.step(now, ev)
	} else {
		actions = c.toAll(now, ev)
	}
	// What a gate that is closed has held up may have its turn then.
	actions = append(actions, c.settleGates()...)
	return append(actions, c.takeTurns(now)...)
}

// toAll takes an event that is about no generation.
func (c *Core) toAll(now time.Time, ev Event) []Action {
	var actions []Action
	switch ev := ev.(type) {
	case Touched:
		c.touched(now)
		return nil
	case Examined:
		return c.examined(now, ev)
	case GateOpened:
		return c.gateOpened(now, ev)
	case GateEnded:
		return c.gateEnded(now, ev)
	case InputEnded:
		c.inputEnded = true
	case StopAsked:
		c.ending = true
	case RestartAsked:
		for _, slot := range c.slots {
			actions = append(actions, slot.renew(now, ev)...)
		}
		return actions
	case Tick:
		if c.examines(now) {
			actions = c.examine(now)
		}
		for _, slot := range c.slots {
			slot.tick(now)
			actions = append(actions, slot.tickGate(now)...)
		}
	}
	for _, course := range c.courses() {
		actions = append(actions, course.step(now, ev)...)
	}
	return actions
}

// finish is called when a slot may have ended for good, and ends the whole if it was
// the last.
func (s *shared) finish() []Action {
	if !s.allGone() {
		return nil
	}
	return []Action{Quit{Status: s.status, Sig: s.sig}}
}

// allGone reports whether all slots have ended for good.
func (s *shared) allGone() bool {
	for _, slot := range s.slots {
		if !slot.gone() {
			return false
		}
	}
	return true
}
