package restart

import "time"

// level is a budget on something that a look counts in pieces, and of which there
// may be less again later.
type level struct {
	budget Budget
	// of returns how many there are, and the bound; zero: there is none.
	of func(u *Usage, p *Policy) (used, bound int64)
}

var levels = [...]level{
	{BudgetFiles, func(u *Usage, p *Policy) (int64, int64) {
		if !p.MaxFiles {
			return 0, 0
		}
		return u.Files, u.FilesMax
	}},
	{BudgetSockets, func(u *Usage, p *Policy) (int64, int64) { return u.Sockets, p.MaxSockets }},
	{BudgetTasks, func(u *Usage, p *Policy) (int64, int64) { return u.Tasks, p.MaxTasks }},
}

// levelOf returns how much of b there is, and the bound.
func levelOf(b Budget, u *Usage, p *Policy) (used, bound int64) {
	for _, level := range levels {
		if level.budget == b {
			return level.of(u, p)
		}
	}
	return 0, 0
}

// suspectPieces is the speed, in pieces per second, that a tree is thought capable
// of while it uses the CPU: a server that leaks one at each of 200 requests.
const suspectPieces = 200

// seenLevels takes what a look saw and returns the first budget that is spent. As
// for memory it takes two looks: a thread may be counted in the moment in which
// another takes its place.
func (l *looks) seenLevels(now time.Time, u *Usage, p *Policy) Budget {
	spent := NoBudget
	for i, level := range levels {
		since := &l.levels[i]
		used, bound := level.of(u, p)
		switch {
		case bound == 0 || used < bound:
			*since = time.Time{}
			continue
		case since.IsZero():
			*since = now
		case now.Sub(*since) >= p.For && spent == NoBudget:
			spent = level.budget
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
	for i, level := range levels {
		used, bound := level.of(u, p)
		if bound == 0 || !l.levels[i].IsZero() {
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
