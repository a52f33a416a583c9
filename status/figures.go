package status

import (
	"fmt"
	"strconv"
	"time"

	"relance/limits"
)

// figure is one that may have a budget.
type figure struct {
	label, text string
	// part is of the budget, if bounded.
	part    float64
	bounded bool
}

// figures are those of w that are known, in the order in which they are shown.
func (w *Worker) figures() []figure {
	var all []figure
	add := func(label string, used, budget float64, format func(float64) string) {
		f := figure{label: label, text: format(used), bounded: budget > 0}
		if f.bounded {
			f.part = max(used/budget, 0)
			f.text += " of " + format(budget)
		}
		all = append(all, f)
	}
	size := func(v float64) string { return limits.FormatSize(whole(v)) }
	pieces := func(v float64) string { return strconv.FormatInt(whole(v), 10) }
	if w.Memory > 0 || w.MemoryBudget > 0 {
		add("memory", float64(w.Memory), float64(w.MemoryBudget), size)
	}
	if w.Requests != nil {
		add("requests", float64(*w.Requests), float64(w.MaxRequests), pieces)
		if w.InFlight > 0 {
			all[len(all)-1].text += fmt.Sprintf(", %d in flight", w.InFlight)
		}
	}
	if w.CPU > 0 || w.CPUBudget > 0 {
		add("cpu", w.CPU, w.CPUBudget, duration)
	}
	for _, f := range []struct {
		label       string
		used, bound int64
	}{{"files", w.Files, w.FilesMax}, {"sockets", w.Sockets, w.SocketsMax}, {"tasks", w.Tasks, w.TasksMax}} {
		if f.used > 0 || f.bound > 0 {
			add(f.label, float64(f.used), float64(f.bound), pieces)
		}
	}
	return all
}

// whole is v as a number of pieces, within what there is.
func whole(v float64) int64 {
	const most = 1 << 62
	if v != v { // not a number
		return 0
	}
	return int64(min(max(v, -most), most))
}

// duration is seconds for people.
func duration(seconds float64) string {
	return limits.FormatDuration(time.Duration(whole(min(max(seconds, -9e9), 9e9) * 1e9)))
}

// growth is bytes per hour for people.
func growth(slope float64) string {
	n := whole(slope)
	if n > 0 {
		return "+" + limits.FormatSize(n) + "/h"
	}
	return limits.FormatSize(n) + "/h"
}

// runs says what follows the state: since when it runs, or when it will again.
func (w *Worker) runs(now time.Time) string {
	s := ""
	if w.Because != "" {
		s = " (" + clean(w.Because) + ")"
	} else if w.Due != "" {
		s = " (" + clean(w.Due) + "), up"
	}
	if w.Uptime > 0 {
		s += " for " + duration(w.Uptime)
	}
	if w.PID > 0 {
		s += fmt.Sprintf(", pid %d", w.PID)
	}
	if w.Processes > 1 {
		s += fmt.Sprintf(", %d processes", w.Processes)
	}
	if w.NotReady != "" {
		s += ", " + clean(w.NotReady)
	}
	if left := w.Until.Sub(now); !w.Until.IsZero() && left > 0 {
		s += ", " + duration(left.Seconds()) + " left"
	}
	if !w.NextTry.IsZero() {
		s += ", next try " + in(now, w.NextTry)
	}
	return s
}

// in is a time to come, seen from now.
func in(now, at time.Time) string {
	d := at.Sub(now)
	if d <= 0 {
		return "now"
	}
	return "in " + duration(d.Seconds())
}

// moment is a time for people, in the zone that it has.
func moment(t time.Time) string { return t.Format("2006-01-02 15:04 MST") }

// expected is a forecast for people.
func (f *Forecast) expected(now time.Time, zone *time.Location) string {
	if f.In <= 0 {
		return clean(f.Reason) + " now"
	}
	return fmt.Sprintf("%s in about %s, %s", clean(f.Reason), duration(f.In), moment(now.Add(time.Duration(whole(min(f.In, 9e9)*1e9))).In(zone)))
}

// state is the word for people: what is up and cannot work yet is not ready, and what is
// to be recycled, and waits for that, is due.
func (w *Worker) state() string {
	switch {
	case w.Ready != nil && !*w.Ready:
		return "not ready"
	case w.Due != "":
		return "due"
	}
	return clean(w.State)
}

func stateStyle(state string) style {
	switch state {
	case "up":
		return green
	case "killing", "gone":
		return red
	}
	return yellow
}
