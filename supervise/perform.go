package supervise

import (
	"errors"
	"time"

	"relance/child"
	"relance/restart"
)

// perform carries out one action. What follows from it at once is an event like
// any other.
func (l *loop) perform(a restart.Action) {
	switch a := a.(type) {
	case restart.Spawn:
		l.spawn(a)
	case restart.Signal:
		l.signal(a)
	case restart.Kill:
		l.world.KillTree(a.Gen)
	case restart.Look:
		usage, err := l.world.Look(a.Gen, l.Policy.MemoryHigh)
		ev := restart.Looked{Gen: a.Gen, Usage: usage}
		if err != nil {
			ev.Err = err.Error()
		} else if usage.Memory > 0 {
			l.sample(time.Now(), a.Gen, usage.Memory)
		}
		l.add(ev)
	case restart.Headroom:
		l.world.Headroom(a.Gen, true)
	case restart.Tripwire:
		l.world.Headroom(a.Gen, false)
	case restart.Watch:
		l.world.Watch(a.Gen)
	case restart.Count:
		l.world.Count(a.Gen, a.Until)
	case restart.Drain:
		known := l.world.Drain(a.Gen)
		if _, inFlight := l.world.Requests(a.Gen); known || inFlight > 0 {
			l.served(a.Gen)
		}
	case restart.CloseInput:
		l.world.CloseInput(a.Gen)
	case restart.Probe:
		l.world.Probe(a.Gen)
	case restart.Alarm:
		if l.pid(a.Gen) != 0 {
			l.world.Alarm(a.Gen, a.In)
		}
	case restart.Examine:
		l.add(l.world.Examine(a.Now))
	case restart.Report:
		l.report(a)
	case restart.OpenGate:
		l.Hooks.Gate(a)
	case restart.CloseGate:
		l.Hooks.CloseGate(time.Now(), a.Gate)
	case restart.AfterUp:
		l.Hooks.Up(a)
	case restart.Quit:
		l.quit = &a
		l.Hooks.Finish(time.Now())
	}
}

// pid is that of the child of gen; zero: it was reaped, and the number may be
// anybody's.
func (l *loop) pid(gen int) int {
	if life := l.life(gen); life != nil {
		return life.pid
	}
	return 0
}

// report tells people, and does what follows from that alone.
func (l *loop) report(r restart.Report) {
	if r.Kind == restart.Up {
		l.Above.Ready()
	}
	l.Report(r)
	switch r.Kind {
	case restart.DrainBegun, restart.Stopping, restart.HandingOver:
		if r.Reason != restart.Asked || r.Again {
			l.world.NoteAddresses(r.Gen)
		}
	case restart.Backoff, restart.GaveUp, restart.HandoverFailed:
		if r.Reason == restart.Exit && r.Exit.Code != 0 && r.Uptime < l.Policy.MinUptime && r.Gen > 1 {
			l.world.TellTaken(r.Gen)
		}
	}
}

func (l *loop) signal(a restart.Signal) {
	pid := l.pid(a.Gen)
	switch {
	case a.Tree:
		l.world.SignalTree(a.Gen, a.Sig)
	case pid == 0:
	case a.Queued:
		l.world.Queue(pid, a.Sig, a.Value)
	default:
		l.world.Signal(pid, a.Sig)
	}
}

func (l *loop) spawn(a restart.Spawn) {
	pid, err := l.world.Spawn(a)
	if err != nil {
		failed := restart.SpawnFailed{Gen: a.Gen, Err: err.Error(), Status: 125}
		var stage *child.StageError
		if errors.As(err, &stage) {
			failed.Status = stage.ExitStatus()
		}
		l.add(failed)
		return
	}
	l.stirred(time.Now())
	l.lives = append(l.lives, &life{gen: a.Gen, pid: pid})
	if l.Policy.Ready == restart.ReadyAtStart || l.Policy.Ready == restart.ReadyAfter {
		l.Above.Ready()
	}
	l.add(restart.Started{Gen: a.Gen, PID: pid})
}
