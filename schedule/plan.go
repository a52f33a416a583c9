package schedule

import "time"

// Plan says when generations are recycled by the clock: at an age, at times of
// day, in windows, with jitter. It does not change and knows no time by itself:
// the same arguments give the same answer. The zero Plan never recycles.
type Plan struct {
	// Every is the age; zero: none.
	Every   time.Duration
	At      []Times
	Cron    []Cron
	Windows Windows
	Jitter  Jitter
	// Seed starts the draws of the jitter. Each relance must have another one, or
	// a fleet draws alike.
	Seed uint64
}

// late is how long after its end a window still counts as open for what was due in
// it: a busy machine is not to lose a recycle by a moment.
const late = time.Minute

// Clocked reports whether the plan recycles anything by itself; Windows and
// Jitter alone do not.
func (p *Plan) Clocked() bool { return p.Every > 0 || len(p.At) > 0 || len(p.Cron) > 0 }

// Next returns when the generation with number gen is to be recycled, and whether
// its age is why; the zero time: never. It started at started, age ago, and the
// clock shows now; had is the planned time that a generation before it was last
// recycled for, not its age, or the zero time. Where the answer is not after now,
// now is the time.
//
// # How to use it
//
// Started and now are what the clock showed and shows, age is measured by one that
// nobody sets. In Go all three come from time.Now: now.Sub(started) takes the
// monotonic readings, and Next ignores them. The deadline of a timer that runs on
// the monotonic clock is now.Add(due.Sub(now)): due has no monotonic reading, so
// the difference is that of the wall clock. Ask again when the deadline has come,
// since the clock may have been set in between, and it may be too early after all;
// and when it is known that the clock was set or the machine has slept (clock.Source).
// Who leaves the latter out is late by as much as the clock was set forward or the
// machine slept, but neither forgets nor repeats anything.
//
// # When the clock is set
//
// The age is not touched. A time of day is sought once, after the start of the
// generation, and each generation starts after the last recycle, so whatever is
// done to the clock, one recycle follows at most:
//
//   - Set forward over the time, or slept through it: it is due at once.
//   - Set back by less than three hours: a time that has had its recycle does not
//     come again, because the next is sought after the start as the clock showed it
//     then, and after had where the clock was set back over that time before the
//     start, while the tree was leaving. So it is with what the start waits for: it
//     comes when the clock shows it, later than it would have been.
//   - By three hours or more, in either direction: the clock was wrong before, as
//     cron(8) has it. The generation then counts as started at its age before now.
//     A machine that boots in 1970 does not recycle when it learns the date, and a
//     generation that has hardly run before the machine slept goes on after it.
//
// What is due while no window is open waits for the next one. A time of day that
// was due in a window that has closed since is left out, so that it is not made up
// for an hour before the next one; an age waits for the next window.
func (p *Plan) Next(gen int, started, had time.Time, age time.Duration, now time.Time) (due time.Time, aged bool) {
	now = now.Round(0)
	from := start(started.Round(0), age, now)
	if by := had.Sub(from); by > 0 && by < correction {
		from = had
	}
	if missed := p.Windows.closed(now.Add(-late)); !missed.IsZero() {
		from = later(from, missed.Add(-1))
	}
	if p.Every > 0 {
		due, aged = p.place(gen, now.Add(p.Every-age), p.Every, now), true
	}
	consider := func(next func(time.Time) time.Time) {
		at := next(from)
		if at.IsZero() {
			return
		}
		wait := next(at).Sub(at)
		if t := p.place(gen, at, wait, now); due.IsZero() || t.Before(due) {
			due, aged = t, false
		}
	}
	for _, t := range p.At {
		consider(t.Next)
	}
	for _, c := range p.Cron {
		consider(c.Next)
	}
	return due, aged
}

// Opening returns now where a window is open, else when the generation may be
// recycled in the next one: where a budget is spent that can wait.
func (p *Plan) Opening(gen int, now time.Time) time.Time {
	now = now.Round(0)
	if p.Windows.Open(now) {
		return now
	}
	return p.place(gen, now, 0, now)
}

// place puts off what is due at a time, after a wait, by the jitter of the
// generation, and into a window. The jitter ends where the window does, so that
// nothing waits for another day because of it. What waits for a window to open
// is spread over a part of the window, since all that was due before waits there.
func (p *Plan) place(gen int, at time.Time, wait time.Duration, now time.Time) time.Time {
	s := p.Windows.span(at)
	if !s.to.IsZero() && !s.to.After(now.Add(-late)) {
		s = p.Windows.span(now)
	}
	if s.from.After(at) {
		at, wait = s.from, s.to.Sub(s.from)
	}
	most := p.Jitter.most(wait)
	if !s.to.IsZero() {
		most = min(most, s.to.Sub(at))
	}
	return at.Add(part(most, draw(p.Seed, gen)))
}

// start returns when a generation counts as started; see Next.
func start(started time.Time, age time.Duration, now time.Time) time.Time {
	shown := now.Add(-age)
	if by := shown.Sub(started); by >= correction || by <= -correction {
		return shown
	}
	return started
}
