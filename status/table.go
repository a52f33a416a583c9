package status

import (
	"slices"
	"strconv"
	"strings"

	"relance/limits"
)

// tableColumn is one of a table: its head, its cells, and how each looks.
type tableColumn struct {
	head  string
	cells []string
	style func(row int) style
	right bool
}

// gap is what stands between two columns, narrow is a terminal with no room for the rest.
const (
	gap    = 2
	narrow = 60
)

// table adds the columns that fit, which are given in the order of their weight, and
// leaves out those that say nothing.
func (t *text) table(columns []tableColumn, rows int) {
	left := t.width + gap
	var kept []tableColumn
	var widths []int
	for _, c := range columns {
		n := cells(c.head)
		for _, cell := range c.cells {
			n = max(n, cells(cell))
		}
		empty := !slices.ContainsFunc(c.cells, func(s string) bool { return s != "" })
		if empty || n+gap > left {
			continue
		}
		left -= n + gap
		kept, widths = append(kept, c), append(widths, n)
	}
	fill := func(c tableColumn, s string, n int) string {
		if c.right {
			return strings.Repeat(" ", n-cells(s)) + s + strings.Repeat(" ", gap)
		}
		return pad(s, n+gap)
	}
	var head line
	for i, c := range kept {
		head = append(head, span{fill(c, c.head, widths[i]), dim})
	}
	t.add(head...)
	for row := range rows {
		var l line
		for i, c := range kept {
			look := plain
			if c.style != nil {
				look = c.style(row)
			}
			l = append(l, span{fill(c, c.cells[row], widths[i]), look})
		}
		t.add(l...)
	}
}

// cellsOf makes the cells of a column.
func cellsOf[T any](rows []T, of func(*T) string) []string {
	all := make([]string, len(rows))
	for i := range rows {
		all[i] = of(&rows[i])
	}
	return all
}

// number is n for a table, empty: there is none.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// What is not known is an empty cell.

func secondsOr(p *float64) string {
	if p == nil {
		return ""
	}
	return duration(*p)
}

func positive(seconds float64) string {
	if seconds <= 0 {
		return ""
	}
	return duration(seconds)
}

func sizeOr(n int64) string {
	if n <= 0 {
		return ""
	}
	return limits.FormatSize(n)
}

func countOr(p *int64) string {
	if p == nil {
		return ""
	}
	return strconv.FormatInt(*p, 10)
}

// share is the part of its memory budget that w holds, zero where it has none.
func (w *Worker) share() float64 {
	if w.MemoryBudget <= 0 {
		return 0
	}
	return float64(w.Memory) / float64(w.MemoryBudget)
}

// workersTable shows several generations, one in each line.
func (t *text) workersTable(s *Status) {
	ws := s.Workers
	column := func(head string, right bool, of func(*Worker) string) tableColumn {
		return tableColumn{head: head, right: right, cells: cellsOf(ws, of)}
	}
	state := column("state", false, (*Worker).state)
	state.style = func(row int) style { return stateStyle(ws[row].state()) }
	used := column("used", false, func(w *Worker) string {
		switch {
		case w.MemoryBudget <= 0:
			return ""
		case t.width < narrow:
			return percent(w.share())
		}
		return bar(w.share(), 10) + " " + percent(w.share())
	})
	used.style = func(row int) style { return barStyle(ws[row].share()) }
	t.table([]tableColumn{
		column("worker", true, func(w *Worker) string { return number(w.Worker) }),
		column("gen", true, func(w *Worker) string { return number(w.Generation) }),
		state,
		column("for", true, func(w *Worker) string { return positive(w.Uptime) }),
		column("memory", true, func(w *Worker) string { return sizeOr(w.Memory) }),
		used,
		column("requests", true, func(w *Worker) string { return countOr(w.Requests) }),
		column("next in", true, func(w *Worker) string {
			switch {
			case !w.NextTry.IsZero():
				return duration(max(w.NextTry.Sub(s.Time), 0).Seconds())
			case w.Forecast == nil:
				return ""
			}
			return duration(max(w.Forecast.In, 0))
		}),
		column("by", false, func(w *Worker) string {
			switch {
			case !w.NextTry.IsZero():
				return "next try"
			case w.Forecast == nil:
				return ""
			}
			return clean(w.Forecast.Reason)
		}),
		column("history", false, func(w *Worker) string { return spark(w.History, 12) }),
		column("growth", true, func(w *Worker) string {
			if w.Slope == nil {
				return ""
			}
			return growth(*w.Slope)
		}),
		column("pid", true, func(w *Worker) string { return number(w.PID) }),
		column("cpu", true, func(w *Worker) string { return positive(w.CPU) }),
	}, len(ws))
}

// endsTable shows the last ends.
func (t *text) endsTable(s *Status) {
	es := s.Ends
	column := func(head string, right bool, of func(*End) string) tableColumn {
		return tableColumn{head: head, right: right, cells: cellsOf(es, of)}
	}
	when := column("ended", false, func(e *End) string { return e.Time.In(s.Time.Location()).Format("01-02 15:04:05") })
	if t.width < narrow {
		when = column("ago", true, func(e *End) string { return duration(max(s.Time.Sub(e.Time), 0).Seconds()) })
	}
	reason := column("reason", false, func(e *End) string { return clean(e.Reason) })
	reason.style = func(row int) style { return reasonStyle(&es[row]) }
	t.table([]tableColumn{
		when,
		column("worker", true, func(e *End) string { return number(e.Worker) }),
		column("gen", true, func(e *End) string { return number(e.Generation) }),
		reason,
		column("after", true, func(e *End) string { return secondsOr(e.Uptime) }),
		column("down", true, func(e *End) string { return secondsOr(e.Down) }),
		column("exit", true, (*End).exit),
		column("peak", true, func(e *End) string { return sizeOr(e.Peak) }),
		column("requests", true, func(e *End) string { return countOr(e.Requests) }),
		column("left in", true, func(e *End) string { return secondsOr(e.Took) }),
		column("cpu", true, func(e *End) string { return secondsOr(e.CPU) }),
	}, len(es))
}
