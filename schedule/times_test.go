package schedule

import (
	"slices"
	"testing"
	"time"
)

// nexter is what Times and Cron have in common.
type nexter interface {
	Next(after time.Time) time.Time
}

// list returns what comes after from, up to the end not included, and checks that
// each is after the one before.
func list(t testing.TB, n nexter, from, end time.Time) []time.Time {
	t.Helper()
	var all []time.Time
	for at := from; ; {
		next := n.Next(at)
		if !next.After(at) {
			t.Fatalf("after %s comes %s", at, next)
		}
		// Not a nanosecond too early or too late.
		if again := n.Next(next.Add(-1)); !again.Equal(next) {
			t.Fatalf("after %s comes %s, just before it %s", at, next, again)
		}
		if !next.Before(end) {
			return all
		}
		all, at = append(all, next), next
	}
}

func texts(all []time.Time) []string {
	var s []string
	for _, at := range all {
		s = append(s, at.Format(shown))
	}
	return s
}

func mustTimes(t testing.TB, s, z string) Times {
	t.Helper()
	times, err := ParseTimes(s, zone(t, z))
	if err != nil {
		t.Fatal(err)
	}
	return times
}

// TestYear: 365 recycles, one on each date, in the two nights as well.
func TestYear(t *testing.T) {
	for name, n := range map[string]nexter{
		"times": mustTimes(t, "02:30", "Europe/Berlin"), "cron": mustCron(t, "30 2 * * *", "Europe/Berlin"),
	} {
		all := list(t, n, at(t, "2026-01-01 00:00 +0100"), at(t, "2027-01-01 00:00 +0100"))
		var want []string
		for d := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() == 2026; d = d.AddDate(0, 0, 1) {
			date := d.Format("2006-01-02")
			switch {
			case date == "2026-03-29":
				want = append(want, date+" 03:00 +0200")
			case date > "2026-03-29" && date <= "2026-10-25":
				want = append(want, date+" 02:30 +0200")
			default:
				want = append(want, date+" 02:30 +0100")
			}
		}
		if got := texts(all); len(want) != 365 || !slices.Equal(got, want) {
			t.Errorf("%s: %d recycles: %v", name, len(got), got)
		}
	}
}

func TestTimesNext(t *testing.T) {
	for _, c := range []struct {
		zone, times, after string
		want               []string
	}{
		{"UTC", "04:00", "2026-06-01 04:00 +0000", []string{"2026-06-02 04:00 +0000"}},
		{"UTC", "04:00", "2026-06-01 03:59 +0000", []string{"2026-06-01 04:00 +0000"}},
		{"Asia/Kathmandu", "04:00", "2026-06-01 03:59 +0545", []string{"2026-06-01 04:00 +0545"}},
		// A Friday.
		{"UTC", "Mon..Fri 02:30,14:00", "2026-06-05 02:30 +0000",
			[]string{"2026-06-05 14:00 +0000", "2026-06-08 02:30 +0000", "2026-06-08 14:00 +0000"}},
		{"UTC", "Mon..Fri 02:30; Sat,Sun 04:00", "2026-06-05 02:30 +0000",
			[]string{"2026-06-06 04:00 +0000", "2026-06-07 04:00 +0000", "2026-06-08 02:30 +0000"}},
		{"UTC", "sat-MONDAY 00:00", "2026-06-05 02:30 +0000",
			[]string{"2026-06-06 00:00 +0000", "2026-06-07 00:00 +0000", "2026-06-08 00:00 +0000", "2026-06-13 00:00 +0000"}},
		// What is jumped over together comes once.
		{"Europe/Berlin", "02:00,02:15,02:59,03:00", "2026-03-29 01:00 +0100",
			[]string{"2026-03-29 03:00 +0200", "2026-03-30 02:00 +0200"}},
		// In the second of the two hours, nothing.
		{"Europe/Berlin", "02:10,02:30", "2026-10-25 02:20 +0200",
			[]string{"2026-10-25 02:30 +0200", "2026-10-26 02:10 +0100"}},
		{"Europe/Berlin", "02:10,02:30", "2026-10-25 02:20 +0100", []string{"2026-10-26 02:10 +0100"}},
		{"Australia/Lord_Howe", "02:15", "2026-10-03 12:00 +1030", []string{"2026-10-04 02:30 +1100", "2026-10-05 02:15 +1100"}},
		{"Australia/Lord_Howe", "01:45", "2026-04-04 12:00 +1100", []string{"2026-04-05 01:45 +1100", "2026-04-06 01:45 +1030"}},
		{"America/Sao_Paulo", "00:00", "2017-10-13 12:00 -0300",
			[]string{"2017-10-14 00:00 -0300", "2017-10-15 01:00 -0200", "2017-10-16 00:00 -0200"}},
		{"America/Sao_Paulo", "23:30", "2017-02-17 12:00 -0200",
			[]string{"2017-02-17 23:30 -0200", "2017-02-18 23:30 -0200", "2017-02-19 23:30 -0300"}},
		// The day of the week is that of the date asked for.
		{"Asia/Beirut", "Sun 00:15", "2026-03-28 12:00 +0200", []string{"2026-03-29 01:00 +0300", "2026-04-05 00:15 +0300"}},
		{"Pacific/Apia", "04:00", "2011-12-28 12:00 -1000",
			[]string{"2011-12-29 04:00 -1000", "2011-12-31 04:00 +1400", "2012-01-01 04:00 +1400"}},
		{"Pacific/Apia", "Fri 04:00", "2011-12-23 04:00 -1000", []string{"2012-01-06 04:00 +1400"}},
	} {
		after := at(t, c.after)
		times := mustTimes(t, c.times, c.zone)
		for _, want := range c.want {
			next := times.Next(after)
			if got := next.Format(shown); got != want {
				t.Errorf("%s: %q after %s: %s, want %s", c.zone, c.times, after, got, want)
				break
			}
			after = next
		}
	}
}

