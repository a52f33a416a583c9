package schedule

import "time"

// A wall time is what a clock on the wall shows: a date and a time of day without
// a zone. It is kept as a time.Time in UTC, where no clock is ever changed.

// day is a day on the wall, not the time between two moments.
const day = 24 * time.Hour

// correction is from when on a change of the clock says that it was wrong before:
// "Clock changes of more than 3 hours are considered to be corrections to the
// clock, and the new time is used immediately" (cron(8) of Debian).
const correction = 3 * time.Hour

// farthest is more than any zone has ever been away from UTC (Manila, before
// 1844: 15:56 behind).
const farthest = 16 * time.Hour

// reading returns the wall time that zone shows at t.
func reading(t time.Time, zone *time.Location) time.Time {
	_, offset := t.In(zone).Zone()
	return t.UTC().Round(0).Add(time.Duration(offset) * time.Second)
}

// moment returns when wall comes in zone. A time that comes twice, because the
// clock is set back over it, comes the first time. One that the clock jumps over
// comes at the jump; but where the jump is a correction, which leaves out a date,
// ok is false: that date had no such time. What comes later on the wall never
// comes earlier: so the moment of what zone shows at t is t or before.
//
// time.Date would do, if it said which of two moments it returns, and did not
// move a time that is jumped over to an hour nobody asked for.
func moment(wall time.Time, zone *time.Location) (t time.Time, ok bool) {
	before := 0
	for from := wall.Add(-farthest).In(zone); ; {
		_, offset := from.Zone()
		start, end := from.ZoneBounds()
		t = wall.Add(-time.Duration(offset) * time.Second).In(zone)
		switch {
		case !end.IsZero() && !t.Before(end):
			from, before = end, offset
		case !start.IsZero() && t.Before(start):
			return start, time.Duration(offset-before)*time.Second < correction
		default:
			return t, true
		}
	}
}
