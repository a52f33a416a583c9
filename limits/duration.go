package limits

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Forever is what [ParseTimeout] returns for "infinity": a wait that never
// ends by itself. [ParseDuration] never returns it. Do not add it to a
// time.Time: the sum overflows. Compare with it and set no deadline.
const Forever time.Duration = math.MaxInt64

const durationCure = "a duration such as 90s, 1h30m or 2d"

const day = 24 * time.Hour

// ParseDuration returns the time that s means. A bare number is seconds, as in
// timeout(1); else numbers with units follow each other and are added, with or
// without spaces: "90s", "1h30m", "1.5h", "250us", "2d", "5min 20s". Units and
// their words are those of systemd.time(7), in lower case, without months and
// years, which have no fixed length. A day is 24 hours.
//
// A part of a nanosecond is dropped. Refused: nothing, a negative number, a
// number without unit beside others ("1h30"), "infinity" (see [ParseTimeout]),
// a time above 0 that is less than a nanosecond, and 292 years or more.
func ParseDuration(s string) (time.Duration, error) {
	d, err := durationOf(s)
	if err != nil {
		return 0, fmt.Errorf("parse duration %s: %v", Quote(s), err)
	}
	return d, nil
}

// ParseTimeout is [ParseDuration] where "infinity" is allowed too, as in
// systemd.service(5); it returns [Forever] for that word.
func ParseTimeout(s string) (time.Duration, error) {
	if strings.TrimSpace(s) == "infinity" {
		return Forever, nil
	}
	d, err := durationOf(s)
	if err != nil {
		return 0, fmt.Errorf("parse timeout %s: %v, or infinity", Quote(s), err)
	}
	return d, nil
}

// durationOf is ParseDuration for callers that wrap the cause in their own words.
func durationOf(s string) (time.Duration, error) {
	rest := strings.TrimSpace(s)
	if err := refuseHead(rest, durationCure); err != nil {
		return 0, err
	}
	if n, after, _ := cutNumber(rest); after == "" {
		return addDuration(0, n, time.Second)
	}
	var total time.Duration
	for rest != "" {
		n, after, ok := cutNumber(rest)
		if !ok {
			return 0, fmt.Errorf("%s is not a number with a unit: use %s", Quote(rest), durationCure)
		}
		shown := rest[:len(rest)-len(after)]
		word, after := cutWord(strings.TrimSpace(after))
		if word == "" {
			return 0, fmt.Errorf("no unit after %s (use us, ms, s, m, h, d or w)", Quote(shown))
		}
		unit, ok := durationUnit(word)
		if !ok {
			return 0, fmt.Errorf("unknown unit %s (use us, ms, s, m, h, d or w)", Quote(word))
		}
		var err error
		if total, err = addDuration(total, n, unit); err != nil {
			return 0, err
		}
		rest = strings.TrimSpace(after)
	}
	return total, nil
}

// addDuration returns total + n*unit, or why it cannot be kept.
func addDuration(total time.Duration, n number, unit time.Duration) (time.Duration, error) {
	v, err := n.times(uint64(unit))
	switch {
	case errors.Is(err, errTooSmall):
		return 0, fmt.Errorf("less than one nanosecond: use 0, or %s", durationCure)
	case err != nil || time.Duration(v) >= Forever-total:
		return 0, fmt.Errorf("too long: use less than %d days (292 years)", Forever/day)
	}
	return total + time.Duration(v), nil
}

// cutWord cuts the letters at the head of s.
func cutWord(s string) (word, rest string) {
	rest = strings.TrimLeftFunc(s, unicode.IsLetter)
	return s[:len(s)-len(rest)], rest
}

// durationUnit returns the length of a unit. The words are those of
// systemd.time(7), "PARSING TIME SPANS". The micro sign has two code points.
func durationUnit(word string) (time.Duration, bool) {
	switch word {
	case "ns", "nsec":
		return time.Nanosecond, true
	case "us", "usec", "\u00b5s", "\u03bcs":
		return time.Microsecond, true
	case "ms", "msec":
		return time.Millisecond, true
	case "s", "sec", "second", "seconds":
		return time.Second, true
	case "m", "min", "minute", "minutes":
		return time.Minute, true
	case "h", "hr", "hour", "hours":
		return time.Hour, true
	case "d", "day", "days":
		return day, true
	case "w", "week", "weeks":
		return 7 * day, true
	}
	return 0, false
}

// FormatDuration returns d for people: "38 ms", "1.2 s", "45 s", "5h12m",
// "2d3h". What it returns can be parsed again, "infinity" (which is what
// [Forever] gives) by [ParseTimeout].
//
// Below a minute it is one unit (ns, us, ms, s): one decimal below 10 of it,
// none above, and no ".0". From a minute on it is two units, the second left
// out when 0. Rounded to the nearest, halves up, and carried: 999.6 ms is
// "1 s", 59.6 s is "1m", 23h59m40s is "1d".
func FormatDuration(d time.Duration) string {
	switch {
	case d == Forever:
		return "infinity"
	case d < 0:
		return "-" + formatDuration(-uint64(d)) // right for the smallest int64 too
	}
	return formatDuration(uint64(d))
}

func formatDuration(ns uint64) string {
	if ns == 0 {
		return "0 s"
	}
	for _, u := range []struct {
		unit  time.Duration
		name  string
		limit uint64 // as many of this unit are one of the next
	}{
		{time.Nanosecond, " ns", 1000},
		{time.Microsecond, " us", 1000},
		{time.Millisecond, " ms", 1000},
		{time.Second, " s", 60},
	} {
		v := roundDiv(ns, 1, uint64(u.unit))
		if v >= u.limit {
			continue
		}
		if tenths := roundDiv(ns, 10, uint64(u.unit)); tenths < 100 {
			return decimals(tenths, 1) + u.name
		}
		return strconv.FormatUint(v, 10) + u.name
	}
	if v := roundDiv(ns, 1, uint64(time.Second)); v < 60*60 {
		return twoUnits(v, 60, "m", "s")
	}
	if v := roundDiv(ns, 1, uint64(time.Minute)); v < 24*60 {
		return twoUnits(v, 60, "h", "m")
	}
	return twoUnits(roundDiv(ns, 1, uint64(time.Hour)), 24, "d", "h")
}

// twoUnits formats v small units as large and small ones.
func twoUnits(v, perLarge uint64, large, small string) string {
	s := strconv.FormatUint(v/perLarge, 10) + large
	if v%perLarge != 0 {
		s += strconv.FormatUint(v%perLarge, 10) + small
	}
	return s
}
