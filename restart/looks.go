package restart

import "time"

// looks decides when the tree is looked at next, and whether what was seen
// means that the memory budget is spent.
//
// A look costs some ten microseconds for each process, so it should be rare; a
// leak must be caught soon after it crosses the budget, so it must be in time.
// The rule: look again before the budget could be reached at twice the speed
// seen, at the latest after maxInterval, and of a tree that uses the CPU assume
// a certain speed even if it has not grown yet. A tree that neither grew nor ran
// is left alone for maxInterval.
type looks struct {
	next   time.Time
	last   Usage
	lastAt time.Time
	// interval is the time between the last look and the next one.
	interval time.Duration
	// over is set when the last look saw the budget spent: a verdict needs two.
	over bool
	// blind is set once a look of this generation was not possible.
	blind bool
}

const (
	// firstInterval is short: most of what a program needs it takes at start.
	firstInterval = 100 * time.Millisecond
	// minInterval bounds the cost of watching a fast leak: twenty looks a second.
	minInterval = 50 * time.Millisecond
	// maxInterval is what an idle command costs: one look.
	maxInterval = 10 * time.Second
	// confirmInterval is long enough for a process that was caught between fork
	// and exec, where its memory is counted twice, to have gone on.
	confirmInterval = 25 * time.Millisecond
	// suspectRate is the speed in bytes per second that a tree is thought
	// capable of while it uses the CPU, even if it has not grown yet.
	suspectRate = 100 << 20
	// busyShare is the share of one CPU from which a tree counts as running.
	busyShare = 0.02
)

// start is called when a generation is up.
func (l *looks) start(now time.Time) {
	*l = looks{next: now.Add(firstInterval), lastAt: now, interval: firstInterval}
}

// seen takes what a look at now saw and reports whether the budget is spent.
func (l *looks) seen(now time.Time, u Usage, p *Policy) (spent bool) {
	before, elapsed := l.last, now.Sub(l.lastAt)
	l.last, l.lastAt = u, now
	if p.MemoryHigh > 0 && u.Memory >= p.MemoryHigh {
		spent = l.over
		l.over = true
		l.next = now.Add(confirmInterval)
		return spent
	}
	l.over = false
	l.interval = l.wait(before, u, elapsed, p)
	l.next = now.Add(l.interval)
	return false
}

// failed is called when a look was not possible; it reports whether that is new.
func (l *looks) failed(now time.Time) (first bool) {
	first = !l.blind
	l.blind = true
	l.over = false
	// Soon at first: what failed may be a moment's matter, and a budget waits.
	l.interval = min(2*l.interval, maxInterval)
	l.next = now.Add(l.interval)
	return first
}

// wait is the time until the next look: the shortest that one of the bounds
// asks for.
func (l *looks) wait(before, u Usage, elapsed time.Duration, p *Policy) time.Duration {
	calm := min(2*l.interval, maxInterval)
	if elapsed <= 0 {
		return calm
	}
	busy := (u.CPU-before.CPU).Seconds()/elapsed.Seconds() > busyShare
	until := func(before, used, bound int64) time.Duration {
		rate := float64(used-before) / elapsed.Seconds()
		if busy {
			rate = max(rate, suspectRate)
		}
		if bound == 0 || rate <= 0 {
			return calm
		}
		// Half the time in which the bound would be reached.
		half := float64(bound-used) / rate / 2
		if half >= calm.Seconds() {
			return calm
		}
		return max(time.Duration(half*float64(time.Second)), minInterval)
	}
	return min(
		until(before.Memory, u.Memory, p.MemoryHigh),
		until(before.VMSize, u.VMSize, p.AddressLimit),
		until(before.VMData, u.VMData, p.DataLimit),
	)
}
