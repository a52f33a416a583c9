package restart

import (
	"math/rand/v2"
	"time"
)

// slot is a place that always holds one healthy generation. With a handover there
// are two in it for a while: one that is to take over, or one that leaves.
type slot struct {
	*shared
	number  int
	backoff backoff
	// had is the planned time that a generation was last recycled for.
	had time.Time
	// before is the last generation that was up, and failing since when one after the
	// other has failed, and why the last did, if the backoff counts any.
	before  past
	failing time.Time
	failure Reason
	// at is the generation at hand, and other the second one; nil: there is none.
	at, other *course
	// retryAt is when the next one is started that is to take over; the zero time: one
	// is on its way or waits for its turn, or none is wanted. again says that the one
	// that leaves is followed by another one at once.
	retryAt time.Time
	again   bool
	// compares says that what the examination that is on its way finds was there before
	// the slot began to wait.
	compares bool
	gate     gate
}

func newSlot(s *shared, number int) *slot {
	slot := &slot{shared: s, number: number}
	seed := s.policy.Seed + uint64(number-1)
	slot.backoff.jitter = rand.New(rand.NewPCG(seed, seed))
	slot.gate.backoff.jitter = slot.backoff.jitter
	slot.at = &course{slot: slot}
	return slot
}

// worker is the number of the slot; zero: nobody asked for several.
func (s *slot) worker() int {
	if s.policy.Workers > 0 {
		return s.number
	}
	return 0
}

func (s *slot) courses() []*course {
	if s.other == nil {
		return []*course{s.at}
	}
	return []*course{s.at, s.other}
}

// gone reports whether the slot has ended for good.
func (s *slot) gone() bool { return s.at.state == Gone && s.other == nil }

// serves reports whether it does the work that it is there for.
func (s *slot) serves() bool { return s.at.state == Running && s.at.gen.ready.is }

// candidate reports whether c is to take the place of the generation at hand.
func (s *slot) candidate(c *course) bool { return c == s.other && s.at.gen.handing }

// tick does what is due.
func (s *slot) tick(now time.Time) {
	if due(s.retryDue(), now) {
		s.tryAgain()
	}
}

// retryDue is when to start the next one that is to take over; the zero time: never. Of
// a generation that leaves meanwhile it is settled otherwise what follows.
func (s *slot) retryDue() time.Time {
	if s.at.state != Running || !s.at.gen.handing || s.other != nil {
		return time.Time{}
	}
	return s.retryAt
}

// tryAgain lets the next one that is to take over start as soon as it is its turn.
func (s *slot) tryAgain() {
	s.retryAt = time.Time{}
	s.turns = append(s.turns, turn{course: s.at})
}

// launch starts the generation that is to take over.
func (s *slot) launch(now time.Time) []Action {
	s.retryAt, s.again = time.Time{}, false
	s.other = &course{slot: s}
	s.other.gen.previous = s.at.gen.number
	return s.other.spawn(now)
}

// handOver begins to replace the generation at hand by one that is ready before it
// leaves. Where its budget was spent so soon that the next one would do no better,
// that waits.
func (c *course) handOver(now time.Time) []Action {
	g := &c.gen
	g.handing, g.then = true, Relaunch
	if now.Sub(g.started) >= c.policy.healthy() {
		c.backoff.forget()
	}
	if c.spentSoon(now) {
		return c.tryLater(now, c.ofTurn(now, NoHelp))
	}
	return append([]Action{c.ofTurn(now, HandingOver)}, c.launch(now)...)
}

// spentSoon reports whether what the generation at hand is recycled for came so soon
// after its start that the next one would do no better.
func (c *course) spentSoon(now time.Time) bool {
	return now.Sub(c.gen.started) < c.policy.MinUptime && !c.gen.turn.fromOutside()
}

// noBetter reports whether a handover is not tried yet for that.
func (c *course) noBetter(now time.Time) bool {
	return c.policy.Handover && !c.gen.handing && c.spentSoon(now)
}

// tryLater lets the next one start after a while, and says so in r.
func (s *slot) tryLater(now time.Time, r Report) []Action {
	s.failed(now, r.Reason)
	s.retryAt = now.Add(s.backoff.delay(&s.policy))
	if at := s.at.gen.interrupted; !at.IsZero() && s.policy.Grace != Forever {
		// Ctrl-C has ended the one, and the other may be about to end for it too: then
		// that is the end of all.
		s.retryAt = latest(s.retryAt, at.Add(s.policy.Grace))
	}
	r.In, r.Failures, r.Handover = s.retryAt.Sub(now), s.backoff.failures, true
	return append([]Action{r}, s.baseline()...)
}

