package report

import (
	"encoding/json"
	"time"

	"golang.org/x/sys/unix"

	"relance/restart"
	"relance/signals"
)

// Schema is the version of Event. New keys may come within a version; where one went,
// or changed its meaning, it would be another.
const Schema = 1

// Event is one thing that happened, as each outlet tells it; docs/events.md is its
// specification. As JSON it is one object, a line where there are several.
// Durations are in seconds, memory in bytes.
type Event struct {
	Schema     int       `json:"schema"`
	Seq        uint64    `json:"seq"`
	Time       time.Time `json:"time"`
	Level      string    `json:"level"`
	Msg        string    `json:"msg"`
	Name       string    `json:"name,omitempty"`
	Kind       string    `json:"event,omitempty"`
	Worker     int       `json:"worker,omitempty"`
	Generation int       `json:"generation,omitempty"`
	Reason     string    `json:"reason,omitempty"`
	PID        int       `json:"pid,omitempty"`
	Uptime     *float64  `json:"uptime_seconds,omitempty"`
	Memory     *int64    `json:"memory_bytes,omitempty"`
	Budget     int64     `json:"memory_budget_bytes,omitempty"`
	Exceeded   *float64  `json:"memory_exceeded_seconds,omitempty"`
	Stalled    bool      `json:"memory_stalled,omitempty"`
	Pressure   string    `json:"memory_pressure,omitempty"`
	MemoryPeak int64     `json:"memory_peak_bytes,omitempty"`
	MemoryMax  int64     `json:"memory_max_bytes,omitempty"`
	OOMKills   int64     `json:"oom_kills,omitempty"`
	OOMScope   string    `json:"oom_scope,omitempty"`
	Victim     string    `json:"victim,omitempty"`
	PIDsMax    int64     `json:"pids_max,omitempty"`
	Used       *int64    `json:"used,omitempty"`
	Bound      int64     `json:"budget,omitempty"`
	Who        string    `json:"who,omitempty"`
	CPU        *float64  `json:"cpu_seconds,omitempty"`
	CPUBudget  *float64  `json:"cpu_budget_seconds,omitempty"`
	CPUShare   float64   `json:"cpu_share,omitempty"`
	Lasted     *float64  `json:"lasted_seconds,omitempty"`
	Path       string    `json:"path,omitempty"`
	More       int       `json:"other_paths,omitempty"`
	Waited     *float64  `json:"waited_seconds,omitempty"`
	Quiet      bool      `json:"quiet,omitempty"`
	Observed   int       `json:"observed,omitempty"`
	Again      bool      `json:"restart_asked,omitempty"`
	AskedBy    string    `json:"asked_by,omitempty"`
	InFlight   int64     `json:"in_flight,omitempty"`
	Lost       int       `json:"lost,omitempty"`
	Processes  int       `json:"processes,omitempty"`
	ExitStatus *int      `json:"exit_status,omitempty"`
	ExitSignal string    `json:"exit_signal,omitempty"`
	StopSignal string    `json:"stop_signal,omitempty"`
	In         *float64  `json:"in_seconds,omitempty"`
	Failures   int       `json:"failures,omitempty"`
	Planned    time.Time `json:"planned,omitzero"`
	Error      string    `json:"error,omitempty"`
	Spent      string    `json:"spent,omitempty"`
	Handover   bool      `json:"handover,omitempty"`
	Took       *float64  `json:"took_seconds,omitempty"`
	Served     *int64    `json:"requests,omitempty"`
	Down       *float64  `json:"down_seconds,omitempty"`
	Unready    string    `json:"unready,omitempty"`
	Workers    int       `json:"other_workers,omitempty"`
	Ahead      int       `json:"waits_for_worker,omitempty"`
	Previous   int       `json:"previous_generation,omitempty"`
	Before     int64     `json:"memory_before_bytes,omitempty"`
	Slope      *float64  `json:"memory_slope_bytes_per_hour,omitempty"`
	Forecast   time.Time `json:"forecast,omitzero"`
	// ForecastFor is the reason of the recycle that is forecast.
	ForecastFor string `json:"forecast_reason,omitempty"`
}

// EventOf is r, which happened now. name is what the user calls this supervisor, or
// empty.
func EventOf(r restart.Report, name string, now time.Time) Event {
	rec := Event{
		Schema: Schema, Time: now, Level: level(r), Msg: Text(r), Name: name,
		Kind: string(r.Kind), Generation: r.Gen, Reason: string(r.Reason), PID: r.PID,
		Planned: r.Planned, Failures: r.Failures, Error: r.Err,
		Spent: string(r.Spent), Path: r.Path, More: r.More, Quiet: r.Quiet, Observed: r.Observed, Again: r.Again, AskedBy: r.By,
		InFlight: r.InFlight, Lost: r.Lost,
		Worker: r.Worker, Workers: r.Workers, Ahead: r.Ahead, Handover: r.Handover, Unready: r.Unready,
	}
	if r.Uptime != 0 {
		rec.Uptime = seconds(r.Uptime)
	}
	switch r.Kind {
	case restart.Up:
		if !r.Handover && r.After > 0 {
			rec.Down = seconds(r.In)
		}
	case restart.DrainBegun, restart.Stopping, restart.LeftBehind, restart.Backoff, restart.NoHelp, restart.HandoverFailed,
		restart.Gated:
		if r.In != restart.Forever {
			rec.In = seconds(r.In)
		}
	case restart.GateFailed:
		if r.In != 0 {
			rec.In = seconds(r.In)
		}
	}
	if r.Usage.Processes != 0 || r.Usage.Memory != 0 {
		rec.Memory, rec.Processes = &r.Usage.Memory, r.Usage.Processes
	}
	rec.group(r)
	rec.spent(r)
	rec.helped(r)
	if r.Kind == restart.Left {
		rec.left(r)
	}
	if r.Sig != 0 {
		rec.StopSignal = signals.Name(unix.Signal(r.Sig))
	}
	if e := r.Exit; e != nil && r.Kind != restart.Up {
		status := e.Status()
		rec.ExitStatus = &status
		if e.Signal != 0 {
			rec.ExitSignal = signals.Name(unix.Signal(e.Signal))
		}
	}
	return rec
}

