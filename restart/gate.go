package restart

import "time"

// What a planned recycle waits for last of all: a command of the user that lets it go
// on (Policy.Gate). It may hold what it has got, a lock of a fleet for instance, until
// the next generation is up, and is told to end then.

// GatePolicy says what follows when the gate does not open.
type GatePolicy uint8

const (
	// GateWait: it is asked again after a while, and nothing is recycled before.
	GateWait GatePolicy = iota
	// GateProceed: the recycle goes ahead.
	GateProceed
)

// gateState is where the gate of a slot stands.
type gateState uint8

const (
	// gateShut: nobody has asked, or the answer was no.
	gateShut gateState = iota
	// gateAsked: its command runs.
	gateAsked
	// gateOpen: it has let a recycle go on, which is not over.
	gateOpen
	// gateClosing: its command was told to end, and is still there.
	gateClosing
)

// gate is what is known of the gate of one slot.
type gate struct {
	state gateState
	// number is that of the command that was asked last, and held says that it is there.
	number int
	held   bool
	// gen is the generation that is to be recycled.
	gen int
	// due is when it must be open (gateAsked), and retry when it is asked again (gateShut,
	// gateClosing); the zero time: never.
	due, retry time.Time
	// told is what people were told last of a refusal, and waits that they know of the
	// wait.
	told  string
	waits bool
	// wanted is when somebody has asked last for another generation, and skipped says that
	// the recycle goes on without the gate.
	wanted  time.Time
	skipped bool
	backoff backoff
}

// busy reports whether a recycle waits for the gate, or is under way behind it.
func (g *gate) busy() bool { return g.state == gateAsked || g.state == gateOpen }

// noAnswer stands for the refusal of a gate that has not opened in time.
const noAnswer = "no answer"

// askGate asks the gate to let the generation at hand be recycled. Where it is open
// still, since what has come is not up yet, it need not be asked.
func (c *course) askGate(now time.Time) []Action {
	t := &c.slot.gate
	if t.state == gateOpen {
		t.gen = c.gen.number
		return c.begin(now)
	}
	c.gates++
	t.state, t.number, t.held, t.gen = gateAsked, c.gates, true, c.gen.number
	t.due, t.retry = after(now, c.policy.GateTimeout), time.Time{}
	open := OpenGate{Gate: t.number, Gen: t.gen, Worker: c.worker(), Reason: c.gen.turn}
	if t.waits {
		return []Action{open}
	}
	t.waits = true
	r := c.ofTurn(now, Gated)
	r.In = c.policy.GateTimeout
	return []Action{r, open}
}

// slotOfGate returns the one whose gate has that number; nil: none has it any more.
func (s *shared) slotOfGate(number int) *slot {
	for _, slot := range s.slots {
		if slot.gate.number == number {
			return slot
		}
	}
	return nil
}

// gateOpened: the command has what it is there for, and goes on running.
func (s *shared) gateOpened(now time.Time, ev GateOpened) []Action {
	slot := s.slotOfGate(ev.Gate)
	if slot == nil || slot.gate.state != gateAsked {
		return nil
	}
	return slot.passGate(now)
}

// gateEnded: the command is no more. One that ends well is a gate that is open.
func (s *shared) gateEnded(now time.Time, ev GateEnded) []Action {
	slot := s.slotOfGate(ev.Gate)
	if slot == nil {
		return nil
	}
	t := &slot.gate
	t.held = false
	switch t.state {
	case gateAsked:
		if ev.Err != "" {
			return slot.gateFailed(now, ev.Err)
		}
		return slot.passGate(now)
	case gateClosing:
		t.state = gateShut
	case gateOpen:
		r := slot.at.passing(now, GateLost)
		r.Err = ev.Err
		return []Action{r}
	case gateShut:
		// It was told to end before the answer came.
	}
	return nil
}

