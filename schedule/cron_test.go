package schedule

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"relance/internal/need"
)

func mustCron(t testing.TB, s, z string) Cron {
	t.Helper()
	c, err := ParseCron(s, zone(t, z))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCronNext(t *testing.T) {
	for _, c := range []struct {
		zone, cron, after string
		want              []string
	}{
		{"UTC", "0 4 * * *", "2026-06-01 04:00 +0000", []string{"2026-06-02 04:00 +0000"}},
		{"UTC", "@daily", "2026-06-01 04:00 +0000", []string{"2026-06-02 00:00 +0000"}},
		{"UTC", "@Midnight", "2026-06-01 04:00 +0000", []string{"2026-06-02 00:00 +0000"}},
		{"UTC", "@hourly", "2026-06-01 04:00 +0000", []string{"2026-06-01 05:00 +0000"}},
		{"UTC", "@weekly", "2026-06-01 04:00 +0000", []string{"2026-06-07 00:00 +0000"}},
		{"UTC", "@monthly", "2026-06-01 04:00 +0000", []string{"2026-07-01 00:00 +0000"}},
		{"UTC", "@yearly", "2026-06-01 04:00 +0000", []string{"2027-01-01 00:00 +0000"}},
		{"UTC", "@annually", "2026-06-01 04:00 +0000", []string{"2027-01-01 00:00 +0000"}},
		{"UTC", "30 4 1,15 * Fri", "2026-06-01 04:00 +0000",
			[]string{"2026-06-01 04:30 +0000", "2026-06-05 04:30 +0000", "2026-06-12 04:30 +0000", "2026-06-15 04:30 +0000"}},
		{"UTC", "0 4 */2 * MON", "2026-06-01 04:00 +0000", []string{"2026-06-15 04:00 +0000", "2026-06-29 04:00 +0000", "2026-07-13 04:00 +0000"}},
		{"UTC", "0 4 13 * */5", "2026-06-01 04:00 +0000", []string{"2026-09-13 04:00 +0000", "2026-11-13 04:00 +0000"}},
		{"UTC", "0 0 * * 7", "2026-06-01 04:00 +0000", []string{"2026-06-07 00:00 +0000"}},
		{"UTC", "0 0 * jan-mar,Dec sat-mon", "2026-06-01 04:00 +0000", []string{"2026-12-05 00:00 +0000", "2026-12-06 00:00 +0000", "2026-12-07 00:00 +0000"}},
		{"UTC", "0 22-2/2 * * *", "2026-06-01 04:00 +0000", []string{"2026-06-01 22:00 +0000", "2026-06-02 00:00 +0000", "2026-06-02 02:00 +0000"}},
		{"UTC", "0 0 31 * *", "2026-06-01 04:00 +0000", []string{"2026-07-31 00:00 +0000", "2026-08-31 00:00 +0000", "2026-10-31 00:00 +0000"}},
		{"UTC", "0 0 29 2 *", "2096-06-01 04:00 +0000", []string{"2104-02-29 00:00 +0000"}},
		{"UTC", "0 0 29 2 */6", "2072-06-01 04:00 +0000", []string{"2076-02-29 00:00 +0000", "2088-02-29 00:00 +0000"}},
		{"UTC", "0 0 29 2 */7", "2072-06-01 04:00 +0000", []string{"2088-02-29 00:00 +0000", "2128-02-29 00:00 +0000"}},
		// A time that is jumped over, and one that comes twice.
		{"Europe/Berlin", "*/20 2 * * *", "2026-03-28 12:00 +0100", []string{"2026-03-29 03:00 +0200", "2026-03-30 02:00 +0200"}},
		{"Europe/Berlin", "*/30 2 * * *", "2026-10-24 12:00 +0200",
			[]string{"2026-10-25 02:00 +0200", "2026-10-25 02:30 +0200", "2026-10-26 02:00 +0100"}},
		{"Europe/Berlin", "0 */8 * * *", "2026-10-24 17:00 +0200", []string{"2026-10-25 00:00 +0200", "2026-10-25 08:00 +0100"}},
		{"America/Chicago", "0 2 * * 6", "2026-10-31 02:00 -0500", []string{"2026-11-07 02:00 -0600"}},
		// Every hour: by the clock as it runs.
		{"Europe/Berlin", "30 * * * *", "2026-03-29 01:00 +0100", []string{"2026-03-29 01:30 +0100", "2026-03-29 03:30 +0200"}},
		{"Europe/Berlin", "@hourly", "2026-03-29 01:00 +0100", []string{"2026-03-29 03:00 +0200", "2026-03-29 04:00 +0200"}},
		{"Europe/Berlin", "@hourly", "2026-10-25 01:00 +0200",
			[]string{"2026-10-25 02:00 +0200", "2026-10-25 02:00 +0100", "2026-10-25 03:00 +0100"}},
		{"Europe/Berlin", "30 0-23 25 10 *", "2026-10-25 01:00 +0200",
			[]string{"2026-10-25 01:30 +0200", "2026-10-25 02:30 +0200", "2026-10-25 02:30 +0100", "2026-10-25 03:30 +0100"}},
		{"Australia/Lord_Howe", "15,45 * * * *", "2026-10-04 01:20 +1030", []string{"2026-10-04 01:45 +1030", "2026-10-04 02:45 +1100"}},
		{"Australia/Lord_Howe", "15,45 * * * *", "2026-04-05 01:20 +1100",
			[]string{"2026-04-05 01:45 +1100", "2026-04-05 01:45 +1030", "2026-04-05 02:15 +1030"}},
		{"Pacific/Apia", "0 4 30 * *", "2011-12-01 00:00 -1000", []string{"2012-01-30 04:00 +1400"}},
		{"America/Sao_Paulo", "@daily", "2017-10-14 12:00 -0300", []string{"2017-10-15 01:00 -0200", "2017-10-16 00:00 -0200"}},
	} {
		after := at(t, c.after)
		cron := mustCron(t, c.cron, c.zone)
		for _, want := range c.want {
			next := cron.Next(after)
			if got := next.Format(shown); got != want {
				t.Errorf("%s: %q after %s: %s, want %s", c.zone, c.cron, after, got, want)
				break
			}
			after = next
		}
	}
}

func TestParseCronRefuses(t *testing.T) {
	for _, in := range []string{
		"", " ", "@", "@never", "@reboot", "@every 5m", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *",
		"* * * 0 *", "* * * 13 *", "* * * foo *", "* * * * 8", "* * * * Fry", "*/0 * * * *", "*/60 * * * *", "5/15 * * * *", "1-2-3 * * * *",
		"-1 * * * *", "1- * * * *", "a * * * *", "? * * * *", "* * ? * *", "1,,2 * * * *", ", * * * *", "1, * * * *", "* * L * *",
		"* * 15W * *", "* * * * 5#3", "H * * * *", "TZ=UTC * * * * *", "CRON_TZ=UTC * * * * *", "1.5 * * * *", "1\x002 * * * *", "*/5/5 * * * *",
		"0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31 2 *", "** * * * *", "99999999999999999999 * * * *", strings.Repeat("0,", 600) + "0 * * * *",
	} {
		_, err := ParseCron(in, time.UTC)
		checkRefusal(t, "cron", in, err)
	}
	for in, want := range map[string]string{
		"0 25 * * *": `hour "25": use 0 to 23`, "0 0 30 2 *": "never comes", "0 4 * *": "4 fields: use five",
		"0 0 * * Fry": `day of the week "Fry": use 0 to 7`, "@reboot": "no such word: use five fields",
	} {
		if _, err := ParseCron(in, time.UTC); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseCron(%q): %v, want %s", in, err, want)
		}
	}
}