func TestParseTimes(t *testing.T) {
	for in, want := range map[string]string{
		"04:00": "Sun 4h0m0s", "4:05": "Sun 4h5m0s", " 04:00:30 ": "Sun 4h0m30s", "Sun 23:59:59": "Sun 23h59m59s",
		"SUNDAY 00:00": "Sun 0s", "Fri..Mon 01:00": "Sun 1h0m0s", "Sun,Mon 01:00, 00:30": "Sun 30m0s 1h0m0s",
		"Mon 05:00;Sun 06:00;01:00,01:00": "Sun 1h0m0s 6h0m0s", "Mon 05:00": "Sun", "Sun 1:00;": "", "Mon .. Sun 1:00": "Sun 1h0m0s",
	} {
		times, err := ParseTimes(in, time.UTC)
		if want == "" {
			checkRefusal(t, "times", in, err)
			continue
		}
		got := "Sun"
		for _, clock := range times.on[time.Sunday] {
			got += " " + clock.String()
		}
		if err != nil || got != want {
			t.Errorf("ParseTimes(%q): %s, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", " ", ";", "Mon", "04", "04:0", "004:00", "04:00:0", "04:00:00:00", "24:00", "24:30", "25:00", "04:60", "04:00:60",
		"-4:00", "+4:00", "4.5", "04:00 Mon", "Mon-04:00", "Mond 04:00", "Mon.Fri 04:00", "Mon..Fry 04:00", "Mon.. 04:00",
		"04:00,", ",04:00", "04:00,,05:00", "Mon,,Tue 04:00", "04:00-05:00", "four", "*:00", "04:00\x00", "٠٤:٠٠",
	} {
		_, err := ParseTimes(in, time.UTC)
		checkRefusal(t, "times", in, err)
	}
	if _, err := ParseTimes("04:00"+string(make([]byte, maxText)), time.UTC); err == nil {
		t.Error("a text without end is not refused")
	}
}

func FuzzParseTimes(f *testing.F) {
	for _, s := range []string{"04:00", "Mon..Fri 02:30,14:00", "Sat,Sun 04:00; 02:00:30", "fri-MONDAY 23:59:59", "24:00", "Mon,04:00"} {
		f.Add(s, uint8(1), int64(1774746000))
	}
	f.Add("00:00", uint8(6), int64(1508036400))
	f.Fuzz(func(t *testing.T, s string, z uint8, unix int64) {
		times, err := ParseTimes(s, zone(t, zones[int(z)%len(zones)].name))
		if err != nil {
			checkRefusal(t, "times", s, err)
			return
		}
		checkNext(t, times, unix)
	})
}

// checkNext checks what must hold of everything that has a next time.
func checkNext(t *testing.T, n nexter, unix int64) {
	const century = 100 * 366 * 24 * 60 * 60
	after := time.Unix(unix%century, unix&0xffff)
	next := n.Next(after)
	if !next.After(after) || next.Nanosecond() != 0 {
		t.Fatalf("%v: after %s comes %s", n, after, next)
	}
	if again := n.Next(next.Add(-1)); !again.Equal(next) {
		t.Fatalf("%v: after %s comes %s, just before it %s", n, after, next, again)
	}
	if between := after.Add(next.Sub(after) / 2); !n.Next(between).Equal(next) {
		t.Fatalf("%v: after %s comes %s, after %s %s", n, after, next, between, n.Next(between))
	}
}
