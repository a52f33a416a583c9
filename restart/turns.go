package restart

import "time"

// Who takes turns: where there are several slots, or a second generation for a
// while, planned recycles come one after another. Without a handover no more than
// MaxUnavailable slots do no work because of them, whatever the budgets say, and with
// one no more than that have two generations.

// turn is a recycle that waits until others are over.
type turn struct {
	course *course
	// told says that people know that it waits, and stuck that they know that it
	// waits for a slot that ends again and again.
	told, stuck bool
}

// takesTurns reports whether a recycle of c for because waits for its turn. A tree
// of which a part was killed for want of memory has nothing to wait for, nor has one
// that is to take over and is not good enough for that: what has come by the clock or
// by its work is no fault of it.
func (c *course) takesTurns(because Reason) bool {
	switch {
	case c.policy.Workers <= 1 && !c.policy.Handover && !c.policy.Gate, because == OOMKilled, because == StartFailed:
		return false
	}
	return c == c.at || because.planned() || because == Requests
}

// queue lets the generation be recycled when its turn has come. What is spent stays
// spent until then, and nobody watches it, nor whether it is hung.
func (c *course) queue(now time.Time, because Reason) []Action {
	g := &c.gen
	if g.turn != "" {
		if because != Asked {
			return nil // it is recycled in any case
		}
		g.turn = Asked // which waits for no window
		return c.gateAskedAgain(now)
	}
	g.turn = because
	if because == Asked {
		c.slot.gate.wanted = now
	}
	g.quiet.because, g.quiet.next = "", time.Time{}
	g.planned.ask, g.planned.owed, g.planned.deferred = time.Time{}, time.Time{}, ""
	c.turns = append(c.turns, turn{course: c})
	g.rules.forget(BudgetShare)
	g.rules.forget(BudgetSilence)
	return c.unwatch(now, NoBudget)
}

// takeTurns begins the recycles whose turn has come, and says which others wait.
func (s *shared) takeTurns(now time.Time) []Action {
	var actions []Action
	waiting := s.turns[:0]
	for _, t := range s.turns {
		c := t.course
		if c.state != Running {
			continue // it has ended, or is asked to
		}
		if c.slot.gate.state == gateClosing && !c.slot.gate.skipped {
			waiting = append(waiting, t) // of the recycle before
			continue
		}
		ahead := c.waitsFor()
		if ahead == nil {
			actions = append(actions, c.goOn(now)...)
			continue
		}
		stuck := ahead.stuck()
		if !t.told || stuck && !t.stuck {
			t.told, t.stuck = true, stuck
			r := c.ofTurn(now, Queued)
			r.Failures = 0
			if ahead != c.slot {
				r.Ahead, r.Handover = ahead.number, c.policy.Handover
			}
			if stuck {
				r.Failures = ahead.backoff.failures
			}
			actions = append(actions, r)
		}
		waiting = append(waiting, t)
	}
	s.turns = waiting
	return actions
}

// waitsFor returns a slot that must be back at work, or through with its handover,
// before c is recycled, one that is stuck if there is one; nil: there is none.
func (c *course) waitsFor() *slot {
	if c.policy.Handover && c.other != nil {
		return c.slot // one that was replaced is still leaving
	}
	var first *slot
	taken := 0
	for _, slot := range c.slots {
		switch {
		case slot == c.slot || slot.at.state == Gone:
			continue
		case slot.gate.busy():
		case c.policy.Handover && slot.other == nil, !c.policy.Handover && slot.serves():
			continue
		}
		if taken++; first == nil || slot.stuck() && !first.stuck() {
			first = slot
		}
	}
	if taken < max(c.policy.MaxUnavailable, 1) {
		return nil
	}
	return first
}

// stuck reports whether the slot ends again and again, so that it may take long until
// it is back at work.
func (s *slot) stuck() bool { return s.at.state == Waiting && s.backoff.failures > 1 }

// goOn is called when the turn has come. The window may be closed again by then. What
// would do no better is not asked for at the gate: it is tried later.
func (c *course) goOn(now time.Time) []Action {
	if actions, deferred := c.tooLate(now); deferred {
		return actions
	}
	skip := c.slot.gate.skipped
	if c.slot.gate.skipped = false; c.policy.Gate && !skip && !c.noBetter(now) {
		return c.askGate(now)
	}
	return c.begin(now)
}

// tooLate lets a recycle wait for the next window, if this one is closed by now.
func (c *course) tooLate(now time.Time) (actions []Action, deferred bool) {
	g := &c.gen
	because := g.turn
	if g.handing || because == Asked || g.hung(because) || !c.closed(now) {
		return nil, false
	}
	g.turn = ""
	return c.wait(now, because), true
}

// begin recycles: all that it has waited for is there.
func (c *course) begin(now time.Time) []Action {
	switch g := &c.gen; {
	case g.handing:
		return c.launch(now)
	case c.policy.Handover:
		return c.handOver(now)
	default:
		return c.letGo(now, g.turn, Relaunch, 0)
	}
}

// ofTurn is a report about a generation that works on, though it is to be recycled.
func (c *course) ofTurn(now time.Time, kind Kind) Report {
	g := &c.gen
	r := c.passing(now, kind)
	r.Reason, r.Again = g.turn, g.turn == Asked
	if g.turn.planned() {
		r.Planned = g.planned.due
	}
	c.figures(&r, now)
	return r
}
