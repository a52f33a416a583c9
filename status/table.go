package status

import (
	"fmt"
	"slices"
	"strconv"

	"relance/limits"
)

// column is one of a table: its head, its cells, and how each looks.
type column struct {
	head  string
	cells []string
	style func(row int) style
	right bool
}

// gap is what stands between two columns.
const gap = 2

// table adds the columns that fit, which are given in the order of their weight, and
// leaves out those that say nothing.
func (t *text) table(columns []column, rows int) {
	left := t.width + gap
	var kept []column
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
	fill := func(c column, s string, n int) string {
		if c.right {
			return fmt.Sprintf("%*s", n-cells(s)+len([]rune(s)), s) + "  "
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

func secondsOr(p *float64) string {
	if p == nil {
		return ""
	}
	return duration(*p)
}

// workersTable shows several generations, one in each line.
func (t *text) workersTable(s *Status) {
	ws := s.Workers
	part := func(w *Worker) float64 {
		if w.MemoryBudget <= 0 {
			return 0
		}
		return float64(w.Memory) / float64(w.MemoryBudget)
	}
	columns := []column{
		{head: "worker", right: true, cells: cellsOf(ws, func(w *Worker) string { return number(w.Worker) })},
		{head: "gen", right: true, cells: cellsOf(ws, func(w *Worker) string { return number(w.Generation) })},
		{
			head: "state", cells: cellsOf(ws, func(w *Worker) string { return clean(w.State) }),
			style: func(row int) style { return stateStyle(ws[row].State) },
		},
		{head: "for", right: true, cells: cellsOf(ws, func(w *Worker) string {
			if w.Uptime <= 0 {
				return ""
			}
			return duration(w.Uptime)
		})},
		{head: "memory", right: true, cells: cellsOf(ws, func(w *Worker) string {
			if w.Memory <= 0 {
				return ""
			}
			return limits.FormatSize(w.Memory)
		})},
		{head: "used", cells: cellsOf(ws, func(w *Worker) string {
			if w.MemoryBudget <= 0 {
				return ""
			}
			if t.width < 60 {
				return percent(part(w))
			}
			return bar(part(w), 10) + " " + percent(part(w))
		}), style: func(row int) style { return barStyle(part(&ws[row])) }},
		{head: "requests", right: true, cells: cellsOf(ws, func(w *Worker) string {
			if w.Requests == nil {
				return ""
			}
			return strconv.FormatInt(*w.Requests, 10)
		})},
		{head: "next in", cells: cellsOf(ws, func(w *Worker) string {
			if w.Forecast == nil {
				return ""
			}
			return duration(max(w.Forecast.In, 0)) + " " + clean(w.Forecast.Reason)
		})},
		{head: "history", cells: cellsOf(ws, func(w *Worker) string { return spark(w.History, 12) })},
		{head: "growth", right: true, cells: cellsOf(ws, func(w *Worker) string {
			if w.Slope == nil {
				return ""
			}
			return growth(*w.Slope)
		})},
		{head: "pid", right: true, cells: cellsOf(ws, func(w *Worker) string { return number(w.PID) })},
		{head: "cpu", right: true, cells: cellsOf(ws, func(w *Worker) string {
			if w.CPU <= 0 {
				return ""
			}
			return duration(w.CPU)
		})},
	}
	t.table(columns, len(ws))
}

// endsTable shows the last ends.
func (t *text) endsTable(s *Status) {
	es := s.Ends
	when := column{head: "ended", cells: cellsOf(es, func(e *End) string { return e.Time.In(s.Time.Location()).Format("01-02 15:04:05") })}
	if t.width < 60 {
		when = column{head: "ago", right: true, cells: cellsOf(es, func(e *End) string { return duration(max(s.Time.Sub(e.Time), 0).Seconds()) })}
	}
	t.table([]column{
		when,
		{head: "worker", right: true, cells: cellsOf(es, func(e *End) string { return number(e.Worker) })},
		{head: "gen", right: true, cells: cellsOf(es, func(e *End) string { return number(e.Generation) })},
		{
			head: "reason", cells: cellsOf(es, func(e *End) string { return clean(e.Reason) }),
			style: func(row int) style { return reasonStyle(&es[row]) },
		},
		{head: "after", right: true, cells: cellsOf(es, func(e *End) string { return secondsOr(e.Uptime) })},
		{head: "down", right: true, cells: cellsOf(es, func(e *End) string { return secondsOr(e.Down) })},
		{head: "exit", right: true, cells: cellsOf(es, (*End).exit)},
		{head: "peak", right: true, cells: cellsOf(es, func(e *End) string {
			if e.Peak <= 0 {
				return ""
			}
			return limits.FormatSize(e.Peak)
		})},
		{head: "requests", right: true, cells: cellsOf(es, func(e *End) string {
			if e.Requests == nil {
				return ""
			}
			return strconv.FormatInt(*e.Requests, 10)
		})},
		{head: "left in", right: true, cells: cellsOf(es, func(e *End) string { return secondsOr(e.Took) })},
		{head: "cpu", right: true, cells: cellsOf(es, func(e *End) string { return secondsOr(e.CPU) })},
	}, len(es))
}
