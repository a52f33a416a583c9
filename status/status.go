// Package status says what runs, how it has gone so far and what comes next: as a
// value that can be written as JSON, and as text for people.
//
// [Track] is told every event and every look at memory, and keeps of them what fits
// into a fixed space, however long it goes on. It is used by one goroutine, which
// takes the events from a [report.Queue]; it waits for nothing, reads no clock and
// asks for no look, so that nobody is woken for it.
package status

import (
	"encoding/json"
	"time"

	"relance/report"
)

// Schema is the version of Status. New keys may come within a version; where one
// went, or changed its meaning, it would be another.
const Schema = 1

// Status is what there is to know at one moment; docs/status.md is its specification.
// Durations are in seconds, memory in bytes.
type Status struct {
	Schema int       `json:"schema"`
	Time   time.Time `json:"time"`
	Name   string    `json:"name,omitempty"`
	// Command is what is run, PID is of relance itself, Since when that was started.
	Command []string  `json:"command,omitempty"`
	PID     int       `json:"pid,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	Running float64   `json:"running_seconds"`
	// Generations counts those that were started, Ended the ends that were told.
	Generations int   `json:"generations"`
	Ended       int64 `json:"ended"`
	// Workers are the generations that live, and the slots that have none.
	Workers []Worker         `json:"workers"`
	Reasons map[string]int64 `json:"reasons"`
	// Ends are the last ones, the newest first.
	Ends []End         `json:"ends"`
	Last *report.Event `json:"last_event,omitempty"`
	// Missed counts the events that the Track was not told of.
	Missed int64 `json:"missed_events"`
}

// Worker is one generation, or a slot that waits for the next one.
type Worker struct {
	Worker     int       `json:"worker,omitempty"`
	Generation int       `json:"generation"`
	State      string    `json:"state"`
	PID        int       `json:"pid,omitempty"`
	Started    time.Time `json:"started,omitzero"`
	Uptime     float64   `json:"uptime_seconds"`
	// Ready says whether it can do its work, of one that is up, and NotReady why not, as
	// the last probe saw it.
	Ready    *bool  `json:"ready,omitempty"`
	NotReady string `json:"not_ready,omitempty"`
	// Because is why it leaves, or why the last one has ended; Until when the state is
	// over at the latest: by the stop signal, KILL or, as NextTry, the next generation.
	Because string    `json:"because,omitempty"`
	Until   time.Time `json:"until,omitzero"`
	NextTry time.Time `json:"next_try,omitzero"`
	// Due is why one that is up is to be recycled when that may be.
	Due string `json:"due,omitempty"`

	Memory       int64    `json:"memory_bytes,omitempty"`
	MemoryBudget int64    `json:"memory_budget_bytes,omitempty"`
	Slope        *float64 `json:"memory_slope_bytes_per_hour,omitempty"`
	History      []Point  `json:"memory_history,omitempty"`

	Processes  int     `json:"processes,omitempty"`
	CPU        float64 `json:"cpu_seconds,omitempty"`
	CPUBudget  float64 `json:"cpu_budget_seconds,omitempty"`
	Files      int64   `json:"open_files,omitempty"`
	FilesMax   int64   `json:"open_files_budget,omitempty"`
	Sockets    int64   `json:"sockets,omitempty"`
	SocketsMax int64   `json:"sockets_budget,omitempty"`
	Tasks      int64   `json:"tasks,omitempty"`
	TasksMax   int64   `json:"tasks_budget,omitempty"`

	Requests    *int64 `json:"requests,omitempty"`
	MaxRequests int64  `json:"requests_budget,omitempty"`
	InFlight    int64  `json:"in_flight,omitempty"`

	Planned  time.Time `json:"planned,omitzero"`
	Forecast *Forecast `json:"forecast,omitempty"`
}

// Point is the most memory that was seen around a time, in a slot.
type Point struct {
	Time       time.Time `json:"time"`
	Generation int       `json:"generation"`
	Memory     int64     `json:"memory_bytes"`
}

// Forecast is when the next recycle is to be expected, if all goes on as it does, and
// for which reason.
type Forecast struct {
	Time   time.Time `json:"time"`
	In     float64   `json:"in_seconds"`
	Reason string    `json:"reason"`
}

// End is how a generation has ended, or that one could not be started.
type End struct {
	Time       time.Time `json:"time"`
	Worker     int       `json:"worker,omitempty"`
	Generation int       `json:"generation"`
	Reason     string    `json:"reason"`
	Msg        string    `json:"msg"`
	Uptime     *float64  `json:"uptime_seconds,omitempty"`
	ExitStatus *int      `json:"exit_status,omitempty"`
	ExitSignal string    `json:"exit_signal,omitempty"`
	Took       *float64  `json:"took_seconds,omitempty"`
	// Down is how long after it the next one was up; nil: none was, or it took over.
	Down     *float64 `json:"down_seconds,omitempty"`
	Peak     int64    `json:"memory_peak_bytes,omitempty"`
	CPU      *float64 `json:"cpu_seconds,omitempty"`
	Requests *int64   `json:"requests,omitempty"`
}

// Live is what the loop knows at a moment of a generation that lives, or of a slot
// that waits for the next one. What is not known is zero.
type Live struct {
	// Worker is the number of the slot, from 1; zero: there is only one. Generation
	// and PID are zero where none is there.
	Worker, Generation, PID int
	// State is the word of restart.State, and the next ones are of restart.Standing.
	State        string
	Started      time.Time
	Ready        bool
	Why, Because string
	Until        time.Time
	Due          string
	// Memory is what a look has seen, MemoryBudget what it is compared with, in bytes.
	Memory, MemoryBudget int64
	Processes            int
	CPU, CPUBudget       time.Duration
	Files, FilesMax      int64
	Sockets, SocketsMax  int64
	Tasks, TasksMax      int64
	// Counts says that requests are counted.
	Counts                          bool
	Requests, InFlight, MaxRequests int64
	// Planned is when it is to be recycled by the clock, and PlannedFor why: age or
	// schedule, which it is if that is empty.
	Planned    time.Time
	PlannedFor string
}

// JSON is s as one line, without a line feed.
func (s Status) JSON() string {
	line, err := json.Marshal(s)
	if err != nil {
		panic("status: " + err.Error()) // finite numbers and strings only: cannot happen
	}
	return string(line)
}
