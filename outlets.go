package main

import (
	"os"
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
	log   lines
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
	if !r.Expected.IsZero() {
		r.Expected = r.Expected.In(t.todo.Zone)
	}
	e := report.EventOf(r, t.todo.Name, time.Now())
	if !e.Silent() {
		t.above.Status(e.Msg)
	}
	t.Tell(e)
}

// lines is the outlet to the log.
type lines struct {
	*report.Writer
	// stderr is where the log goes, or what of it cannot go elsewhere.
	stderr *report.Descriptor
	// bare says that nothing is supervised: what a bare command would not say at its end
	// is left out.
	bare bool
}

// openLog returns a teller that writes the log: to its file, to the journal where our stderr leads
// there, else to stderr.
func openLog(todo *cli.Run) (*teller, error) {
	stderr := report.NewDescriptor(2, todo.JSON)
	var log report.Log = stderr
	if todo.LogFile != "" {
		file, err := report.OpenFile(todo.LogFile, todo.JSON, todo.Zone, stderr)
		if err != nil {
			return nil, todo.Unlogged(err)
		}
		log = file
	} else if !todo.JSON && report.IsJournal(os.Getenv("JOURNAL_STREAM"), 2) {
		// Where that cannot be, stderr leads there too.
		if journal, err := report.OpenJournal(report.JournalSocket, stderr); err == nil {
			log = journal
		}
	}
	lost := func(n int64, why error) report.Event {
		return report.Note(report.Lost(n, why), "warn", todo.Name, time.Now())
	}
	t := &teller{todo: todo, log: lines{Writer: report.NewWriter(log, lost), stderr: stderr, bare: !todo.Supervising}}
	t.Add(t.log)
	return t, nil
}

// Tell logs e, but where somebody who woke up for it would have nothing to do.
func (l lines) Tell(e report.Event) {
	asked := e.Kind == string(restart.Stopping) && e.Reason == string(restart.Asked)
	if e.Silent() || asked && l.bare {
		return
	}
	l.Writer.Tell(e)
}
