package post

import (
	"fmt"
	"time"

	"relance/limits"
	"relance/report"
)

// Sender delivers messages, one at a time. It may take its time, but must end.
type Sender interface {
	Send(Digest) Outcome
	// String is how people call it. It has no secret in it.
	String() string
}

// queueLen bounds the events that have come and are not looked at yet. Nothing is
// waited for between two, so they are there only when nobody gets a CPU.
const queueLen = 1024

// Post is the outlet to a sender. Run and Deliver are its goroutines.
type Post struct {
	*report.Queue
	box    *Outbox
	sender Sender
	// say tells people how it goes, and never waits. It may be an event that comes back here.
	say     func(msg, level string)
	kept    Tails
	tries   chan Digest
	results chan Outcome
	closing chan time.Duration
	done    chan struct{}
	// asked is whether somebody waits for the end, for patience, until over; word is when
	// they are told so, the zero time: they were.
	asked      bool
	patience   time.Duration
	over, word time.Time
}

// New returns the outlet. kept are lines for its messages, if there are any; say is told
// what goes wrong, with its level.
func New(box *Outbox, sender Sender, kept Tails, say func(msg, level string)) *Post {
	return &Post{
		Queue: report.NewQueue(queueLen), box: box, sender: sender, kept: kept, say: say,
		// There is one at most of each.
		tries: make(chan Digest, 1), results: make(chan Outcome, 1),
		closing: make(chan time.Duration, 1), done: make(chan struct{}),
	}
}

// Deliver delivers what Run gives it, until that ends.
func (p *Post) Deliver() {
	for d := range p.tries {
		p.results <- p.sender.Send(d)
	}
}

// Run gathers events and says what is to be delivered, until Close.
func (p *Post) Run() {
	defer close(p.done)
	defer close(p.tries)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		p.arm(timer)
		select {
		case e := <-p.Events():
			p.take(e)
		case o := <-p.results:
			p.result(o)
		case patience := <-p.closing:
			p.hurry(patience)
		case <-timer.C:
		}
		now := time.Now()
		if d, ok := p.box.Take(now, p.kept); ok {
			p.tries <- d
		}
		if p.asked && p.finished(now) {
			return
		}
	}
}

// arm sets the timer for what has to be done by the clock, if anything has.
func (p *Post) arm(timer *time.Timer) {
	at := p.box.Wake()
	for _, end := range []time.Time{p.over, p.word} {
		if !end.IsZero() && (at.IsZero() || end.Before(at)) {
			at = end
		}
	}
	if at.IsZero() {
		timer.Stop()
		return
	}
	timer.Reset(time.Until(at))
}

func (p *Post) take(e report.Event) {
	now := time.Now()
	if n := p.Dropped(); n > 0 {
		p.box.Missed(n)
	}
	p.box.Add(e, now)
}

// result says what became of a try where it is worth a line: at the first failure of a
// message, and when that is over.
func (p *Post) result(o Outcome) {
	v := p.box.Done(time.Now(), o)
	switch {
	case v.Dropped:
		next := ", its counts go into the next"
		if p.asked && p.box.Waiting() == 0 {
			next = "" // there is none
		}
		p.say(fmt.Sprintf("%s: a message of %s is refused and dropped%s: %s", p.sender, count(v.Events, "event", "events"), next, words(o.Err.Error())), "warn")
	case !v.Delivered && v.Tries == 1:
		p.say(fmt.Sprintf("%s: not delivered, will be tried again: %s", p.sender, words(o.Err.Error())), "warn")
	case v.Delivered && v.Tries > 1:
		p.say(fmt.Sprintf("%s: delivered at try %d", p.sender, v.Tries), "info")
	}
	if o.Partly != "" {
		p.say(fmt.Sprintf("%s: %s", p.sender, words(o.Partly)), "warn")
	}
}

// words is what the other side has said, fit for a line: a mail server may say 64 KiB, in
// many lines.
func words(said string) string { return clip(report.OneLine(said), mostText) }

// hurry takes in all that has come, and lets it go.
func (p *Post) hurry(patience time.Duration) {
	for len(p.Events()) > 0 {
		p.take(<-p.Events())
	}
	p.asked, p.patience, p.over = true, patience, time.Now().Add(patience)
	p.word = time.Now().Add(time.Second)
	p.box.Hurry(time.Now())
}

// finished reports whether nothing waits any more, or nobody waits for it.
func (p *Post) finished(now time.Time) bool {
	waiting := p.box.Waiting()
	if waiting == 0 {
		return true
	}
	if now.Before(p.over) {
		if !p.word.IsZero() && !now.Before(p.word) {
			p.word = time.Time{}
			p.say(fmt.Sprintf("%s: all has ended; a message of %s is still being delivered, for %s at most; TERM, INT, HUP or QUIT does not wait",
				p.sender, count(waiting, "event", "events"), limits.FormatDuration(p.patience)), "info")
		}
		return false
	}
	p.say(fmt.Sprintf("%s: dropped, as not delivered within %s (--post-timeout): a message of %s",
		p.sender, limits.FormatDuration(p.patience), count(waiting, "event", "events")), "warn")
	return true
}

// Close lets go what waits, for the time given at most; Wait waits for that. Close comes
// once, and nothing that is told after it has to be delivered.
func (p *Post) Close(patience time.Duration) { p.closing <- patience }

// Wait waits until Close has done its work. Nothing is said after that.
func (p *Post) Wait() { <-p.done }
