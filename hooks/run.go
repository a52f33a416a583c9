package hooks

import (
	"fmt"
	"slices"
	"time"

	"relance/child"
	"relance/limits"
	"relance/restart"
)

// What becomes of commands from their start to their end.

// Start starts what can be, and returns the pids of those that were, which are not of the
// tree of any generation, and what became of the gates that could not be.
func (c *Crew) Start(now time.Time) (pids []int, events []restart.Event) {
	if c == nil {
		return nil, nil
	}
	var waiting []job
	for _, j := range c.jobs {
		if j.gate == 0 && slices.ContainsFunc(c.runs, func(r *run) bool { return r.flag == j.flag }) {
			waiting = append(waiting, j)
			continue
		}
		pid, err := c.start(j)
		if err != nil && j.errand != nil {
			j.errand.refused(err)
			continue
		}
		if err != nil {
			c.fail(j.flag, err.Error())
			if j.gate != 0 {
				events = append(events, restart.GateEnded{Gate: j.gate, Err: err.Error()})
			}
			continue
		}
		r := &run{job: j, pid: pid, conn: -1}
		switch {
		case j.errand != nil:
			r.due = now.Add(mostErrand)
		case j.gate == 0 && c.set.Timeout != restart.Forever:
			r.due = now.Add(c.set.Timeout)
		}
		c.runs = append(c.runs, r)
		pids = append(pids, pid)
	}
	c.jobs = waiting
	if c.lost > 0 && len(waiting) == 0 {
		c.say(fmt.Sprintf("--after-up: not run for %d generations: they come faster than the command ends", c.lost))
		c.lost = 0
	}
	return pids, events
}

// Knock takes who is at a door, and returns what that means; nil: nobody waits for it.
func (c *Crew) Knock(k Knock) restart.Event {
	if k.err != nil {
		c.say("--before-relaunch: accept a connection: " + k.err.Error() + "; from now on a gate opens only when its command ends well")
		return nil
	}
	for _, r := range c.runs {
		if r.gate != 0 && r.worker == k.worker && r.stage == working && r.conn < 0 {
			r.conn = k.conn
			return restart.GateOpened{Gate: r.gate}
		}
	}
	closeConn(k.conn)
	return nil
}

// CloseGate lets the command of a gate end: it is let know if it listens, and told else.
func (c *Crew) CloseGate(now time.Time, gate int) {
	for _, r := range c.runs {
		if r.gate == gate {
			c.close(now, r)
		}
	}
}

func (c *Crew) close(now time.Time, r *run) {
	switch {
	case r.stage != working:
	case r.conn >= 0:
		closeConn(r.conn)
		r.conn, r.stage, r.due = -1, closing, now.Add(letGo)
	default:
		c.end(now, r)
	}
}

// end tells a command to end.
func (c *Crew) end(now time.Time, r *run) {
	c.kill(r.pid, false)
	r.stage, r.due = told, now.Add(patience)
}

// Ended takes the end of a child of ours, and reports whether it was a command's.
func (c *Crew) Ended(ch child.Change) (ev restart.Event, mine bool) {
	if c == nil {
		return nil, false
	}
	i := slices.IndexFunc(c.runs, func(r *run) bool { return r.pid == ch.PID })
	switch {
	case i < 0:
		return nil, false
	case ch.Stopped != 0:
		return nil, true
	}
	r := c.runs[i]
	c.runs = slices.Delete(c.runs, i, i+1)
	if r.conn >= 0 {
		closeConn(r.conn)
	}
	if r.errand != nil {
		r.errand.ended(ch, r.stage != working)
		return nil, true
	}
	how := ""
	switch {
	case ch.Signal != 0:
		how = "ended by signal " + signalName(ch.Signal)
	case ch.Code != 0:
		how = fmt.Sprintf("exit status %d", ch.Code)
	}
	if r.gate != 0 {
		return restart.GateEnded{Gate: r.gate, Err: how}, true
	}
	if r.stage == working {
		c.fail(r.flag, how)
	}
	return nil, true
}

// fail says how a command has failed, unless that is what was said last; empty: it has
// not.
func (c *Crew) fail(flag, how string) {
	if c.failed[flag] != how && how != "" {
		c.say("--" + flag + ": " + how)
	}
	c.failed[flag] = how
}

// Due is when Advance wants to be called at the latest; the zero time: whenever.
func (c *Crew) Due() time.Time {
	var at time.Time
	if c == nil {
		return at
	}
	earlier := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	for _, r := range c.runs {
		earlier(r.due)
	}
	earlier(c.by)
	return at
}

// Advance does what is due.
func (c *Crew) Advance(now time.Time) {
	if c == nil {
		return
	}
	if !c.by.IsZero() && !now.Before(c.by) {
		c.cut(now)
	}
	for _, r := range c.runs {
		switch {
		case r.due.IsZero() || now.Before(r.due):
		case r.stage == told:
			c.kill(r.pid, true)
			r.due = now.Add(patience)
		default:
			if r.gate == 0 && r.errand == nil {
				c.fail(r.flag, "not done within "+limits.FormatDuration(c.set.Timeout)+" (--hook-timeout), so it is ended")
			}
			c.end(now, r)
		}
	}
}
