package restart

import "time"

// cpu watches the CPU time of a tree.
//
// A tree cannot use more of it than the CPUs give, so a look comes when the
// budget could be spent by all of them, and not before: what is left shrinks
// each time, and a tree that does nothing is asked less and less often. An alarm
// on the clock of the child (Alarm) tells to the millisecond where the child does
// the work itself.
type cpu struct {
	// timeDue is when to look for CPUTime, after a pause of timeWait.
	timeDue  time.Time
	timeWait time.Duration
	// at and used are of the last sample for CPUShare, shareDue is when the next is
	// taken. burning is since when each sample was above the share, and burnt what
	// was used by then; zero: the last one was not.
	at, shareDue time.Time
	used         time.Duration
	burning      time.Time
	burnt        time.Duration
}

const (
	// minCPUWait bounds the looks at a tree whose CPU time is nearly spent.
	minCPUWait = 10 * time.Millisecond
	// shareSamples is how many samples are taken within CPUShareFor: what is shorter
	// than the time between two may be overlooked. idleSamples is the same for a
	// tree that does nothing.
	shareSamples = 8
	idleSamples  = 2
)

// start is called when a generation is up.
func (c *cpu) start(now time.Time, p *Policy) {
	*c = cpu{at: now}
	if p.CPUTime > 0 {
		c.timeWait = max(p.CPUTime/time.Duration(p.CPUs), minCPUWait)
		c.timeDue = now.Add(c.timeWait)
	}
	if p.CPUShare > 0 {
		c.shareDue = now.Add(p.CPUShareFor / shareSamples)
	}
}

// seen takes what a look saw and returns the budget that is spent, if one is. busy
// says whether the tree has run since the look before.
func (c *cpu) seen(now time.Time, u *Usage, busy bool, p *Policy) Budget {
	spent := NoBudget
	c.timeDue = time.Time{}
	if p.CPUShare == 0 {
		c.shareDue = time.Time{}
	} else if due(c.shareDue, now) && c.sample(now, u, p) {
		spent = BudgetShare
	}
	if p.CPUTime == 0 {
		return spent
	}
	left := p.CPUTime - u.CPU
	if left <= 0 {
		c.timeDue = now.Add(minCPUWait) // if something else comes first
		return BudgetCPU
	}
	most := minCPUWait
	if !busy {
		most = min(2*c.timeWait, maxInterval)
	}
	c.timeWait = max(left/time.Duration(p.CPUs), most)
	c.timeDue = now.Add(c.timeWait)
	return spent
}

// sample compares the time since the last sample with the share, and reports
// whether each has been above it for long enough.
func (c *cpu) sample(now time.Time, u *Usage, p *Policy) bool {
	share := portion(u.CPU-c.used, now.Sub(c.at))
	switch {
	case share < p.CPUShare:
		c.burning = time.Time{}
	case c.burning.IsZero():
		c.burning, c.burnt = c.at, c.used
	}
	c.at, c.used = now, u.CPU
	wait := p.CPUShareFor / shareSamples
	if share < busyShare {
		wait = p.CPUShareFor / idleSamples
	}
	if !c.burning.IsZero() {
		left := p.CPUShareFor - now.Sub(c.burning)
		if left <= 0 {
			c.shareDue = now.Add(minCPUWait) // as above
			return true
		}
		wait = min(wait, left)
	}
	c.shareDue = now.Add(wait)
	return false
}

// portion is the part of one CPU that used is of span.
func portion(used, span time.Duration) float64 {
	return used.Seconds() / max(span.Seconds(), 1e-9)
}

const (
	// idleAlarm is how much CPU time the child may use between two looks that are
	// far apart, and far how far that is: who was idle and runs again is looked at.
	idleAlarm = 50 * time.Millisecond
	far       = time.Second
)

// alarm returns when the clock of the child is to wake us, which is of no use for
// what is looked at soon in any case; zero: not at all.
func (l *looks) alarm(now time.Time, p *Policy) time.Duration {
	in := time.Duration(0)
	if p.CPUTime > 0 {
		in = max(p.CPUTime-l.last.CPU, minCPUWait)
	}
	if p.clock() && !l.busy && l.next.Sub(now) >= far && (in == 0 || in > idleAlarm) {
		in = idleAlarm
	}
	return in
}

// rearm sets the alarm anew, where one is of use.
func (c *course) rearm(now time.Time) []Action {
	if in := c.gen.looks.alarm(now, &c.gen.rules); in > 0 {
		return []Action{Alarm{Gen: c.gen.number, In: in}}
	}
	return nil
}

// cpuUsed: the alarm has come.
func (c *course) cpuUsed(now time.Time) []Action {
	l := &c.gen.looks
	if !c.gen.rules.looks() {
		return nil // set before a budget was spent that waits now
	}
	if soonest := l.asked.Add(minPause); !l.asked.IsZero() && now.Before(soonest) {
		l.soon(soonest)
		return nil
	}
	return []Action{c.look(now)}
}
