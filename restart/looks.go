package restart

import "time"

// looks decides when the tree is looked at next, and whether what was seen
// means that the memory budget is spent.
//
// A look costs some ten microseconds for each process, so it should be rare; a
// leak must be caught soon after it crosses the budget, so it must be in time.
// The rule for looks by the clock: look again before the budget could be reached
// at twice the speed seen, at the latest after maxInterval, and of a tree that
// uses the CPU assume a certain speed even if it has not grown yet. A tree that
// neither grew nor ran is left alone for maxInterval. Where the kernel guards the
// budget, only it calls for a look (memory.go).
type looks struct {
	// next is when to look; the zero time: when something happens.
	next   time.Time
	last   Usage
	lastAt time.Time
	// asked is when the last look was asked for. fixed says that it is not answered
	// yet, or failed: then next stays as it is until another one is answered.
	asked time.Time
	fixed bool
	// busy says that the tree had run before the last look.
	busy bool
	// interval is the time between the last look and the next one.
	interval time.Duration
	// over is since when every look saw the budget exceeded, the zero time if the
	// last one did not; floor is what the tree holds at least as long as that lasts.
	over   time.Time
	floor  int64
	stall  stall
	growth growth
	// levels are since when every look saw each of them exceeded.
	levels [levels]time.Time
	cpu    cpu
	// began is the start of the generation, and silenceDue when to see whether
	// nothing has been written for too long.
	began, silenceDue time.Time
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
	// excessShare is the part of MemoryFor between two looks at an excess, and
	// maxExcessInterval the longest time: what is shorter may be overlooked.
	excessShare       = 8
	maxExcessInterval = time.Second
)

// finding is what a look means for the budget.
type finding uint8

const (
	// within: not spent.
	within finding = iota
	// exceeded: exceeded now, but not for long enough or not yet for certain.
	exceeded
	// spent is the verdict.
	spent
)

// start is called when a generation is up.
func (l *looks) start(now time.Time, p *Policy) {
	*l = looks{lastAt: now, interval: firstInterval, stall: stall{since: now}, began: now}
	l.cpu.start(now, p)
	if p.Silence > 0 {
		l.silenceDue = now.Add(p.Silence)
	}
	l.again(now, p)
}

// again sets the next look to when there is a reason for one.
func (l *looks) again(now time.Time, p *Policy) {
	if l.fixed && p.looks() {
		return
	}
	l.next = earliest(earliest(l.cpu.timeDue, l.cpu.shareDue), l.silenceDue)
	if p.clock() {
		l.soon(now.Add(l.interval))
	}
	if l.stall.again {
		l.soon(l.lastAt.Add(maxPause))
	}
	excess := func(since time.Time, must time.Duration) {
		if !since.IsZero() {
			l.soon(l.lastAt.Add(untilCertain(l.lastAt.Sub(since), must)))
		}
	}
	excess(l.over, p.MemoryFor)
	for level := range levels {
		if _, bound := level.of(&l.last, p); bound > 0 {
			excess(l.levels[level], p.For)
		}
	}
}

// soon brings the next look forward to at.
func (l *looks) soon(at time.Time) { l.next = earliest(l.next, at) }

// unguarded is called when the kernel does not guard the budget of p any more.
// What was seen in the group says nothing about the speed outside, and standing
// still there counts no longer.
func (l *looks) unguarded(now time.Time, p *Policy) {
	l.interval, l.floor, l.growth = firstInterval, p.MemoryHigh, growth{}
	l.again(now, p)
	l.lastAt = now
}

// release is called when some budgets of p are not to be looked at any more.
func (l *looks) release(now time.Time, p *Policy) {
	if p.MemoryHigh == 0 {
		l.over, l.stall.again = time.Time{}, false
	}
	if p.CPUTime == 0 {
		l.cpu.timeDue = time.Time{}
	}
	if p.CPUShare == 0 {
		l.cpu.shareDue = time.Time{}
	}
	if p.Silence == 0 {
		l.silenceDue = time.Time{}
	}
	l.again(now, p)
}

// ask is called when a look is asked for. The answer sets the next time; until
// then do not ask again.
func (l *looks) ask(now time.Time) { l.asked, l.fixed, l.next = now, true, now.Add(maxInterval) }

