package restart

import "time"

// stall tells from the looks whether the tree does nothing but wait for memory.
//
// The kernel slows down whoever allocates above memory.high, for up to two
// seconds at a time, so a tree whose unreclaimable memory is close to the budget
// may never get there: it stands still instead, and neither works nor dies. That
// is the budget spent as well. A tree that waits for memory with little that is
// unreclaimable makes room by giving up page cache, which is its own affair.
type stall struct {
	// since and waited are of the look from which the time is counted.
	since  time.Time
	waited time.Duration
	// spent is the verdict of the last look; again says that it has none although
	// the tree has waited, so that there must be another look soon: while the kernel
	// holds it up nothing else wakes us.
	spent, again bool
}

const (
	// nearShare: from a budget less this part of it on, stalling counts.
	nearShare = 10
	// stallShare: one part of this many of the time spent waiting is too much.
	stallShare = 2
	// minStallSpan is the shortest time that tells anything. The kernel's clock
	// ticks and its bookkeeping of who waits are of this order.
	minStallSpan = 20 * time.Millisecond
)

// nearly is from where on a tree is near the budget.
func nearly(budget int64) int64 { return budget - budget/nearShare }

// seen takes what a look saw. It tells nothing unless the kernel guards the
// budget and has counted the whole tree.
func (s *stall) seen(now time.Time, u Usage, p *Policy) {
	s.spent, s.again = false, false
	span, waited := now.Sub(s.since), u.Stalled-s.waited
	told := span >= minStallSpan
	guarded := p.MemoryEvents && p.MemoryHigh > 0 && u.Exact
	if guarded && u.Memory >= nearly(p.MemoryHigh) && waited > 0 {
		s.spent = told && waited*stallShare >= span
		s.again = !s.spent
	}
	if told {
		s.since, s.waited = now, u.Stalled
	}
}
