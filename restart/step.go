package restart

import "time"

// What Step does in each state. Every event of the closed set is named in every
// state, also where it is ignored, and there with the reason.

// stepStarting: a Spawn is on its way; the child may not exist yet.
func (c *course) stepStarting(now time.Time, ev Event) []Action {
	switch ev := ev.(type) {
	case Started:
		return c.started(now, ev)
	case SpawnFailed:
		return c.spawnFailed(now, ev)
	case StopAsked:
		c.askedEarly(now, ev.Sig, ev.By)
	case Interrupted:
		c.askedEarly(now, 0, "")
	case RestartAsked:
		c.gen.renewed, c.gen.askedBy = true, ev.By
	case Examined:
		// It is there for the child that starts.
	case Exited, Emptied, Looked, MemoryEvents, Pressed, CPUUsed, Served, Ready, Probed, Extend:
		panic("restart: news of a child that has not started")
	case Forward, ClockSet, Tick, Touched, InputEnded:
		// Nobody is there to get a signal, the plan is asked when the child is up, there
		// is no deadline, and the rest is for all.
	}
	return nil
}

// askedEarly: somebody asks for the end of a child that may not exist yet. It is
// stopped as soon as it does.
func (c *course) askedEarly(now time.Time, sig Sig, by string) {
	c.gen.then = End
	if c.gen.asked.IsZero() {
		c.gen.asked, c.gen.askedSig, c.gen.askedBy = now, sig, by
	}
}

func (c *course) started(now time.Time, ev Started) []Action {
	c.gen.started, c.gen.pid = now, ev.PID
	c.gen.looks.start(now, &c.gen.rules)
	c.enter(Running, time.Time{})
	stop := c.gen.then == End
	if !stop {
		c.plan(now)
	}
	begun := c.report(Begun)
	begun.PID = ev.PID
	actions := append([]Action{begun}, c.announce()...)
	if !c.gen.first && c.policy.Ready == ReadyAtStart && !c.candidate(c) {
		actions = append(actions, c.upReport(now))
	}
	switch {
	case stop:
		return append(actions, c.stop(now, Asked, End, c.gen.askedSig)...)
	case c.gen.renewed && !c.takesTurns(Asked):
		return append(actions, c.stop(now, Asked, Relaunch, 0)...)
	}
	actions = append(append(append(actions, c.rearm(now)...), c.count()...), c.awaitReady(now)...)
	if c.gen.renewed {
		actions = append(actions, c.stop(now, Asked, Relaunch, 0)...)
	}
	if c.gen.number == 1 {
		actions = append(actions, c.openOthers(now)...)
	}
	return actions
}

func (c *course) spawnFailed(now time.Time, ev SpawnFailed) []Action {
	r := c.report(StartFailure)
	r.Reason, r.Err = StartFailed, ev.Err
	if c == c.other {
		c.gen.because = StartFailed
		return c.candidateOver(now, c, r)
	}
	if c.gen.number == 1 || c.gen.then == End || c.fulfilled() {
		return append([]Action{r}, c.quit(now, ev.Status)...)
	}
	c.gen.because = StartFailed
	// It was there before and will be again: a file that is just being replaced,
	// a moment without memory. So under every policy this is tried again.
	r.Kind = Backoff
	return c.retry(now, r, ev.Status, true)
}

// stepRunning: the child is up and nothing is wrong.
func (c *course) stepRunning(now time.Time, ev Event) []Action {
	switch ev := ev.(type) {
	case Exited:
		return c.exited(now, ev)
	case Looked:
		return c.looked(now, ev)
	case MemoryEvents:
		return c.memoryEvents(now, ev)
	case Pressed:
		return c.pressed(now, ev)
	case CPUUsed:
		return c.cpuUsed(now)
	case Served:
		return c.requestsServed(now, ev)
	case Ready:
		if c.policy.Ready == ReadyWhenSaid {
			return c.isReady(now)
		}
	case Probed:
		return c.probed(now, ev)
	case Examined:
		return c.changedFile(now, ev)
	case StopAsked:
		c.gen.asked, c.gen.askedBy = now, ev.By
		return c.stop(now, Asked, End, ev.Sig)
	case RestartAsked:
		c.gen.renewed, c.gen.askedBy = true, ev.By
		return c.stop(now, Asked, Relaunch, 0)
	case Interrupted:
		c.gen.interrupted, c.gen.interruptedBy = now, ev.Sig
	case Forward:
		return []Action{Signal{Gen: c.gen.number, Sig: ev.Sig, Queued: ev.Queued, Value: ev.Value}}
	case ClockSet:
		return c.clockSet(now)
	case Tick:
		return c.tickRunning(now)
	case Extend:
		if r := &c.gen.ready; !r.by.IsZero() {
			r.by = latest(r.by, now.Add(ev.By))
		}
	case Touched, InputEnded:
		// The core has it.
	case Emptied:
		panic("restart: an empty tree while the child is up")
	case Started, SpawnFailed:
		panic("restart: a child that starts twice")
	}
	return nil
}

