package schedule

import (
	"fmt"
	"slices"
	"time"

	"relance/limits"
)

const timesCure = "use times of day such as 04:00, 02:30,14:00 or 'Mon..Fri 02:30; Sat,Sun 04:00'"

// searchDays bounds the search for a time that comes every week. A date may be
// missing (Samoa had no Friday, 30 December 2011), so one week is not enough.
const searchDays = 16

// Times are times of day, on all days or on some days of the week.
type Times struct {
	zone *time.Location
	// on holds what is on each day of the week, since midnight, in order.
	on [7][]time.Duration
}

// ParseTimes reads times of day in zone: "04:00", "02:30,14:00:30",
// "Mon..Fri 02:30,14:00", and several of these with a semicolon between.
func ParseTimes(s string, zone *time.Location) (Times, error) {
	t := Times{zone: zone}
	parts, err := groups(s, timesCure)
	if err != nil {
		return Times{}, fmt.Errorf("parse times %s: %v", limits.Quote(s), err)
	}
	for _, g := range parts {
		for _, item := range g.items {
			clock, err := parseClock(item)
			if err == nil && clock == day {
				err = fmt.Errorf("24:00 is the start of another day: use 00:00 of that one")
			}
			if err != nil {
				return Times{}, fmt.Errorf("parse times %s: %v", limits.Quote(s), err)
			}
			for d := range t.on {
				if g.days.has(time.Weekday(d)) {
					t.on[d] = append(t.on[d], clock)
				}
			}
		}
	}
	for d := range t.on {
		slices.Sort(t.on[d])
		t.on[d] = slices.Compact(t.on[d])
	}
	return t, nil
}

// Next returns the first of the times after a moment.
func (t Times) Next(after time.Time) time.Time {
	// What is not after it on the wall is not after it at all (see moment).
	date := reading(after, t.zone).Truncate(day)
	for range searchDays {
		for _, clock := range t.on[date.Weekday()] {
			if at, ok := moment(date.Add(clock), t.zone); ok && at.After(after) {
				return at
			}
		}
		date = date.Add(day)
	}
	return time.Time{}
}
