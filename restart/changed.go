package restart

import "time"

// changes says when the files that are watched are to be examined. It is no
// generation's: what changes between two is there for the next one.
type changes struct {
	// baseline says that there are slots for which the answer that is on its way is only
	// to compare the next one with (slot.compares).
	baseline bool
	// since is when something was touched first that is not examined yet, and due
	// when it is to be; the zero time: nothing was.
	since, due time.Time
}

// changed is what a generation is recycled for.
type changed struct {
	path string
	more int
}

const (
	// settleTime is for how long nothing must be touched before it is examined: a
	// release is many files, and an editor writes in several steps.
	settleTime = 200 * time.Millisecond
	// maxSettle is the longest time that is waited for that.
	maxSettle = 2 * time.Second
)

// touched: something may have changed.
func (s *shared) touched(now time.Time) {
	if s.changes.since.IsZero() {
		s.changes.since = now
	}
	s.changes.due = now.Add(settleTime)
}

// examine asks what has changed, when that is due.
func (s *shared) examine(now time.Time) []Action {
	if !due(s.changes.due, now) {
		return nil
	}
	s.changes.due = time.Time{}
	return []Action{Examine{Now: now.Sub(s.changes.since) >= maxSettle}}
}

// examineNow is for before a start: all that has changed until then is there for
// the generation that starts.
func (c *course) examineNow() []Action {
	if c.changes.since.IsZero() {
		return nil
	}
	c.changes.due = time.Time{}
	return []Action{Examine{Now: true}}
}

// examines reports whether what is touched now concerns anybody: one that is up, or
// that waits.
func (s *shared) examines(now time.Time) bool {
	for _, c := range s.courses() {
		if c.state == Running || c.state == Waiting && now.Before(c.deadline) {
			return true
		}
	}
	return false
}

// baseline is for when a command has ended that is launched again after a while:
// what it wrote itself until then, a log or a core, is no cure. It may concern others.
func (s *slot) baseline() []Action {
	if !s.policy.Watches {
		return nil
	}
	s.changes, s.compares = changes{baseline: true}, true
	return []Action{Examine{Now: true}}
}

// examined takes the answer, and tells all that a change concerns.
func (s *shared) examined(now time.Time, ev Examined) []Action {
	switch {
	case s.changes.baseline:
		s.changes.baseline = false
	case !ev.Settled:
		s.changes.due = now.Add(settleTime)
	default:
		s.changes = changes{}
	}
	var actions []Action
	for _, slot := range s.slots {
		concerned := ev.Settled && ev.Path != "" && !slot.compares
		slot.compares = false
		if !concerned {
			continue
		}
		for _, c := range slot.courses() {
			actions = append(actions, c.step(now, ev)...)
		}
	}
	return actions
}

// changedFile recycles because of what has changed.
func (c *course) changedFile(now time.Time, ev Examined) []Action {
	g := &c.gen
	switch {
	case g.handing:
		c.mended()
		return nil
	case g.planned.deferred != "" || g.quiet.because != "" || g.turn != "":
		return nil // it is to be recycled in any case
	}
	g.changed = changed{ev.Path, ev.More}
	switch {
	case c.policy.Observe.Has(Changed):
		return []Action{c.observed(now, Changed)}
	case c.closed(now):
		return c.wait(now, Changed)
	}
	return c.stop(now, Changed, c.afterBudget(), 0)
}
