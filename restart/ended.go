package restart

import "time"

// exited handles the end of a child that nobody here had asked to leave.
func (c *course) exited(now time.Time, ev Exited) []Action {
	g := &c.gen
	g.settle(&ev)
	g.judged = now
	g.because = cause(&c.policy, ev, g.looks.last, g.watch.kills)
	g.watch.counters, g.watch.kills = ev.Counters, ev.Counters.OOMKill
	if c.interruptedLately(now) {
		g.because, g.then = Asked, End
	}
	if ev.Left == 0 {
		return c.over(now)
	}
	// Part of the tree stays: nothing is left behind, and nothing new starts
	// beside it.
	c.enter(Leaving, after(now, c.policy.Grace))
	r := c.report(LeftBehind)
	r.Sig, r.In = c.policy.StopSignal, c.policy.Grace
	return append([]Action{r}, c.askRest()...)
}

// fulfilled reports whether another generation would have nothing to do: our stdin
// is at its end, and nobody is owed anything.
func (c *course) fulfilled() bool { return c.inputEnded && c.gen.owed == 0 }

// interruptedLately reports whether the terminal sent a signal to the child
// shortly before now: then its end is what the person at the terminal wanted.
func (c *course) interruptedLately(now time.Time) bool {
	t := c.gen.interrupted
	return !t.IsZero() && (c.policy.Grace == Forever || now.Sub(t) <= c.policy.Grace)
}

// over is called when the tree is empty: now it is settled what follows.
func (c *course) over(now time.Time) []Action {
	g := &c.gen
	if g.exit == nil {
		panic("restart: an empty tree without the end of its child")
	}
	g.previous, g.previousEnd = g.number, now
	left := c.report(Left)
	left.Took, left.Requests, left.Handover = now.Sub(g.judged), g.served, c == c.other && !c.candidate(c)
	if c == c.at {
		c.remember(g.because, g.judged)
	}
	return append([]Action{left}, c.afterwards(now)...)
}

// afterwards says what follows, now that the tree is empty.
func (c *course) afterwards(now time.Time) []Action {
	g := &c.gen
	if c == c.other {
		return c.otherOver(now, c)
	}
	if c.fulfilled() || c.policy.LostExits && g.lost > 0 {
		g.then = End
	}
	k := g.because.kind(g.exit.ok())
	if g.then == Decide {
		g.then = End
		if c.policy.relaunches(k) {
			g.then = Relaunch
		}
	}
	if g.then == End {
		return c.end(now, k)
	}
	if c.other != nil && g.handing {
		return c.promote(now)
	}
	uptime := g.judged.Sub(g.started)
	if uptime >= c.policy.healthy() {
		c.backoff.forget()
	}
	soon := uptime < c.policy.MinUptime && !g.because.fromOutside()
	switch {
	case k == crash:
		return c.retry(now, c.report(Backoff), c.finalStatus(), true)
	case soon && k == byItself:
		return c.retry(now, c.report(Backoff), g.exit.Status(), false)
	case soon:
		return c.retry(now, c.report(NoHelp), g.exit.Status(), false)
	case k == budget || g.ordered:
		return c.spawn(now) // its reason was said when the stop began
	}
	return append([]Action{c.report(Ended)}, c.spawn(now)...)
}

// late reports whether the generation was stopped because it was not ready in time.
func (c *course) late() bool { return c.gen.because == StartFailed && c.gen.ordered }

// finalStatus is what relance ends with if the end of this generation is the last. What a
// child that was stopped says of itself is no success.
func (c *course) finalStatus() int {
	if c.late() {
		return BudgetStatus
	}
	return c.gen.exit.Status()
}

// end is the end of the whole, with the right status.
func (c *course) end(now time.Time, k kind) []Action {
	if c.policy.Restart == Never && (k == budget || k == limit && c.gen.ordered || c.late()) {
		return append([]Action{c.report(BudgetEnd)}, c.quit(now, BudgetStatus)...)
	}
	if c.policy.Restart == Never && c.gen.because == OOMKilled {
		// Its status says no more than that it was killed.
		return append([]Action{c.report(OOM)}, c.quit(now, c.gen.exit.Status())...)
	}
	if exit := c.gen.exit; exit.Signal == c.gen.interruptedBy {
		return c.quitBy(now, exit.Status(), exit.Signal)
	}
	return c.quit(now, c.gen.exit.Status())
}

// retry waits before the next generation, or gives up. r is the report to make
// of it; isCrash says whether it counts for giving up.
func (c *course) retry(now time.Time, r Report, status int, isCrash bool) []Action {
	if c.gen.exit == nil {
		c.gen.exit = &Exited{Gen: c.gen.number, Code: status}
	}
	if isCrash && c.backoff.crashed(now, &c.policy) {
		r.Kind, r.Failures, r.Workers = GaveUp, len(c.backoff.crashes), c.others()
		return append([]Action{r}, c.quit(now, status)...)
	}
	g := &c.gen
	since := g.judged
	if since.IsZero() {
		since = now // it has not started
	}
	c.failed(since, r.Reason)
	r.In = c.backoff.delay(&c.policy)
	r.Failures, g.handing = c.backoff.failures, false
	c.enter(Waiting, now.Add(r.In))
	return append([]Action{r}, c.baseline()...)
}

// lastStatus is what relance exits with when it is asked to end while no child
// is there.
func (c *course) lastStatus() int { return c.gen.exit.Status() }
