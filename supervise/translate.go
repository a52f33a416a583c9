package supervise

import (
	"fmt"

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
		if s.Sender == l.pid {
			l.add(restart.CPUUsed{Gen: l.gen})
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
		l.add(ev)
	case signals.Interrupt:
		// As it reached the child, whatever we would have made of it.
		l.interrupted = l.gen
		l.add(restart.Interrupted{Sig: restart.Sig(s.Number)})
		l.release()
	case signals.Forward:
		l.add(restart.Forward{Sig: restart.Sig(sig), Queued: s.Queued, Value: s.Value})
	}
}

// group is the same for news of a group. The kernel may tell of an OOM kill
// before it tells of the end of its victim, so that is asked for first: the end
// is the whole story.
func (l *loop) group(ev cgroup.Change) {
	if ev.Gen != l.gen {
		return // of a group that is no more
	}
	l.reap()
	switch {
	case l.held != nil, l.pid == 0 && !l.leftover:
		// What the counters say goes with the end.
	case ev.Pressed:
		// A look that is not possible leaves the figures out; the verdict stands.
		usage, _ := l.world.Look(l.Policy.MemoryHigh)
		l.add(restart.Pressed{Gen: ev.Gen, Usage: usage})
	default:
		// In this order: Counters lets the next change of a file be told, and where
		// the child is must not be older than that.
		counters := l.world.Counters()
		escaped := l.pid != 0 && l.world.Escaped()
		dying := l.pid != 0 && counters.OOMKill > 0 && l.world.Dying()
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

// reap takes every change there is. The end of the child is told with what is
// left of its tree; that of an orphan only matters when it was the last.
func (l *loop) reap() {
	var ended *restart.Exited
	for {
		c, wait := l.world.Reap()
		switch {
		case wait == child.Found && c.PID != l.pid:
			continue
		case wait == child.Found && c.Stopped != 0:
			l.world.ChildStopped(restart.Sig(c.Stopped))
			continue
		case wait == child.Found:
			ended = &restart.Exited{
				Gen: l.gen, Code: c.Code, Signal: restart.Sig(c.Signal), Core: c.Core,
				CPU: c.CPU, MaxRSS: c.MaxRSS,
				// While there is a group to read them from.
				Counters: l.world.Counters(),
			}
			// Forgotten at once: from now on this number may be anybody's.
			l.pid = 0
			l.leftover = true
			continue
		}
		if l.leftover {
			l.tellLeft(ended, wait)
		}
		return
	}
}

// tellLeft tells of the end of the child, or of the end of its tree.
func (l *loop) tellLeft(ended *restart.Exited, wait child.Wait) {
	left := 0
	if wait != child.Childless {
		left = l.world.TreeLeft()
	}
	if left == 0 {
		l.leftover = false
		l.world.Over()
	}
	switch {
	case ended != nil:
		ended.Left = left
		if left == 0 && l.world.Settles() {
			l.unsettled = *ended
		} else if !l.hold(*ended) {
			l.add(*ended)
		}
	case left == 0:
		l.release()
		if ev := (restart.Emptied{Gen: l.gen}); l.world.Settles() {
			l.unsettled = ev
		} else {
			l.add(ev)
		}
	}
}
