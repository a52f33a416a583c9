package restart

import "time"

// How a generation is asked to leave: first nothing new is given to it and what
// it is serving may end (drain), where anybody knows of that; then its stdin is
// closed, where we carry it; then comes the stop signal.

// stop is for a generation that is to end: it begins to leave at once, or when its
// turn has come.
func (c *course) stop(now time.Time, because Reason, then Then, sig Sig) []Action {
	if then == Relaunch && c.takesTurns(because) {
		return c.queue(now, because)
	}
	return c.letGo(now, because, then, sig)
}

// letGo settles why a generation ends, and begins to ask it to leave.
func (c *course) letGo(now time.Time, because Reason, then Then, sig Sig) []Action {
	g := &c.gen
	g.because, g.then, g.judged, g.ordered, g.stopSig = because, then, now, true, sig
	if !c.drains() {
		return c.ask(now)
	}
	c.enter(Draining, after(now, c.policy.DrainTimeout))
	return append(c.headroom(), Drain{Gen: g.number})
}

// drains reports whether what is being served may end before the stop signal: not
// in a tree that does not do its work any more, nor where that was waited for in vain,
// nor where somebody wants the end.
func (c *course) drains() bool {
	g := &c.gen
	switch {
	case !c.policy.Drains, g.because == Asked && g.then == End, g.because == OOMKilled, g.stuck:
		return false
	}
	return !g.hung(g.because)
}

// hung reports whether the tree does not do its work any more, if that is the reason.
func (g *generation) hung(because Reason) bool { return g.spent.hung() && because == g.spent.reason() }

// ask asks the child to leave and lets the grace run.
func (c *course) ask(now time.Time) []Action {
	g := &c.gen
	sig := g.stopSig
	if sig == 0 {
		sig = c.policy.StopSignal
	}
	r := c.report(Stopping)
	r.Sig, r.In = sig, c.policy.Grace
	if c.policy.Stdio && g.asked.IsZero() {
		r.Closing = closingTime
		g.closing = true
		c.enter(Leaving, now.Add(closingTime))
		return append(append([]Action{r}, c.headroom()...), CloseInput{Gen: g.number})
	}
	return append([]Action{r}, c.signal(now, sig)...)
}

// closingTime is how long a child whose stdin was closed may take to leave before
// it gets the stop signal as well. Nothing is in flight by then.
const closingTime = 2 * time.Second

// signal sends the stop signal, and the grace begins to run.
func (c *course) signal(now time.Time, sig Sig) []Action {
	c.gen.closing = false
	c.enter(Leaving, after(now, c.policy.Grace))
	// A stopped child could not act on it, so it is let go on, as systemd does.
	return append(c.headroom(), Signal{Gen: c.gen.number, Sig: sig}, Signal{Gen: c.gen.number, Sig: sigCont})
}

// hurry: somebody asks for the end of a generation that leaves. A child whose stdin
// was closed, and which may leave by itself, gets the signal now.
func (c *course) hurry(now time.Time, ev StopAsked) []Action {
	if !c.gen.closing {
		return c.askedAgain(now, ev.By)
	}
	c.gen.endBy(now, ev.By)
	sig := ev.Sig
	if sig == 0 {
		sig = c.policy.StopSignal
	}
	return c.signal(now, sig)
}

// headroom comes before every signal that asks to leave: a tree above memory.high
// is slowed down so much that it had not left after seven seconds, and without
// memory.high after 0.07.
func (c *course) headroom() []Action {
	if c.policy.MemoryHigh == 0 {
		return nil
	}
	return []Action{Headroom{Gen: c.gen.number}}
}

// askRest asks what is left of a tree whose child has ended to leave as well.
func (c *course) askRest() []Action {
	return append(c.headroom(),
		Signal{Gen: c.gen.number, Sig: c.policy.StopSignal, Tree: true},
		Signal{Gen: c.gen.number, Sig: sigCont, Tree: true})
}

// stepDraining: nothing new comes in, and what is in flight may end.
func (c *course) stepDraining(now time.Time, ev Event) []Action {
	g := &c.gen
	switch ev := ev.(type) {
	case Served:
		return c.drained(now, ev)
	case Exited:
		g.settle(&ev)
		if c.interruptedLately(now) {
			g.then = End // nobody else has asked it to leave
		}
		late := c.lateKills(ev.Counters)
		if ev.Left == 0 {
			return append(late, c.over(now)...)
		}
		c.enter(Leaving, after(now, c.policy.Grace))
		return append(late, c.askRest()...)
	case MemoryEvents:
		return c.lateKills(ev.Counters)
	case StopAsked:
		g.then, g.asked, g.askedBy, g.stopSig = End, now, ev.By, ev.Sig
		return c.ask(now)
	case Interrupted:
		// It leaves in any case, so that it is the end is not for the child to say.
		g.then, g.asked, g.askedBy, g.interruptedBy = End, now, "", ev.Sig
		return c.ask(now)
	case RestartAsked:
		c.askedToRenew()
	case Forward:
		return []Action{Signal{Gen: g.number, Sig: ev.Sig, Queued: ev.Queued, Value: ev.Value}}
	case Extend:
		c.extend(now, ev)
	case Touched, Examined, InputEnded:
		// There for the next one.
	case Looked:
		if ev.Err == "" {
			g.looks.last = ev.Usage
		}
	case Tick:
		if !c.deadline.IsZero() && !now.Before(c.deadline) {
			return c.ask(now)
		}
	case Pressed, CPUUsed, ClockSet, Ready, Probed:
		// It is leaving.
	case Emptied:
		panic("restart: an empty tree while the child is up")
	case Started, SpawnFailed:
		panic("restart: a child that starts twice")
	}
	return nil
}

// drained takes how much is in flight: the first answer says whether there is
// anything to wait for.
func (c *course) drained(now time.Time, ev Served) []Action {
	g := &c.gen
	g.served, g.inFlight = ev.Served, ev.InFlight
	if ev.InFlight <= 0 {
		return c.ask(now)
	}
	if g.draining {
		return nil
	}
	g.draining = true
	r := c.report(DrainBegun)
	r.In = c.policy.DrainTimeout
	return []Action{r}
}

// extend gives the child more time for what it is doing (EXTEND_TIMEOUT_USEC),
// never less.
func (c *course) extend(now time.Time, ev Extend) {
	if later := now.Add(ev.By); !c.deadline.IsZero() && later.After(c.deadline) {
		c.deadline = later
	}
}