// passGate lets the recycle go on that has waited for the gate. The window may be
// closed again by then.
func (s *slot) passGate(now time.Time) []Action {
	t, c := &s.gate, s.at
	if c.waitsFor() != nil {
		// Another one has failed meanwhile: nobody is to wait for what this one holds.
		s.turns = append(s.turns, turn{course: c})
		return s.closeGate()
	}
	t.state, t.told, t.waits = gateOpen, "", false
	t.backoff.forget()
	if actions, deferred := c.tooLate(now); deferred {
		return actions
	}
	return c.begin(now)
}

// gateFailed: the answer was no, or none has come in time.
func (s *slot) gateFailed(now time.Time, why string) []Action {
	t, c := &s.gate, s.at
	actions := s.closeGate()
	r := c.ofTurn(now, GateFailed)
	r.Err, r.Failures = why, 0
	if why == noAnswer {
		r.Err, r.Waited = "", c.policy.GateTimeout
	}
	if c.policy.GatePolicy == GateProceed {
		t.told, t.waits = "", false
		s.skipGate()
		return append(actions, r)
	}
	r.In = t.backoff.delay(&c.policy)
	t.retry = now.Add(r.In)
	if t.told == why {
		return actions
	}
	t.told, r.Failures = why, t.backoff.failures
	return append(actions, r)
}

// tickGate does what is due.
func (s *slot) tickGate(now time.Time) []Action {
	t := &s.gate
	switch {
	case t.state == gateAsked && due(t.due, now):
		return s.gateFailed(now, noAnswer)
	case due(t.retry, now):
		t.retry = time.Time{}
		s.turns = append(s.turns, turn{course: s.at, told: true})
	}
	return nil
}

// gateDue is when to do something by the clock; the zero time: never.
func (s *slot) gateDue() time.Time {
	if s.gate.state == gateAsked {
		return s.gate.due
	}
	return s.gate.retry
}

// gateAskedAgain: somebody asks for another generation while this one is to be recycled.
// Who asks twice does not wait for the gate, now or when it is the turn of the slot.
func (c *course) gateAskedAgain(now time.Time) []Action {
	t := &c.slot.gate
	again := !t.wanted.IsZero() && now.Sub(t.wanted) >= SameRequest
	t.wanted = now
	if !again {
		return nil
	}
	var actions []Action
	switch {
	case t.state == gateAsked:
		actions = c.closeGate()
	case t.retry.IsZero():
		t.skipped = true // it is in the queue
		return nil
	}
	c.skipGate()
	return actions
}

// skipGate lets the recycle that waits for the gate go on without it, when it is its turn.
func (s *slot) skipGate() {
	s.gate.retry, s.gate.skipped = time.Time{}, true
	s.turns = append(s.turns, turn{course: s.at, told: true})
}

// settleGate is called in each step, and is the one place where a gate is closed: as
// soon as nobody waits for it, and what it was opened for is over.
func (s *slot) settleGate() []Action {
	t, c := &s.gate, s.at
	queued := c.state == Running && c.gen.turn != ""
	if !queued {
		t.retry, t.waits, t.told, t.wanted, t.skipped = time.Time{}, false, "", time.Time{}, false
	}
	waits := queued && c.gen.number == t.gen
	if t.state == gateAsked && !waits || t.state == gateOpen && !s.passes() {
		return s.closeGate()
	}
	return nil
}

// passes reports whether a recycle is under way behind the gate, until the next one is
// up.
func (s *slot) passes() bool {
	c := s.at
	switch {
	case c.state == Gone:
		return false
	case c.gen.number != s.gate.gen:
		return !s.serves()
	case c.state != Running:
		return true
	}
	return c.gen.handing && s.other != nil
}

// closeGate tells the command to end, if it is there.
func (s *slot) closeGate() []Action {
	t := &s.gate
	if !t.held {
		t.state = gateShut
		return nil
	}
	t.state = gateClosing
	return []Action{CloseGate{Gate: t.number}}
}

// settleGates does that for all. After the end nobody holds a gate.
func (s *shared) settleGates() []Action {
	var actions []Action
	over := true
	for _, slot := range s.slots {
		over = over && slot.gone()
		actions = append(actions, slot.settleGate()...)
	}
	if over {
		return nil
	}
	return actions
}
