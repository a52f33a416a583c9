package status

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"relance/limits"
	"relance/restart"
)

// narrowest is what a terminal is taken for that says it has less.
const narrowest = 20

// Text is s for people, each line ended by a line feed. width is that of the terminal
// in cells, and no line is wider; below 20 it is taken for 20. Zero: it goes into a
// pipe, one fact a line, and nothing is drawn. colour says whether colours may be used,
// on a terminal.
//
// Names and messages come from whoever starts programs and makes files: what would
// move the cursor is quoted. Characters that take two cells are counted as two.
func (s Status) Text(width int, colour bool) string {
	if width == 0 {
		return s.facts()
	}
	t := &text{width: max(width, narrowest)}
	s.head(t)
	if len(s.Workers) > 2 || len(s.Workers) > 0 && s.Workers[0].Worker > 0 {
		t.blank()
		t.workersTable(&s)
	} else {
		for i := range s.Workers {
			t.blank()
			t.generation(&s, &s.Workers[i])
		}
	}
	s.past(t)
	return t.render(colour)
}

// head says what runs, and since when.
func (s *Status) head(t *text) {
	var what line
	if s.Name != "" {
		what = append(what, span{clean(s.Name), bold})
	}
	if len(s.Command) > 0 {
		if len(what) > 0 {
			what = append(what, span{": ", plain})
		}
		what = append(what, span{words(s.Command), plain})
	}
	if len(what) > 0 {
		t.add(what...)
	}
	var running []span
	for _, fact := range s.running() {
		running = append(running, span{fact + ",", plain})
	}
	running[len(running)-1].text = strings.TrimSuffix(running[len(running)-1].text, ",")
	t.flow(running)
}

// flow adds words from the left, on as many lines as they need.
func (t *text) flow(words []span) {
	var current line
	for _, w := range words {
		if len(current) > 0 && current.cells()+1+cells(w.text) > t.width {
			t.add(current...)
			current = nil
		}
		if len(current) > 0 {
			current = append(current, span{" ", plain})
		}
		current = append(current, w)
	}
	t.add(current...)
}

// running is how long relance has run, and how often the command.
func (s *Status) running() []string {
	facts := []string{"running for " + duration(s.Running)}
	if s.PID > 0 {
		facts[0] += fmt.Sprintf(" (relance: pid %d)", s.PID)
	}
	return append(facts, plural(int64(s.Generations), "generation"), plural(s.Ended, "end"))
}

func plural(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// generation is one on several lines.
func (t *text) generation(s *Status, w *Worker) {
	title := []span{{fmt.Sprintf("gen %d ", w.Generation), bold}}
	words := spans(w.state() + w.runs(s.Time))
	if len(words) > 0 {
		words[0].style = stateStyle(w.state())
	}
	t.flow(append(title, words...))
	all := w.figures()
	room := 0
	for _, f := range all {
		room = max(room, cells(f.text)+6)
	}
	bars := min(t.width-labelWidth-room-3, 40)
	for _, f := range all {
		t.figure(f, bars)
		if f.label == "memory" {
			t.history(w)
		}
	}
	if w.Slope != nil {
		t.wrap("growth", 1, []span{{growth(*w.Slope), plain}})
	}
	if !w.Planned.IsZero() {
		t.wrap("planned", 2, spans(moment(w.Planned)+", "+in(s.Time, w.Planned)))
	}
	if w.Forecast != nil {
		t.wrap("next", 3, spans(w.Forecast.expected(s.Time, s.Time.Location())))
	}
}

// spans are the words of a sentence.
func spans(s string) (all []span) {
	for _, w := range strings.Fields(s) {
		all = append(all, span{w, plain})
	}
	return all
}

// figure is one with its bar: beside it, where there is room for one of ten cells, else
// below.
func (t *text) figure(f figure, bars int) {
	if !f.bounded {
		t.add(append(labelled(f.label), span{f.text, plain})...)
		return
	}
	words := span{f.text + " (" + percent(f.part) + ")", plain}
	drawn := func(n int) line { return line{{"[", dim}, {bar(f.part, n), barStyle(f.part)}, {"] ", dim}} }
	if bars >= 10 {
		t.add(append(append(labelled(f.label), drawn(bars)...), words)...)
		return
	}
	t.wrap(f.label, 2, spans(words.text))
	if f.label == "memory" {
		t.add(append(labelled(""), drawn(t.width-labelWidth-3)...)...)
	}
}

// history is how memory went.
func (t *text) history(w *Worker) {
	if len(w.History) < 2 {
		return
	}
	span0, top := sparkSpan(w.History)
	about := fmt.Sprintf(" %s, up to %s", duration(span0.Seconds()), limits.FormatSize(top))
	n := t.width - labelWidth - cells(about)
	if n < 10 {
		n, about = t.width-labelWidth, ""
	}
	t.add(append(labelled(""), span{spark(w.History, min(n, 60)), plain}, span{about, dim})...)
}

// past is what went before.
func (s *Status) past(t *text) {
	if len(s.Ends) > 0 {
		t.blank()
		t.endsTable(s)
	}
	if reasons := s.counts(); len(reasons) > 0 {
		t.blank()
		var all []span
		for i, r := range reasons {
			one := fmt.Sprintf("%d %s", s.Reasons[r], clean(r))
			if i < len(reasons)-1 {
				one += ","
			}
			all = append(all, span{one, plain})
		}
		t.wrap("ends", 8, all)
	}
	if s.Last != nil && len(s.Reasons) == 0 {
		t.blank()
	}
	if s.Last != nil {
		t.wrap("last", 3, spans(clean(s.Last.Msg)+" ("+ago(s.Time, s.Last.Time)+")"))
	}
	if s.Missed > 0 {
		t.wrap("missed", 2, spans(s.missedText()))
	}
}

func (s *Status) missedText() string {
	return plural(s.Missed, "event") + ", which are in no count and no list"
}

func ago(now, then time.Time) string { return duration(max(now.Sub(then), 0).Seconds()) + " ago" }

// counts are the reasons of the ends, the most frequent first.
func (s *Status) counts() []string {
	return slices.SortedFunc(maps.Keys(s.Reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Reasons[b], s.Reasons[a]), cmp.Compare(a, b))
	})
}

// exit is how it ended.
func (e *End) exit() string {
	switch {
	case e.ExitSignal != "":
		return clean(e.ExitSignal)
	case e.ExitStatus != nil:
		return strconv.Itoa(*e.ExitStatus)
	}
	return ""
}

// reasonStyle: what was planned is as it should be.
func reasonStyle(e *End) style {
	r := restart.Reason(e.Reason)
	switch ok := e.ExitStatus != nil && *e.ExitStatus == 0; {
	case r == restart.OOMKilled, r == restart.Watchdog:
		return red
	case r.IsRecycle(), r == restart.Asked, r == restart.Exit && ok:
		return plain
	}
	return red
}