// takeOver: the second generation is ready, and the one at hand may leave.
func (s *slot) takeOver(now time.Time) []Action {
	old := s.at
	old.remember(old.gen.turn, now)
	s.at, s.other = s.other, old
	old.gen.handing = false
	s.at.compare(now)
	if old.state == Running {
		return old.letGo(now, old.gen.turn, Relaunch, 0)
	}
	return nil // it leaves already
}

// candidateOver: the one that was to take over has ended before. The one at hand
// stays, and after a while there is another try; at once if somebody wants another one,
// or what it could not live with may be mended.
func (s *slot) candidateOver(now time.Time, c *course, r Report) []Action {
	again, said := s.again, c.gen.ordered && c.gen.because == Asked
	s.other, s.again = nil, false
	r.Kind = HandoverFailed
	switch {
	case s.at.state == Gone:
		return s.finish()
	case s.at.state != Running:
		// It leaves, and what follows is settled when it is gone.
		if c.gen.ordered || s.ending {
			return nil
		}
		return []Action{r}
	case !again && !said && !c.changedLate():
		return s.tryLater(now, r)
	}
	s.tryAgain()
	if said {
		return nil
	}
	r.Handover = true
	return []Action{r}
}

// changedLate reports whether the generation was stopped for a change that it cannot
// have made itself at its start.
func (c *course) changedLate() bool {
	g := &c.gen
	return g.ordered && g.because == Changed && g.judged.Sub(g.started) >= c.policy.MinUptime
}

// otherOver: the tree of the second generation is empty.
func (s *slot) otherOver(now time.Time, c *course) []Action {
	c.enter(Gone, time.Time{})
	if s.candidate(c) {
		return s.candidateOver(now, c, c.report(HandoverFailed))
	}
	s.other = nil
	return s.finish()
}

// promote lets the second generation take the place of one that has ended before
// it was ready.
func (s *slot) promote(now time.Time) []Action {
	ended := s.at
	s.at, s.other, s.again = s.other, nil, false
	s.at.gen.previousEnd = now
	if ended.gen.ordered {
		return nil // why was said when the stop began
	}
	return []Action{ended.report(Ended)}
}

// renew: somebody asks for another generation. What starts may be what was there
// before, so it does not take over.
func (s *slot) renew(now time.Time, ev RestartAsked) []Action {
	switch {
	case s.gone():
		return s.revive(now)
	case s.other != nil && s.candidate(s.other):
		s.again = true
		actions := s.other.step(now, ev)
		if s.at.state != Running {
			actions = append(actions, s.at.step(now, ev)...)
		}
		return actions
	case s.at.state == Running && s.at.gen.handing:
		s.mended()
		return s.at.gateAskedAgain(now)
	}
	return s.at.step(now, ev)
}

// revive launches again in a slot that has ended by itself, as what it could not live with
// may be mended by now.
func (s *slot) revive(now time.Time) []Action {
	if s.allGone() || s.ending || s.ends() || !s.at.gen.asked.IsZero() {
		return nil
	}
	s.backoff.crashes = nil
	return s.at.spawn(now)
}

// mended: the next one that is to take over may do better than the last. One that is
// there sees to itself.
func (s *slot) mended() {
	switch {
	case !s.retryDue().IsZero():
		s.tryAgain()
	case s.other != nil && s.other.state != Starting && s.other.state != Running:
		s.again = true
	}
}

// others is how many slots go on without this one.
func (s *slot) others() (left int) {
	for _, each := range s.slots {
		if each != s && each.at.state != Gone && !each.ends() {
			left++
		}
	}
	return left
}

// reduced says that the slot has ended though nobody wants the end, and others go on.
func (s *slot) reduced() []Action {
	left := s.others()
	if left == 0 || s.ending || s.ends() {
		return nil
	}
	r := s.at.report(Reduced)
	r.Workers = left
	return []Action{r}
}

// ends reports whether the end of the slot is what somebody has asked for.
func (s *slot) ends() bool { return s.at.gen.then == End && s.at.gen.because == Asked }
