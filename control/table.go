package control

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"relance/limits"
)

// Text is a table for people. width is that of the terminal in cells, to which lines are
// cut; zero: it goes into a pipe, and nothing is.
func (p Processes) Text(width int) string {
	workers := slices.ContainsFunc(p.Processes, func(p Process) bool { return p.Worker > 0 })
	rows := [][]string{{"GEN", "PID", "PPID", "S", "MEM", "RSS", "CPU", "AGE", "COMMAND"}}
	if workers {
		rows[0] = append([]string{"WORKER"}, rows[0]...)
	}
	for _, one := range p.Processes {
		command := one.Command
		if command == "" {
			command = "[" + one.Name + "]"
		}
		row := []string{
			strconv.Itoa(one.Generation), strconv.Itoa(one.PID), strconv.Itoa(one.PPID), one.State,
			limits.FormatSize(one.Memory), limits.FormatSize(one.RSS), duration(one.CPU), duration(one.Age), command,
		}
		if workers {
			row = append([]string{strconv.Itoa(one.Worker)}, row...)
		}
		rows = append(rows, row)
	}
	text := table(rows, width)
	if p.More > 0 {
		text += fmt.Sprintf("and %d more\n", p.More)
	}
	return text
}

// duration words seconds, to a tenth.
func duration(seconds float64) string {
	return limits.FormatDuration((time.Duration(seconds*10) * time.Second / 10))
}

// table aligns the columns, but for the last one; numbers stand at the right.
func table(rows [][]string, width int) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row[:len(row)-1] {
			fmt.Fprintf(&line, "%*s  ", widths[i], cell)
		}
		line.WriteString(row[len(row)-1])
		b.WriteString(cut(line.String(), width) + "\n")
	}
	return b.String()
}

// cut shortens a line to width cells, zero: not at all.
func cut(line string, width int) string {
	if width == 0 || utf8.RuneCountInString(line) <= width {
		return line
	}
	return string([]rune(line)[:width])
}
