package status

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"relance/limits"
)

// facts is the text for a pipe: one fact a line, named, so that grep finds it.
func (s *Status) facts() string {
	var b strings.Builder
	fact := func(name, value string) { b.WriteString(strings.TrimRight(name+": "+value, " ") + "\n") }
	if s.Name != "" {
		fact("name", clean(s.Name))
	}
	if len(s.Command) > 0 {
		fact("command", words(s.Command))
	}
	if s.PID > 0 {
		fact("relance", fmt.Sprintf("pid %d", s.PID))
	}
	fact("running for", duration(s.Running))
	fact("generations", fmt.Sprint(s.Generations))
	fact("ends", fmt.Sprint(s.Ended))
	for i := range s.Workers {
		s.Workers[i].facts(s, fact)
	}
	for _, r := range s.counts() {
		fact("ended for "+clean(r), strconv.FormatInt(s.Reasons[r], 10))
	}
	for i := range s.Ends {
		fact("end", s.Ends[i].fact())
	}
	if s.Last != nil {
		fact("last event", clean(s.Last.Msg)+", "+s.Last.Time.Format(time.RFC3339))
	}
	if s.Missed > 0 {
		fact("missed", s.missedText())
	}
	return b.String()
}

func (w *Worker) facts(s *Status, fact func(name, value string)) {
	who := fmt.Sprintf("gen %d", w.Generation)
	if w.Worker > 0 {
		who = fmt.Sprintf("worker %d, %s", w.Worker, who)
	}
	fact(who, w.state()+w.runs(s.Time))
	for _, f := range w.figures() {
		if f.bounded {
			f.text += " (" + percent(f.part) + ")"
		}
		fact(who+", "+f.label, f.text)
	}
	if w.Slope != nil {
		fact(who+", growth", growth(*w.Slope))
	}
	if !w.Planned.IsZero() {
		fact(who+", planned", moment(w.Planned)+", "+in(s.Time, w.Planned))
	}
	if w.Forecast != nil {
		fact(who+", next", w.Forecast.expected(s.Time, s.Time.Location()))
	}
}

// fact is one end in a line.
func (e *End) fact() string {
	s := e.Time.Format(time.RFC3339)
	if e.Worker > 0 {
		s += fmt.Sprintf(", worker %d", e.Worker)
	}
	s += fmt.Sprintf(", gen %d, %s", e.Generation, clean(e.Reason))
	for _, f := range []struct{ name, value string }{
		{"after", secondsOr(e.Uptime)}, {"exit", e.exit()}, {"down", secondsOr(e.Down)}, {"left in", secondsOr(e.Took)},
	} {
		if f.value != "" {
			s += ", " + f.name + " " + f.value
		}
	}
	if e.Peak > 0 {
		s += ", peak " + limits.FormatSize(e.Peak)
	}
	return s
}
