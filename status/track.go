package status

import (
	"time"

	"relance/report"
)

// Track keeps what happened, as far as people ask for it.
type Track struct {
	name    string
	command []string
	pid     int
	since   time.Time
	ends    []End
	reasons map[string]int64
	ended   int64
	last    *report.Event
	newest  int
}

const lastEnds = 10

// New returns a Track to which nothing has happened. name is what the user calls this
// supervisor, or empty.
func New(name string) *Track { return &Track{name: name, reasons: map[string]int64{}} }

// Runs says what is run, which process relance is, and since when.
func (t *Track) Runs(command []string, pid int, since time.Time) {
	t.command, t.pid, t.since = command, pid, since
}

// Tell takes the next event.
func (t *Track) Tell(e report.Event) {
	t.last, t.newest = &e, max(t.newest, e.Generation)
	if e.Kind != "left" {
		return
	}
	t.ended++
	t.reasons[e.Reason]++
	t.ends = append([]End{{Time: e.Time, Worker: e.Worker, Generation: e.Generation, Reason: e.Reason, Msg: e.Msg}}, t.ends...)
	t.ends = t.ends[:min(len(t.ends), lastEnds)]
}

// Sample takes what a look at generation gen has seen of its memory, in bytes.
func (t *Track) Sample(now time.Time, gen int, memory int64) {}

// Status is what there is to know now. live has the generations that live and the
// slots that wait for one.
func (t *Track) Status(now time.Time, live []Live) Status {
	s := Status{
		Schema: Schema, Time: now, Name: t.name, Command: t.command, PID: t.pid, Since: t.since,
		Running: max(now.Sub(t.since), 0).Seconds(), Generations: t.newest, Ended: t.ended,
		Reasons: t.reasons, Ends: t.ends, Last: t.last, Workers: []Worker{},
	}
	for _, l := range live {
		s.Workers = append(s.Workers, worker(now, l))
	}
	return s
}

func worker(now time.Time, l Live) Worker {
	w := Worker{
		Worker: l.Worker, Generation: l.Generation, State: l.State, PID: l.PID, Started: l.Started,
		Memory: l.Memory, MemoryBudget: l.MemoryBudget, Processes: l.Processes,
		CPU: l.CPU.Seconds(), CPUBudget: l.CPUBudget.Seconds(), Files: l.Files, FilesMax: l.FilesMax,
		Sockets: l.Sockets, SocketMax: l.SocketsMax, Tasks: l.Tasks, TasksMax: l.TasksMax, Planned: l.Planned,
	}
	if !l.Started.IsZero() {
		w.Uptime = max(now.Sub(l.Started), 0).Seconds()
	}
	if l.Counts {
		w.Requests, w.MaxRequests, w.InFlight = &l.Requests, l.MaxRequests, l.InFlight
	}
	return w
}
