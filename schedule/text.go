package schedule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"relance/limits"
)

// maxText is more than anybody writes on purpose; it bounds the work that one
// value can make.
const maxText = 1024

const daysCure = "use days such as Mon, Sat,Sun or Mon..Fri"

// weekdays is a set of days of the week, one bit for each.
type weekdays uint8

const everyDay weekdays = 1<<7 - 1

func (w weekdays) has(d time.Weekday) bool { return w>>d&1 != 0 }

// group is a part of a value between semicolons: days, and what is on them.
type group struct {
	days  weekdays
	items []string
}

// groups cuts "Mon..Fri 02:30,14:00; Sat 04:00" into its parts. What each part
// has after the days is for the caller; cure says what that should be.
func groups(s, cure string) ([]group, error) {
	if len(s) > maxText {
		return nil, fmt.Errorf("longer than %d bytes: %s", maxText, cure)
	}
	var all []group
	for part := range strings.SplitSeq(s, ";") {
		days, rest := part, ""
		if i := strings.IndexAny(part, "0123456789"); i >= 0 {
			days, rest = part[:i], part[i:]
		}
		if rest == "" {
			return nil, fmt.Errorf("no time in %s: %s", limits.Quote(strings.TrimSpace(part)), cure)
		}
		g := group{days: everyDay, items: strings.Split(rest, ",")}
		if strings.TrimSpace(days) != "" {
			var err error
			if g.days, err = parseWeekdays(days); err != nil {
				return nil, err
			}
		}
		all = append(all, g)
	}
	return all, nil
}

// parseWeekdays reads "Mon", "Sat,Sun", "Mon..Fri" or "Mon-Fri", in any case, the
// names short or whole, as systemd.time(7) and crontab(5) have them. A range may
// go over the end of the week.
func parseWeekdays(s string) (weekdays, error) {
	var set weekdays
	for word := range strings.SplitSeq(s, ",") {
		first, last, isRange := strings.Cut(word, "..")
		if !isRange {
			first, last, isRange = strings.Cut(word, "-")
		}
		from, err := parseWeekday(first)
		if err != nil {
			return 0, err
		}
		to := from
		if isRange {
			if to, err = parseWeekday(last); err != nil {
				return 0, err
			}
		}
		for d := from; ; d = (d + 1) % 7 {
			set |= 1 << d
			if d == to {
				break
			}
		}
	}
	return set, nil
}

func parseWeekday(s string) (time.Weekday, error) {
	word := strings.TrimSpace(s)
	for d := time.Sunday; d <= time.Saturday; d++ {
		if name := d.String(); strings.EqualFold(word, name) || strings.EqualFold(word, name[:3]) {
			return d, nil
		}
	}
	return 0, fmt.Errorf("%s is not a day: %s", limits.Quote(word), daysCure)
}

// parseClock reads HH:MM or HH:MM:SS and returns the time since midnight, a whole
// day for 24:00.
func parseClock(s string) (time.Duration, error) {
	text := strings.TrimSpace(s)
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, fmt.Errorf("%s is not a time of day: use HH:MM or HH:MM:SS such as 04:00", limits.Quote(text))
	}
	var clock time.Duration
	for i, unit := range []struct {
		name string
		is   time.Duration
		most int
	}{{"hour", time.Hour, 24}, {"minute", time.Minute, 59}, {"second", time.Second, 59}}[:len(parts)] {
		n, err := strconv.Atoi(parts[i])
		switch {
		case err != nil || len(parts[i]) > 2 || strings.Trim(parts[i], "0123456789") != "" || i > 0 && len(parts[i]) < 2:
			return 0, fmt.Errorf("%s is not a time of day: use HH:MM or HH:MM:SS such as 04:00", limits.Quote(text))
		case n > unit.most:
			return 0, fmt.Errorf("no %s %d in %s: use 00:00 to 23:59:59", unit.name, n, limits.Quote(text))
		}
		clock += time.Duration(n) * unit.is
	}
	if clock > day {
		return 0, errors.New("after 24:00: use 00:00 to 23:59:59")
	}
	return clock, nil
}
