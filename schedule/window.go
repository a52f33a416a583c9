package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"relance/limits"
)

const windowsCure = "use FROM-TO such as 22:00-05:00 or 'Mon..Fri 22:00-05:00; Sat,Sun 00:00-24:00'"

// Windows are the times in which a planned recycle may happen. The zero Windows
// are always open.
type Windows struct {
	zone    *time.Location
	windows []window
}

// window opens on some days, at from; to is as far from the same midnight, so it
// is more than a day where it lasts over midnight.
type window struct {
	days     weekdays
	from, to time.Duration
}

// span is what lies between two moments, the second not included. The end is zero
// where there is none.
type span struct{ from, to time.Time }

const (
	// endless is longer than any span that has a gap in each week.
	endless = 8 * day
	// behind is the number of days before a moment on which a span may have begun
	// that it lies in.
	behind = 9
)

// ParseWindows reads windows in zone: "22:00-05:00", "22:00-05:00,12:00-13:00",
// "Sat,Sun 00:00-24:00", and several of these with a semicolon between. The days
// are those on which a window opens.
func ParseWindows(s string, zone *time.Location) (Windows, error) {
	w := Windows{zone: zone}
	parts, err := groups(s, windowsCure)
	if err != nil {
		return Windows{}, fmt.Errorf("parse windows %s: %v", limits.Quote(s), err)
	}
	for _, g := range parts {
		for _, item := range g.items {
			from, to, err := parseWindow(item)
			if err != nil {
				return Windows{}, fmt.Errorf("parse windows %s: %v", limits.Quote(s), err)
			}
			w.windows = append(w.windows, window{days: g.days, from: from, to: to})
		}
	}
	return w, nil
}

func parseWindow(s string) (from, to time.Duration, err error) {
	first, last, ok := strings.Cut(s, "-")
	if !ok {
		return 0, 0, fmt.Errorf("no end in %s: %s", limits.Quote(strings.TrimSpace(s)), windowsCure)
	}
	if from, err = parseClock(first); err != nil {
		return 0, 0, err
	}
	if to, err = parseClock(last); err != nil {
		return 0, 0, err
	}
	switch {
	case from == day:
		return 0, 0, fmt.Errorf("24:00 is the start of another day: use 00:00 of that one")
	case from == to:
		return 0, 0, fmt.Errorf("no time in %s: use 00:00-24:00 for the whole day", limits.Quote(strings.TrimSpace(s)))
	case to < from:
		to += day
	}
	return from, to, nil
}

// Open reports whether t lies in a window.
func (w Windows) Open(t time.Time) bool { return !w.span(t).from.After(t) }

// Shortest returns how long the shortest window is on a day like any other; zero
// where there is none.
func (w Windows) Shortest() time.Duration {
	var shortest time.Duration
	for _, x := range w.windows {
		if shortest == 0 || x.to-x.from < shortest {
			shortest = x.to - x.from
		}
	}
	return shortest
}

// span returns the windows that t lies in, taken together where one follows the
// other without a gap, or else the next that open.
func (w Windows) span(t time.Time) span {
	for _, s := range w.spans(t) {
		if s.to.IsZero() || s.to.After(t) {
			return s
		}
	}
	panic("schedule: a week without its windows") // each day of the week is looked at twice
}

// closed returns when a window last closed, at t or before; the zero time: never.
func (w Windows) closed(t time.Time) (last time.Time) {
	for _, s := range w.spans(t) {
		if !s.to.IsZero() && !s.to.After(t) {
			last = s.to
		}
	}
	return last
}

// spans returns what is open in the days around t, in order.
func (w Windows) spans(t time.Time) []span {
	if len(w.windows) == 0 {
		return []span{{}}
	}
	var all []span
	today := reading(t, w.zone).Truncate(day)
	for i := -behind; i <= searchDays; i++ {
		date := today.Add(time.Duration(i) * day)
		for _, x := range w.windows {
			if s, ok := x.on(date, w.zone); ok && x.days.has(date.Weekday()) {
				all = append(all, s)
			}
		}
	}
	slices.SortFunc(all, func(a, b span) int { return a.from.Compare(b.from) })
	merged := all[:0]
	for _, s := range all {
		if n := len(merged); n > 0 && !s.from.After(merged[n-1].to) {
			merged[n-1].to = later(merged[n-1].to, s.to)
		} else {
			merged = append(merged, s)
		}
	}
	for i, s := range merged {
		if s.to.Sub(s.from) > endless {
			merged[i].to = time.Time{}
		}
	}
	return merged
}

// on returns the window of a date on the wall. Both its ends follow the rule for
// all times (moment). A window that the clock jumps over as a whole opens at the
// jump for as long as it is, else what waits for it would not happen on that day.
func (w window) on(date time.Time, zone *time.Location) (s span, ok bool) {
	s.from, ok = moment(date.Add(w.from), zone)
	s.to, _ = moment(date.Add(w.to), zone)
	if !s.to.After(s.from) {
		s.to = s.from.Add(w.to - w.from)
	}
	return s, ok
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
