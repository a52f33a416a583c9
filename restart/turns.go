package restart

import "time"

// Who takes turns: where there are several slots, or a second generation for a
// while, planned recycles come one after another, so that no more than MaxUnavailable
// slots do no work because of them, whatever the budgets say.

// turn is a recycle that waits until others are over.
type turn struct {
	course *course
	gen    int
	// told says that people know that it waits.
	told bool
}

// takesTurns reports whether a recycle of c for because waits for its turn. A tree
// of which a part was killed for want of memory, or which is not yet what is to take
// over, has nothing to wait for.
func (c *course) takesTurns(because Reason) bool {
	if c.policy.Workers <= 1 && !c.policy.Handover {
		return false
	}
	return c == c.at && because != OOMKilled && because != StartFailed
}

// queue lets the generation be recycled when its turn has come. What is spent stays
// spent until then, and nobody watches it.
func (c *course) queue(now time.Time, because Reason) []Action {
	g := &c.gen
	if g.turn != "" {
		return nil // it is recycled in any case
	}
	g.turn = because
	g.quiet.because, g.quiet.next = "", time.Time{}
	g.planned.ask, g.planned.owed, g.planned.deferred = time.Time{}, time.Time{}, ""
	c.turns = append(c.turns, turn{course: c, gen: g.number})
	return c.unwatch(now, NoBudget)
}

// takeTurns begins the recycles whose turn has come, and says which others wait.
func (s *shared) takeTurns(now time.Time) []Action {
	var actions []Action
	waiting := s.turns[:0]
	for _, t := range s.turns {
		c := t.course
		switch {
		case c.gen.number != t.gen || c.state != Running:
			// It has ended, or is asked to.
		case c.mayRecycle():
			actions = append(actions, c.goOn(now)...)
		default:
			if !t.told {
				t.told = true
				r := c.passing(now, Queued)
				r.Reason = c.gen.turn
				c.figures(&r, now)
				actions = append(actions, r)
			}
			waiting = append(waiting, t)
		}
	}
	s.turns = waiting
	return actions
}

// mayRecycle reports whether the slot may do without its generation, or with two of
// them, at this moment.
func (c *course) mayRecycle() bool {
	if c.policy.Handover && c.other != nil {
		return false // one that was replaced is still leaving
	}
	taken := 0
	for _, slot := range c.slots {
		switch {
		case slot == c.slot || slot.at.state == Gone:
		case c.policy.Handover && (slot.other != nil || slot.at.gen.handing), !c.policy.Handover && !slot.serves():
			taken++
		}
	}
	return taken < max(c.policy.MaxUnavailable, 1)
}

// goOn is called when the turn has come.
func (c *course) goOn(now time.Time) []Action {
	if c.policy.Handover {
		return c.handOver(now)
	}
	return c.letGo(now, c.gen.turn, Relaunch, 0)
}
