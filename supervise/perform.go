package supervise

import (
	"errors"

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
		switch {
		case a.Tree:
			l.world.SignalTree(a.Sig)
		case l.pid == 0:
			// Reaped meanwhile: the number may be anybody's.
		case a.Queued:
			l.world.Queue(l.pid, a.Sig, a.Value)
		default:
			l.world.Signal(l.pid, a.Sig)
		}
	case restart.Kill:
		l.world.KillTree()
	case restart.Look:
		usage, err := l.world.Look(l.Policy.MemoryHigh)
		ev := restart.Looked{Gen: a.Gen, Usage: usage}
		if err != nil {
			ev.Err = err.Error()
		}
		l.add(ev)
	case restart.Headroom:
		l.world.Headroom(true)
	case restart.Tripwire:
		l.world.Headroom(false)
	case restart.Watch:
		l.world.Watch()
	case restart.Count:
		l.world.Count(a.Until)
	case restart.Drain:
		known := l.world.Drain()
		if _, inFlight := l.world.Requests(); known || inFlight > 0 {
			l.served()
		}
	case restart.CloseInput:
		l.world.CloseInput()
	case restart.Alarm:
		if l.pid != 0 { // as above
			l.world.Alarm(a.In)
		}
	case restart.Examine:
		l.add(l.world.Examine(a.Now))
	case restart.Report:
		l.Report(a)
	case restart.Quit:
		// Run has seen it.
	}
}

func (l *loop) spawn(a restart.Spawn) {
	pid, err := l.world.Spawn(a.Gen)
	if err != nil {
		failed := restart.SpawnFailed{Gen: a.Gen, Err: err.Error(), Status: 125}
		var stage *child.StageError
		if errors.As(err, &stage) {
			failed.Status = stage.ExitStatus()
		}
		l.add(failed)
		return
	}
	l.gen, l.pid = a.Gen, pid
	if !l.Policy.NotifyReady {
		l.Above.Ready()
	}
	l.add(restart.Started{Gen: a.Gen, PID: pid})
}
