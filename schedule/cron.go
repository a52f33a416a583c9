package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"relance/limits"

	cron "github.com/netresearch/go-cron"
)

const cronCure = "use five fields (minute, hour, day of the month, month, day of the week) such as '0 4 * * *', " +
	"or @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually"

// searchYears is how long a date may be in coming: from one 29 February that is
// a certain day of the week to the next there may be 40 years, where 2100 with its
// missing one lies between.
const searchYears = 40

// Cron is a cron expression: the times it names.
type Cron struct {
	zone  *time.Location
	times *cron.SpecSchedule
}

var cronFields = []struct{ name, cure string }{
	{"minute", "0 to 59"},
	{"hour", "0 to 23"},
	{"day of the month", "1 to 31"},
	{"month", "1 to 12 or Jan to Dec"},
	{"day of the week", "0 to 7, where 0 and 7 are Sunday, or Sun to Sat"},
}

// cronWords are those of crontab(5), without @reboot.
var cronWords = map[string]string{
	"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
	"@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}

// ParseCron reads a cron expression as crontab(5) describes it: five fields of
// numbers or names, lists (1,15), ranges (Mon-Fri) and steps (*/10), or one of
// the words @hourly, @daily and so on. A day has to match one of the two fields
// for days where both are restricted, else both; a field that begins with a star
// does not count as restricted. What can never come is refused.
func ParseCron(s string, zone *time.Location) (Cron, error) {
	times, err := parseFields(strings.TrimSpace(s))
	if err != nil {
		return Cron{}, fmt.Errorf("parse cron %s: %v", limits.Quote(s), err)
	}
	return Cron{zone: zone, times: times}, nil
}

func parseFields(s string) (*cron.SpecSchedule, error) {
	if len(s) > maxText {
		return nil, fmt.Errorf("longer than %d bytes: %s", maxText, cronCure)
	}
	if strings.HasPrefix(s, "@") {
		word, ok := cronWords[strings.ToLower(s)]
		if !ok {
			return nil, fmt.Errorf("no such word: %s", cronCure)
		}
		s = word
	}
	fields := strings.Fields(s)
	if len(fields) != len(cronFields) {
		return nil, fmt.Errorf("%d fields: %s", len(fields), cronCure)
	}
	for i, f := range fields {
		// Alone, so that the error can name it.
		alone := []string{"*", "*", "*", "*", "*"}
		alone[i] = f
		if _, err := cronTimes(alone); err != nil {
			return nil, fmt.Errorf("%s %s: use %s, *, lists (1,2), ranges (1-5) and steps (*/2)",
				cronFields[i].name, limits.Quote(f), cronFields[i].cure)
		}
	}
	times, err := cronTimes(fields)
	if err != nil {
		return nil, fmt.Errorf("%v: %s", err, cronCure)
	}
	// Every combination of date and day of the week comes up within these years.
	if times.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, errors.New("never comes: use a day of the month that the month has")
	}
	return times, nil
}

// cronTimes has fields read by the library.
func cronTimes(fields []string) (*cron.SpecSchedule, error) {
	for _, f := range fields {
		if !isField(f) {
			return nil, errors.New("not a field")
		}
	}
	parser, err := cron.TryNewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.DowOrDom)
	if err != nil {
		return nil, err
	}
	parsed, err := parser.WithMaxSearchYears(searchYears).Parse(strings.Join(fields, " "))
	if err != nil {
		return nil, err
	}
	times, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, errors.New("not a table of times")
	}
	// The wall has no zone, and "*/2" is a star for cron, but not for the library.
	times.Location = time.UTC
	if strings.HasPrefix(fields[2], "*") {
		times.Dom |= starBit
	}
	if strings.HasPrefix(fields[4], "*") {
		times.Dow |= starBit
	}
	return times, nil
}

// isField refuses what the library would take beyond crontab(5): question marks,
// empty parts of a list, and a step after one number, which others read otherwise.
func isField(f string) bool {
	for part := range strings.SplitSeq(f, ",") {
		from, _, step := strings.Cut(part, "/")
		if part == "" || strings.Trim(part, "*-/0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" ||
			step && from != "*" && !strings.Contains(from, "-") {
			return false
		}
	}
	return true
}

// starBit is how the library marks a field that is not restricted.
const starBit = 1 << 63

// hourly reports whether every hour of the day is named. Then what is meant is
// the time between two, not an hour of the day.
func (c Cron) hourly() bool { return c.times.Hour&(1<<24-1) == 1<<24-1 }

// Next returns the first of the times after a moment.
//
// Where every hour is named it goes by the clock as it runs: each of the two
// repeated hours has its times, the one that is jumped over has none.
func (c Cron) Next(after time.Time) time.Time {
	if c.hourly() {
		return c.nextByClock(after)
	}
	for wall := reading(after, c.zone); ; {
		wall = c.times.Next(wall)
		if wall.IsZero() {
			return time.Time{}
		}
		if t, ok := moment(wall, c.zone); ok && t.After(after) {
			return t
		}
	}
}

func (c Cron) nextByClock(after time.Time) time.Time {
	from := after.In(c.zone)
	base := reading(from, c.zone)
	for wall := c.times.Next(base); !wall.IsZero(); {
		_, offset := from.Zone()
		_, end := from.ZoneBounds()
		t := wall.Add(-time.Duration(offset) * time.Second).In(c.zone)
		if end.IsZero() || t.Before(end) {
			return t
		}
		// The clock is changed before wall comes. There is nothing between base and
		// wall; so only what is shown again, or not at all, needs another search.
		from = end
		if shown := reading(end, c.zone).Add(-1); shown.Before(base) || !shown.Before(wall) {
			base, wall = shown, c.times.Next(shown)
		}
	}
	return time.Time{}
}