// field is one field of an expression: its text, and what it means.
type field struct {
	text string
	has  []int
}

// randomField makes up a field.
func randomField(r *rand.Rand, least, most int) field {
	var f field
	if r.IntN(2) == 0 {
		f.text = "*"
		step := 1
		if r.IntN(3) == 0 {
			step = 2 + r.IntN((most-least)/2)
			f.text += fmt.Sprintf("/%d", step)
		}
		for v := least; v <= most; v += step {
			f.has = append(f.has, v)
		}
		return f
	}
	for i := range 1 + r.IntN(3) {
		if i > 0 {
			f.text += ","
		}
		from := least + r.IntN(most-least+1)
		to, step := from, 1
		f.text += fmt.Sprint(from)
		if r.IntN(2) == 0 {
			to += r.IntN(most - from + 1)
			f.text += fmt.Sprintf("-%d", to)
			if to-from > 2 {
				step = 1 + r.IntN(to-from)
				f.text += fmt.Sprintf("/%d", step)
			}
		}
		for v := from; v <= to; v += step {
			f.has = append(f.has, v)
		}
	}
	return f
}

// matches is crontab(5) for a time on the wall.
func matches(f []field, w time.Time) bool {
	onDay, onWeekday := slices.Contains(f[2].has, w.Day()), slices.Contains(f[4].has, int(w.Weekday()))
	both := f[2].text[0] == '*' || f[4].text[0] == '*'
	return slices.Contains(f[0].has, w.Minute()) && slices.Contains(f[1].has, w.Hour()) && slices.Contains(f[3].has, int(w.Month())) &&
		(onDay && onWeekday || !both && (onDay || onWeekday))
}

