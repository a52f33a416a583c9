package post

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"relance/report"
	"relance/restart"
)

// Digest is what a message tells: all that was counted since the one before, and the
// first and the last of the events that were worth it.
type Digest struct {
	// Number counts the messages, from 1. One that is tried again keeps it.
	Number int64
	// From is the time of the first event that is counted, Until that of the last.
	From, Until time.Time
	// Started counts the generations that were started, Ended those of which nothing is
	// left, by reason, and Kinds all events, by kind.
	Started int64
	Ended   map[string]int64
	Kinds   map[string]int64
	// Worth counts the events that are worth a message, and Events has the first of them
	// and the last, mostEvents in all.
	Worth  int64
	Events []report.Event
	// Stderr has the last lines that generation Wrote has written there.
	Stderr []string
	Wrote  int
	// Missing counts the events that came too fast to be counted, Refused the messages
	// that nobody would take: what these counted is in this one.
	Missing, Refused int64
}

// mostEvents bounds what is kept of a crash loop.
const mostEvents = 20

// mostText bounds each text of an event, in bytes: who may name a file may name it so
// that it fills a mail.
const mostText = 1000

// add counts e, and keeps it if it is worth a message.
func (d *Digest) add(e report.Event, worth bool) {
	if d.From.IsZero() {
		d.From = e.Time
	}
	d.Until = e.Time
	if d.Kinds == nil {
		d.Kinds, d.Ended = map[string]int64{}, map[string]int64{}
	}
	d.Kinds[e.Kind]++
	switch restart.Kind(e.Kind) {
	case restart.Begun:
		d.Started++
	case restart.Left:
		d.Ended[e.Reason]++
	}
	if !worth {
		return
	}
	if n := len(d.Events); n > 0 && d.Events[n-1].Kind == string(restart.Left) && d.Events[n-1].Generation == e.Generation {
		// The line that says what follows says that too.
		d.Worth--
		d.Events = d.Events[:n-1]
	}
	d.Worth++
	if len(d.Events) == mostEvents {
		d.Events = slices.Delete(d.Events, 1, 2)
	}
	for _, text := range []*string{&e.Msg, &e.Error, &e.Path, &e.Who, &e.Victim, &e.Unready} {
		*text = clip(*text, mostText)
	}
	d.Events = append(d.Events, e)
}

// take adds what was counted for a message that nobody would take.
func (d *Digest) take(refused Digest) {
	if d.From.IsZero() || !refused.From.IsZero() && refused.From.Before(d.From) {
		d.From = refused.From
	}
	if d.Until.IsZero() {
		d.Until = refused.Until
	}
	d.Started += refused.Started
	d.Ended, d.Kinds = sum(d.Ended, refused.Ended), sum(d.Kinds, refused.Kinds)
	d.Missing += refused.Missing
	d.Refused += refused.Refused + 1
}

func sum(a, b map[string]int64) map[string]int64 {
	if a == nil {
		return maps.Clone(b)
	}
	for key, n := range b {
		a[key] += n
	}
	return a
}

// clip shortens s to so many bytes, at the end of a character, and makes it fit for
// people to read: who has written it may mean harm to their terminal.
func clip(s string, most int) string {
	if len(s) > most {
		for most > 0 && !utf8.RuneStart(s[most]) {
			most--
		}
		s = s[:most] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' ' // stack traces are full of them
		}
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			return utf8.RuneError
		}
		return r
	}, s)
}
