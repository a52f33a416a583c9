package main

import (
	"time"

	"relance/cli"
	"relance/report"
	"relance/requests"
	"relance/restart"
)

// What happens goes into one stream of events, and each outlet of it is added here.

// teller turns what the loop and the sources say into events.
type teller struct {
	report.Stream
	todo  *cli.Run
	above *requests.Upward
}

// say tells of what is about no generation.
func (t *teller) say(msg string) { t.Tell(report.Note(msg, "info", t.todo.Name, time.Now())) }

// report tells of what the core says.
func (t *teller) report(r restart.Report) {
	if !r.Planned.IsZero() {
		r.Planned = r.Planned.In(t.todo.Zone)
	}
	e := report.EventOf(r, t.todo.Name, time.Now())
	if !e.Silent() {
		t.above.Status(e.Msg)
	}
	t.Tell(e)
}

// lines is the outlet to a descriptor: text for people, or JSON.
type lines struct {
	*report.Writer
	json bool
	// bare says that nothing is supervised: what a bare command would not say at its end
	// is left out.
	bare bool
}

// newLines begins to write to fd.
func newLines(fd int, todo *cli.Run) lines {
	lost := func(n int64) string {
		return report.Note(report.Lost(n), "warn", todo.Name, time.Now()).Line(todo.JSON)
	}
	return lines{Writer: report.NewWriter(fd, lost), json: todo.JSON, bare: !todo.Supervising}
}

// Tell writes a line, but where somebody who woke up for it would have nothing to do.
func (l lines) Tell(e report.Event) {
	asked := e.Kind == string(restart.Stopping) && e.Reason == string(restart.Asked)
	if e.Silent() || asked && l.bare {
		return
	}
	l.Line(e.Line(l.json))
}