// left fills in what is known of a generation only when nothing is left of it: how long
// it took to leave, and all that it has used.
func (rec *Event) left(r restart.Report) {
	rec.Took, rec.CPU, rec.MemoryPeak = seconds(r.Took), seconds(max(r.Usage.CPU, r.Exit.CPU)), max(r.Counters.Peak, r.Exit.MaxRSS)
	if r.Requests > 0 {
		rec.Served = &r.Requests
	}
}

// group fills in what was counted of the group.
func (rec *Event) group(r restart.Report) {
	rec.Stalled, rec.Pressure, rec.MemoryPeak = r.Stalled, r.Pressure, r.Counters.Peak
	if r.Counters.OOMKill > 0 {
		rec.OOMKills, rec.OOMScope = r.Counters.OOMKill, string(r.Counters.Scope())
		rec.Victim, rec.MemoryMax = r.Counters.Victim, r.MemoryMax
	}
	if r.Kind == restart.PIDsMax {
		rec.PIDsMax = r.PIDsMax
	}
}

// spent fills in how a budget was spent.
func (rec *Event) spent(r restart.Report) {
	if r.Waited > 0 {
		rec.Waited = seconds(r.Waited)
	}
	if r.Reason == restart.StartFailed {
		return // nothing was
	}
	u := &r.Usage
	pieces := func(used int64, who string) { rec.Used, rec.Bound, rec.Who = &used, r.Budget, who }
	switch r.Spent {
	case restart.BudgetFiles:
		pieces(u.Files, u.FilesWho)
	case restart.BudgetSockets:
		pieces(u.Sockets, u.SocketsWho)
	case restart.BudgetTasks:
		pieces(u.Tasks, "")
	case restart.BudgetRequests:
		pieces(r.Requests, "")
	case restart.BudgetCPU:
		rec.CPU, rec.CPUBudget = seconds(u.CPU), seconds(time.Duration(r.Budget))
	case restart.BudgetShare:
		rec.CPU, rec.CPUShare = seconds(u.CPU), r.Share
	case restart.BudgetSilence:
	default: // memory
		rec.Budget = r.Budget
		if r.For > 0 {
			rec.Exceeded = seconds(r.For)
		}
		return
	}
	if r.For > 0 {
		rec.Lasted = seconds(r.For)
	}
}

func seconds(d time.Duration) *float64 {
	s := d.Seconds()
	return &s
}

// Note is the event of a message that is about no generation.
func Note(msg, level, name string, now time.Time) Event {
	return Event{Schema: Schema, Time: now, Level: level, Msg: msg, Name: name}
}

// Silent reports whether the event is for those only who want to know of all that
// happens, as nobody has to do anything about it.
func (e Event) Silent() bool {
	switch restart.Kind(e.Kind) {
	case restart.Begun:
		return true
	case restart.Left:
		return !e.Handover
	case restart.Recovered:
		return e.Failures == 0 // it was no trouble
	}
	return false
}

// Line is the event as one line without a line feed: for people, or as JSON.
func (e Event) Line(asJSON bool) string {
	if asJSON {
		return e.JSON()
	}
	return "relance: " + e.text()
}

// text is the line for people, without the program's name.
func (e Event) text() string {
	switch {
	case e.Kind == string(restart.StartFailure):
		// As cli.Complain has it, but where a stderr that is full keeps nobody waiting.
		return "error: " + OneLine(e.Error)
	case e.Name == "":
		return OneLine(e.Msg)
	}
	return e.Name + ": " + OneLine(e.Msg)
}

// JSON is the event as one line, without a line feed.
func (e Event) JSON() string {
	line, err := json.Marshal(e)
	if err != nil {
		panic("report: " + err.Error()) // numbers and strings only: cannot happen
	}
	return string(line)
}

// level sorts the reports for a machine: a recycle is information, an OOM kill
// has lost work.
func level(r restart.Report) string {
	switch r.Kind {
	case restart.Killing, restart.Unkillable, restart.Backoff, restart.NoHelp, restart.LeftBehind, restart.Blind,
		restart.OOM, restart.PIDsMax, restart.Escaped, restart.HandoverFailed, restart.GateFailed, restart.GateLost:
		return "warn"
	case restart.GaveUp, restart.StartFailure, restart.Reduced:
		return "error"
	case restart.Stopping, restart.Ended:
		if r.Reason == restart.OOMKilled || r.Spent == restart.BudgetShare || r.Spent == restart.BudgetSilence {
			return "warn" // work is lost, or was not done for some time
		}
	case restart.Begun, restart.Left, restart.Up, restart.BudgetEnd, restart.Planned, restart.Deferred, restart.Observed, restart.DrainBegun,
		restart.Queued, restart.HandingOver, restart.Recovered, restart.Gated:
	}
	return "info"
}
