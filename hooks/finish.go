package hooks

import (
	"fmt"
	"slices"
	"time"

	"relance/restart"
)

// What is done when all generations are over.

// Finish is called when all generations are over: gates are closed, and what is still to
// be told may be, for as long as one command may take.
func (c *Crew) Finish(now time.Time) {
	if c == nil {
		return
	}
	c.ending, c.by = true, now.Add(min(c.set.Timeout, maxEnd))
	for _, r := range c.runs {
		if r.gate != 0 {
			c.close(now, r)
		}
	}
	c.jobs = slices.DeleteFunc(c.jobs, func(j job) bool { return j.gate != 0 })
	if c.hurried {
		c.cut(now)
	}
}

// maxEnd bounds the end where a command may take any time.
const maxEnd = time.Minute

// Hurry is called when somebody asks for the end: who does so for the second time, or
// when there is nothing else to end any more, does not want to wait for that.
func (c *Crew) Hurry(now time.Time) {
	if c == nil {
		return
	}
	again := !c.asked.IsZero()
	switch {
	case again && now.Sub(c.asked) < restart.SameRequest:
	case c.ending:
		c.cut(now)
	default:
		c.asked, c.hurried = now, again
	}
}

// cut ends all that runs, and drops what waits.
func (c *Crew) cut(now time.Time) {
	c.by = time.Time{}
	for _, j := range c.jobs {
		if j.flag == "after-up" {
			c.lost++
		}
	}
	missing := c.lost
	if c.queue != nil {
		missing += len(c.queue.Events()) + int(c.queue.Dropped())
	}
	for _, r := range c.runs {
		if r.stage == working && r.errand == nil {
			if r.gate == 0 {
				missing++
			}
			c.end(now, r)
		}
	}
	c.jobs, c.lost = slices.DeleteFunc(c.jobs, func(j job) bool { return j.errand == nil }), 0
	if missing > 0 {
		c.say(fmt.Sprintf("all has ended; of the commands for it, %d were not run to their end", missing))
	}
}

// Busy reports whether there is anything to do, which relance waits for before it ends.
// Who waits for an errand says for how long (Serve).
func (c *Crew) Busy() bool {
	if c == nil {
		return false
	}
	over := c.ending && c.by.IsZero()
	return slices.ContainsFunc(c.runs, func(r *run) bool { return r.errand == nil }) ||
		slices.ContainsFunc(c.jobs, func(j job) bool { return j.errand == nil }) || !over && c.queue != nil && len(c.queue.Events()) > 0
}