// afterBudget is what follows a spent budget. Where the next generation is on its way,
// that is settled.
func (c *course) afterBudget() Then {
	if c.policy.Restart == Never && !c.gen.handing {
		return End
	}
	return Relaunch
}

// stepLeaving: the stop signal is out and the grace runs.
func (c *course) stepLeaving(now time.Time, ev Event) []Action {
	switch ev := ev.(type) {
	case Exited:
		c.gen.settle(&ev)
		late := c.lateKills(ev.Counters)
		if ev.Left == 0 {
			return append(late, c.over(now)...)
		}
		if c.gen.closing {
			c.gen.closing = false
			c.enter(Leaving, after(now, c.policy.Grace))
		}
		// The rest has not been asked yet, or not by us.
		return append(late, c.askRest()...)
	case Emptied:
		c.gen.lost, c.gen.owed = ev.Lost, ev.Owed
		return c.over(now)
	case MemoryEvents:
		return c.lateKills(ev.Counters)
	case StopAsked:
		return c.hurry(now, ev)
	case Interrupted:
		c.gen.interruptedBy = ev.Sig
		return c.askedAgain(now, "")
	case Forward:
		return []Action{Signal{Gen: c.gen.number, Sig: ev.Sig, Queued: ev.Queued, Value: ev.Value}}
	case Tick:
		switch {
		case c.deadline.IsZero() || now.Before(c.deadline):
		case c.gen.closing:
			return c.signal(now, c.policy.StopSignal)
		default:
			return c.kill(now)
		}
	case Looked:
		// The verdict is spoken; but keep the figures for the cause of death.
		if ev.Err == "" {
			c.gen.looks.last = ev.Usage
		}
	case RestartAsked:
		c.askedToRenew()
	case Extend:
		c.extend(now, ev)
	case Touched, Examined, InputEnded:
		// There for the next one.
	case Pressed, CPUUsed, Served, Ready, Probed:
		// It is leaving, and has all the room there is.
	case ClockSet:
		// The grace is no time of day.
	case Started, SpawnFailed:
		panic("restart: a child that starts twice")
	}
	return nil
}

// askedAgain: somebody asks for the end during a stop. The first time it only
// settles what follows; the second time somebody cannot wait.
func (c *course) askedAgain(now time.Time, by string) []Action {
	if c.gen.endBy(now, by) {
		return nil
	}
	if now.Sub(c.gen.asked) < SameRequest {
		return nil
	}
	return c.kill(now)
}

// endBy settles that the end follows, and reports whether nobody has asked for it before.
// Who has asked for another generation is not who asks for the end.
func (g *generation) endBy(now time.Time, by string) (first bool) {
	if g.then = End; !g.asked.IsZero() {
		return false
	}
	g.asked, g.askedBy = now, by
	return true
}

// askedToRenew: somebody asks for another generation while this one leaves. Who
// asked for the end comes first.
func (c *course) askedToRenew() {
	if c.gen.asked.IsZero() && c.gen.because != Asked {
		c.gen.then = Relaunch
	}
}

// stepDying: SIGKILL is out; something is still there.
func (c *course) stepDying(now time.Time, ev Event) []Action {
	switch ev := ev.(type) {
	case Exited:
		c.gen.settle(&ev)
		if ev.Left == 0 {
			return c.over(now)
		}
		return []Action{Kill{Gen: c.gen.number}}
	case Emptied:
		c.gen.lost, c.gen.owed = ev.Lost, ev.Owed
		return c.over(now)
	case StopAsked:
		c.gen.endBy(now, ev.By)
	case Interrupted:
		c.gen.endBy(now, "")
	case Tick:
		if !now.Before(c.deadline) {
			return c.kill(now)
		}
	case RestartAsked:
		c.askedToRenew()
	case Touched, Examined, InputEnded:
		// There for the next one.
	case Looked, Forward, MemoryEvents, Pressed, CPUUsed, ClockSet, Served, Ready, Probed, Extend:
		// Too late for any of them.
	case Started, SpawnFailed:
		panic("restart: a child that starts twice")
	}
	return nil
}

// stepWaiting: no tree; the next try comes at the deadline.
func (c *course) stepWaiting(now time.Time, ev Event) []Action {
	switch ev := ev.(type) {
	case StopAsked:
		return c.quit(now, c.lastStatus())
	case Interrupted:
		return c.quitBy(now, c.lastStatus(), ev.Sig)
	case RestartAsked:
		return c.spawn(now)
	case Examined:
		return c.spawn(now) // what it could not live with may be mended
	case Tick:
		if !now.Before(c.deadline) {
			return c.spawn(now)
		}
	case Forward, Touched:
		// Nobody is there to get the one, and the other is for the core.
	case ClockSet:
		// The delay is no time of day.
	case InputEnded:
		if c.fulfilled() {
			return c.quit(now, c.lastStatus())
		}
	case Looked, MemoryEvents, Pressed, CPUUsed, Served, Ready, Probed, Extend:
		// Of before the end.
	case Started, SpawnFailed, Exited, Emptied:
		panic("restart: news of a child while none is there")
	}
	return nil
}
