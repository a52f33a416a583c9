package supervise

import (
	"time"

	"relance/control"
	"relance/restart"
	"relance/status"
)

// asked is translate for who asks by the control socket. All get their answer at once:
// what becomes of an order is told by events.
func (l *loop) asked(a control.Ask) {
	switch a.Kind {
	case control.Figures:
		now := time.Now()
		a.Answer(control.Answer{Status: l.Status(now, l.live(now))})
	case control.Members:
		members, err := l.world.Members()
		if len(members) > 0 {
			err = nil // of some process; the others are told
		}
		a.Answer(control.Answer{Members: members, Err: err})
	case control.Restart:
		l.add(restart.RestartAsked{By: a.By})
		a.Answer(control.Answer{})
	case control.Stop:
		l.stopAsked(restart.StopAsked{By: a.By})
		a.Answer(control.Answer{})
	}
}

// live is what there is to know of each generation. A look that is not possible leaves
// figures out.
func (l *loop) live(now time.Time) []status.Live {
	var all []status.Live
	for _, s := range l.core.Snapshot() {
		live := status.Live{
			Worker: s.Worker, Generation: s.Gen, PID: s.PID, State: s.State.String(), Started: s.Started,
			MemoryBudget: l.Policy.MemoryHigh, CPUBudget: l.Policy.CPUTime, SocketsMax: l.Policy.MaxSockets, TasksMax: l.Policy.MaxTasks,
			Counts: l.Policy.MaxRequests > 0 || l.Policy.Drains, MaxRequests: s.MaxRequests, Planned: s.Planned,
			Ready: s.Ready, Why: s.Why, Because: string(s.Because), Until: s.Next, Due: string(s.Due),
		}
		if s.Aged {
			live.PlannedFor = string(restart.Age)
		}
		if l.life(s.Gen) != nil {
			l.see(now, &live)
		}
		all = append(all, live)
	}
	return all
}

// see fills in the figures.
func (l *loop) see(now time.Time, live *status.Live) {
	live.Requests, live.InFlight = l.world.Requests(live.Generation)
	u, err := l.world.See(live.Generation, live.MemoryBudget)
	if err != nil {
		return
	}
	live.Memory, live.Processes, live.CPU = u.Memory, u.Processes, u.CPU
	live.Files, live.FilesMax, live.Sockets, live.Tasks = u.Files, u.FilesMax, u.Sockets, u.Tasks
	l.sample(now, live.Generation, u.Memory)
}

func (l *loop) sample(now time.Time, gen int, memory int64) {
	if l.Sample != nil {
		l.Sample(now, gen, memory)
	}
}