// expected goes from minute to minute as a cron daemon does, and keeps the latest
// time that a clock has shown: what it shows for the first time is new.
func expected(f []field, z *time.Location, from, end time.Time) []time.Time {
	everyHour := true
	for h := range 24 {
		everyHour = everyHour && slices.Contains(f[1].has, h)
	}
	var all []time.Time
	latest := reading(from, z)
	for m := from.Add(time.Minute); m.Before(end); m = m.Add(time.Minute) {
		now := reading(m, z)
		first := latest.Add(time.Minute)
		if everyHour || now.Sub(latest) > correction {
			first = now
		}
		for w := first; !w.After(now); w = w.Add(time.Minute) {
			if matches(f, w) {
				all = append(all, m)
				break
			}
		}
		latest = later(latest, now)
	}
	return all
}

// TestCronAgainstMinutes compares made up expressions with a cron daemon that
// looks at its table each minute, in the days around each change of the clocks.
func TestCronAgainstMinutes(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	n := 0
	for _, c := range zones {
		z := zone(t, c.name)
		if c.name == "America/Juneau" {
			continue // not a whole minute away from UTC
		}
		first := time.Date(c.from, 1, 1, 0, 0, 0, 0, z)
		_, change := first.ZoneBounds()
		if change.IsZero() {
			change = first
		}
		for range 4 {
			from, end := change.Add(-2*day).Truncate(time.Minute), change.Add(3*day)
			for range need.Much(4, 20) {
				f := []field{randomField(r, 0, 59), randomField(r, 0, 23), randomField(r, 1, 31), randomField(r, 1, 12), randomField(r, 0, 6)}
				text := f[0].text + " " + f[1].text + " " + f[2].text + " " + f[3].text + " " + f[4].text
				cron, err := ParseCron(text, z)
				if err != nil {
					if !strings.Contains(err.Error(), "never comes") {
						t.Errorf("ParseCron(%q): %v", text, err)
					}
					continue
				}
				want := expected(f, z, from, end)
				got := list(t, cron, from, end)
				if !slices.EqualFunc(got, want, time.Time.Equal) {
					t.Fatalf("%s: %q around %s:\n%v, want\n%v", c.name, text, change, texts(got), texts(want))
				}
				n += len(got)
			}
			if _, change = change.ZoneBounds(); change.IsZero() {
				break
			}
		}
	}
	if n < 1000 {
		t.Errorf("%d times compared", n)
	}
}

func FuzzParseCron(f *testing.F) {
	for _, s := range []string{
		"0 4 * * *", "*/15 2 * * *", "30 4 1,15 * Fri", "0 0 29 2 */6", "@hourly", "@yearly", "0 22-2/2 * jan-mar sat-mon",
		"0 0 30 2 *", "5/15 * * * *", "* * * * ?", "TZ=UTC 0 4 * * *", "@every 1s", "0 0 31 2-4/2 *",
	} {
		f.Add(s, uint8(1), int64(1774746000))
	}
	f.Fuzz(func(t *testing.T, s string, z uint8, unix int64) {
		cron, err := ParseCron(s, zone(t, zones[int(z)%len(zones)].name))
		if err != nil {
			checkRefusal(t, "cron", s, err)
			return
		}
		checkNext(t, cron, unix)
	})
}