// seen takes what a look at now saw: how the memory budget stands, and which
// other one is spent.
func (l *looks) seen(now time.Time, u Usage, p *Policy) (memory finding, other Budget) {
	before, elapsed := l.last, now.Sub(l.lastAt)
	busy := elapsed > 0 && portion(u.CPU-before.CPU, elapsed) > busyShare
	l.last, l.lastAt, l.busy, l.fixed, l.next = u, now, busy, false, time.Time{}
	l.growth.seen(now, l.began, u.Memory, p)
	memory = l.seenMemory(now, &u, p)
	other = l.seenLevels(now, &u, p)
	for _, spent := range [...]Budget{l.cpu.seen(now, &u, busy, p), l.seenSilence(now, &u, p)} {
		if other == NoBudget {
			other = spent
		}
	}
	if memory == within && p.clock() {
		l.interval = l.wait(&before, &u, elapsed, busy, p)
		l.soon(now.Add(l.interval))
	}
	for _, at := range [...]time.Time{l.cpu.timeDue, l.cpu.shareDue, l.silenceDue} {
		l.soon(at)
	}
	return memory, other
}

// seenMemory says how the memory budget stands.
func (l *looks) seenMemory(now time.Time, u *Usage, p *Policy) finding {
	l.stall.seen(now, *u, p)
	first := l.over.IsZero()
	switch {
	case p.MemoryHigh > 0 && u.Memory >= p.MemoryHigh:
		l.floor = p.MemoryHigh
	case l.stall.spent:
		l.floor = nearly(p.MemoryHigh)
	case first || u.Memory < l.floor:
		l.over = time.Time{}
		if l.stall.again {
			l.soon(now.Add(maxPause))
		}
		return within
	}
	if first {
		l.over = now
	}
	lasted := now.Sub(l.over)
	if lasted >= p.MemoryFor && (u.Exact || !first) {
		return spent
	}
	l.soon(now.Add(untilCertain(lasted, p.MemoryFor)))
	return exceeded
}

// seenSilence reports whether nothing has been written for too long.
func (l *looks) seenSilence(now time.Time, u *Usage, p *Policy) Budget {
	l.silenceDue = time.Time{}
	if p.Silence == 0 {
		return NoBudget
	}
	silent := min(u.Silent, now.Sub(l.began))
	if silent >= p.Silence {
		l.silenceDue = now.Add(minInterval) // if something else comes first
		return BudgetSilence
	}
	l.silenceDue = now.Add(p.Silence - silent)
	return NoBudget
}

// failed is called when a look was not possible; it reports whether that is new.
func (l *looks) failed(now time.Time, p *Policy) (first bool) {
	first = !l.blind
	l.blind, l.fixed = true, true
	l.over, l.levels, l.cpu.burning, l.stall.again = time.Time{}, [levels]time.Time{}, time.Time{}, false
	// Soon at first: what failed may be a moment's matter, and a budget waits.
	l.interval = min(2*l.interval, maxInterval)
	l.next = time.Time{}
	if p.looks() {
		l.next = now.Add(l.interval)
	}
	return first
}

// wait is the time until the next look by the clock: the shortest that one of
// the bounds asks for.
func (l *looks) wait(before, u *Usage, elapsed time.Duration, busy bool, p *Policy) time.Duration {
	calm := min(2*l.interval, maxInterval)
	if elapsed <= 0 {
		return calm
	}
	until := func(before, used, bound int64) time.Duration {
		rate := float64(used-before) / elapsed.Seconds()
		if busy {
			rate = max(rate, suspectRate)
		}
		if bound == 0 {
			return calm
		}
		return halfway(bound-used, rate, minInterval, calm)
	}
	return min(
		until(before.Memory, u.Memory, p.clockBudget()),
		until(before.VMSize, u.VMSize, p.AddressLimit),
		until(before.VMData, u.VMData, p.DataLimit),
		l.waitForLevels(before, u, elapsed, calm, busy, p),
	)
}

// halfway is half the time in which something that grows at rate, in bytes per
// second, has grown by room, but within the bounds.
func halfway(room int64, rate float64, least, most time.Duration) time.Duration {
	half := float64(room) / rate / 2
	if rate <= 0 || half >= most.Seconds() {
		return most
	}
	return max(time.Duration(half*float64(time.Second)), least)
}

// earliest is the earlier one of two times, where the zero time means never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// latest is the later of two times.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// due reports whether the time t has come, where the zero time means never.
func due(t, now time.Time) bool { return !t.IsZero() && !now.Before(t) }
