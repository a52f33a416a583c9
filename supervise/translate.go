package supervise

import (
	"fmt"
	"time"

	"relance/cgroup"
	"relance/child"
	"relance/restart"
	"relance/signals"
)

// translate is the border post: what an edge tells becomes events of the core.
func (l *loop) translate(s signals.Signal) {
	meaning := l.Situation.Meaning(s)
	if meaning == signals.Ours {
		return
	}
	switch meaning {
	case signals.Reap:
		l.reap()
		return
	case signals.CPUClock:
		if life := l.lifeOf(s.Sender); life != nil {
			l.add(restart.CPUUsed{Gen: life.gen})
		}
		return
	}
	if meaning == signals.Forward && s.Number == l.RestartSignal && !s.FromKernel {
		l.add(restart.RestartAsked{By: sender(s)})
		return
	}
	sig, wanted := l.Rewrites.Apply(s.Number)
	if !wanted {
		return
	}
	switch meaning {
	case signals.Stop:
		ev := restart.StopAsked{Sig: restart.Sig(sig), By: sender(s)}
		if l.StopSignalSet && sig == s.Number {
			ev.Sig = 0
		}
		l.stopAsked(ev)
	case signals.Interrupt:
		if l.quit != nil {
			l.Hooks.Hurry(time.Now())
		}
		// As it reached the child, whatever we would have made of it.
		l.add(restart.Interrupted{Sig: restart.Sig(s.Number)})
		for _, life := range l.lives {
			life.interrupted = true
			defer l.unhold(life) // which may take it from the list
		}
		l.settleAll()
	case signals.Forward:
		l.add(restart.Forward{Sig: restart.Sig(sig), Queued: s.Queued, Value: s.Value})
	}
}

// stopAsked: somebody asks for the end, by whatever way. Who does so again does not
// wait for hooks.
func (l *loop) stopAsked(ev restart.StopAsked) {
	l.stillServed()
	l.add(ev)
	l.ending = true
	now := time.Now()
	l.Hooks.Hurry(now)
	if l.Asked != nil {
		l.Asked(now)
	}
	l.settleAll()
}

// group is the same for news of a group. The kernel may tell of an OOM kill
// before it tells of the end of its victim, so that is asked for first: the end
// is the whole story.
func (l *loop) group(ev cgroup.Change) {
	life := l.life(ev.Gen)
	if life == nil {
		return // of a group that is no more
	}
	l.reap()
	switch {
	case life.held != nil, life.pid == 0 && !life.leftover:
		// What the counters say goes with the end.
	case ev.Pressed:
		// A look that is not possible leaves the figures out; the verdict stands.
		usage, _ := l.world.Look(ev.Gen, l.Policy.MemoryHigh)
		l.add(restart.Pressed{Gen: ev.Gen, Usage: usage})
	default:
		// In this order: Counters lets the next change of a file be told, and where
		// the child is must not be older than that.
		counters := l.world.Counters(ev.Gen)
		escaped := life.pid != 0 && l.world.Escaped(ev.Gen)
		dying := life.pid != 0 && counters.OOMKill > 0 && l.world.Dying(ev.Gen)
		l.add(restart.MemoryEvents{Gen: ev.Gen, Counters: counters, Escaped: escaped, Dying: dying})
	}
}

// sender says for people who sent s.
func sender(s signals.Signal) string {
	if s.Sender == 0 {
		// "si_pid is 0 if the sender is not visible in our pid namespace"
		// (pid_namespaces(7)).
		return signals.Name(s.Number) + " from outside this container"
	}
	return fmt.Sprintf("%s from pid %d, uid %d", signals.Name(s.Number), s.Sender, s.UID)
}

// reap takes every change there is. The end of a child is told with what is left
// of its tree; that of an orphan only matters when it was the last.
func (l *loop) reap() {
	ends := map[int]*restart.Exited{}
	for {
		c, wait := l.world.Reap()
		if wait != child.Found {
			l.tellLeft(ends, wait)
			return
		}
		if ev, hook := l.Hooks.Ended(c); hook {
			if ev != nil {
				l.add(ev)
			}
			continue
		}
		switch life := l.lifeOf(c.PID); {
		case life == nil:
		case c.Stopped != 0:
			l.world.ChildStopped(life.gen, restart.Sig(c.Stopped))
		default:
			ends[life.gen] = &restart.Exited{
				Gen: life.gen, Code: c.Code, Signal: restart.Sig(c.Signal), Core: c.Core,
				CPU: c.CPU, MaxRSS: c.MaxRSS, Charged: c.Charged,
				// While there is a group to read them from.
				Counters: l.world.Counters(life.gen),
			}
			// Forgotten at once: from now on this number may be anybody's.
			life.pid, life.leftover = 0, true
		}
	}
}

// tellLeft tells of the ends of children, and of those of their trees.
func (l *loop) tellLeft(ends map[int]*restart.Exited, wait child.Wait) {
	// One that is told of goes from the list.
	for _, life := range append([]*life(nil), l.lives...) {
		if !life.leftover {
			continue
		}
		left := 0
		if wait != child.Childless {
			left = l.world.TreeLeft(life.gen)
		}
		if left == 0 {
			life.leftover = false
			l.world.Over(life.gen)
		}
		switch ended := ends[life.gen]; {
		case ended != nil:
			ended.Left = left
			if left > 0 || !l.keep(life, *ended) {
				if !l.hold(life, *ended) {
					l.tell(life, *ended)
				}
			}
		case left == 0:
			l.unhold(life)
			if ev := (restart.Emptied{Gen: life.gen}); !l.keep(life, ev) {
				l.tell(life, ev)
			}
		}
	}
}

// keep keeps the end of a tree back where it is told later what becomes of its
// requests, and reports whether that is so.
func (l *loop) keep(life *life, ev restart.Event) bool {
	if !l.world.Settles() || l.ending {
		return false
	}
	life.unsettled = ev
	return true
}
