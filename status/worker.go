package status

import (
	"time"

	"relance/restart"
)

// worker is what there is to know of one generation, or of a slot that waits.
func (t *Track) worker(now time.Time, l *Live) Worker {
	w := Worker{
		Worker: l.Worker, Generation: l.Generation, State: l.State, PID: l.PID, Started: l.Started,
		Memory: l.Memory, MemoryBudget: l.MemoryBudget, Processes: l.Processes,
		CPU: l.CPU.Seconds(), CPUBudget: l.CPUBudget.Seconds(), Files: l.Files, FilesMax: l.FilesMax,
		Sockets: l.Sockets, SocketsMax: l.SocketsMax, Tasks: l.Tasks, TasksMax: l.TasksMax, Planned: l.Planned,
		Because: l.Because, Until: l.Until, Due: l.Due,
	}
	if l.State == restart.Running.String() {
		ready := l.Ready
		w.Ready, w.NotReady = &ready, l.Why
	}
	if !l.Started.IsZero() {
		w.Uptime = max(now.Sub(l.Started), 0).Seconds()
	}
	if l.Counts {
		served := l.Requests
		w.Requests, w.MaxRequests, w.InFlight = &served, l.MaxRequests, l.InFlight
	}
	s := t.slots[l.Worker]
	if s != nil {
		w.NextTry = s.retry
		for i := range s.runs {
			slope, known := s.runs[i].trend.slope()
			if s.runs[i].gen == l.Generation && known {
				w.Slope = &slope
			}
		}
		for _, p := range s.history.points {
			w.History = append(w.History, Point{Time: t.began.Add(p.at), Generation: p.gen, Memory: p.memory})
		}
	}
	if l.State == restart.Waiting.String() {
		w.Until, w.NextTry = time.Time{}, l.Until
	}
	w.Forecast = forecast(now, l, w.Slope)
	return w
}
