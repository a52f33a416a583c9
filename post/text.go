package post

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"relance/report"
)

// From says who tells: what the user calls this relance, or the command, and the machine.
type From struct{ Name, Host string }

// mostSubject bounds the first line, in bytes.
const mostSubject = 200

// Subject is the message in one line.
func (d *Digest) Subject(from From) string {
	s := from.Name + " on " + from.Host + ": "
	ended := total(d.Ended)
	worst := d.worst()
	if ended > 1 && d.Worth > 1 {
		s += fmt.Sprintf("%d generations ended (%s); ", ended, parts(d.Ended))
	}
	return clip(s+worst.Msg, mostSubject)
}

// worst is the event that a line is for: the last one of those that are most severe.
func (d *Digest) worst() report.Event {
	worst := d.Events[0]
	for _, e := range d.Events {
		if e.Severity() >= worst.Severity() {
			worst = e
		}
	}
	return worst
}

// Lines is what happened: the events, the counts, and what was written at the end.
func (d *Digest) Lines() []string {
	return slices.Concat(d.told(), []string{"", d.Summary()}, d.wrote())
}

// told is the events.
func (d *Digest) told() (lines []string) {
	for i, e := range d.Events {
		if i == 1 && d.Worth > int64(len(d.Events)) {
			lines = append(lines, fmt.Sprintf("… %s not shown", count(d.Worth-int64(len(d.Events)), "event", "events")))
		}
		lines = append(lines, clock(e.Time)+" "+e.Msg)
	}
	return lines
}

// wrote is the end of stderr, if it is known.
func (d *Digest) wrote() (lines []string) {
	if len(d.Stderr) > 0 {
		lines = append(lines, "", fmt.Sprintf("The last lines of stderr of gen %d:", d.Wrote))
	}
	for _, line := range d.Stderr {
		lines = append(lines, "  "+line)
	}
	return lines
}

// Summary is the counts, in lines.
func (d *Digest) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "From %s to %s: %s ended", d.From.Format(time.DateTime), d.Until.Format(time.DateTime+" MST"), count(total(d.Ended), "generation", "generations"))
	if len(d.Ended) > 0 {
		b.WriteString(" (" + parts(d.Ended) + ")")
	}
	fmt.Fprintf(&b, ", %d started.\nAll events: %s.", d.Started, parts(d.Kinds))
	if d.Missing > 0 {
		fmt.Fprintf(&b, "\nNot counted, as they came too fast: %s.", count(d.Missing, "event", "events"))
	}
	if d.Refused > 0 {
		fmt.Fprintf(&b, "\nNot delivered before, as it was refused: %s; the counts are in these.", count(d.Refused, "message", "messages"))
	}
	return b.String()
}

func clock(t time.Time) string { return t.Format("15:04:05") }

// parts is "exit 990, oom-kill 10", the most frequent first.
func parts(counts map[string]int64) string {
	type part struct {
		name string
		n    int64
	}
	var all []part
	for name, n := range counts {
		all = append(all, part{name, n})
	}
	slices.SortFunc(all, func(a, b part) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.name, b.name)) })
	var words []string
	for _, p := range all {
		words = append(words, fmt.Sprintf("%s %d", p.name, p.n))
	}
	return strings.Join(words, ", ")
}

func total(counts map[string]int64) (n int64) {
	for _, each := range counts {
		n += each
	}
	return n
}

func count(n int64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
