package restart

import "time"

// level is a budget on something that a look counts in pieces, and of which there
// may be less again later.
type level uint8

const (
	filesLevel level = iota
	socketsLevel
	tasksLevel
	levels // how many there are
)

// budget is the name of l.
func (l level) budget() Budget {
	return [...]Budget{BudgetFiles, BudgetSockets, BudgetTasks}[l]
}

// of returns how many there are, and the bound; zero: there is none.
func (l level) of(u *Usage, p *Policy) (used, bound int64) {
	switch l {
	case filesLevel:
		if p.MaxFiles {
			return u.Files, u.FilesMax
		}
	case socketsLevel:
		return u.Sockets, p.MaxSockets
	case tasksLevel:
		return u.Tasks, p.MaxTasks
	}
	return 0, 0
}

// levelOf returns the level that b is about, if it is about one.
func levelOf(b Budget) (l level, ok bool) {
	for l = range levels {
		if l.budget() == b {
			return l, true
		}
	}
	return l, false
}

// suspectPieces is the speed, in pieces per second, that a tree is thought capable
// of while it uses the CPU: a server that leaks one at each of 200 requests.
const suspectPieces = 200

// seenLevels takes what a look saw and returns the first budget that is spent. As
// for memory it takes two looks: a thread may be counted in the moment in which
// another takes its place.
func (l *looks) seenLevels(now time.Time, u *Usage, p *Policy) Budget {
	spent := NoBudget
	for level := range levels {
		since := &l.levels[level]
		used, bound := level.of(u, p)
		switch {
		case bound == 0 || used < bound:
			*since = time.Time{}
			continue
		case since.IsZero():
			*since = now
		case now.Sub(*since) >= p.For && spent == NoBudget:
			spent = level.budget()
		}
		l.soon(now.Add(untilCertain(now.Sub(*since), p.For)))
	}
	return spent
}

// untilCertain is the time until the next look at an excess that has lasted for
// so long of the time that it must last.
func untilCertain(lasted, must time.Duration) time.Duration {
	each := min(max(must/excessShare, minInterval), maxExcessInterval)
	return max(min(each, must-lasted), confirmInterval)
}

// waitForLevels is the time until one of the levels could be reached.
func (l *looks) waitForLevels(before, u *Usage, elapsed, calm time.Duration, busy bool, p *Policy) time.Duration {
	wait := calm
	for level := range levels {
		used, bound := level.of(u, p)
		if bound == 0 || !l.levels[level].IsZero() {
			continue // seenLevels has said when
		}
		was, _ := level.of(before, p)
		rate := float64(used-was) / elapsed.Seconds()
		if busy {
			rate = max(rate, suspectPieces)
		}
		wait = min(wait, halfway(bound-used, rate, minInterval, calm))
	}
	return wait
}
