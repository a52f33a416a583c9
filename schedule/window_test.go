package schedule

import (
	"slices"
	"testing"
	"time"
)

func mustWindows(t testing.TB, s, z string) Windows {
	t.Helper()
	w, err := ParseWindows(s, zone(t, z))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestWindows lists what is open, in the days around clock changes as well.
func TestWindows(t *testing.T) {
	for _, c := range []struct {
		zone, windows, from string
		want                []string // opens, closes, opens, closes …
	}{
		{"UTC", "22:00-05:00", "2026-06-01 12:00 +0000",
			[]string{"2026-06-01 22:00 +0000", "2026-06-02 05:00 +0000", "2026-06-02 22:00 +0000"}},
		{"UTC", "22:00-05:00,12:00-13:00", "2026-06-01 12:00 +0000",
			[]string{"2026-06-01 12:00 +0000", "2026-06-01 13:00 +0000", "2026-06-01 22:00 +0000", "2026-06-02 05:00 +0000"}},
		{"UTC", "23:00-00:00", "2026-06-01 12:00 +0000", []string{"2026-06-01 23:00 +0000", "2026-06-02 00:00 +0000"}},
		// The days are those on which it opens. A Friday.
		{"UTC", "Fri 22:00-05:00", "2026-06-05 12:00 +0000",
			[]string{"2026-06-05 22:00 +0000", "2026-06-06 05:00 +0000", "2026-06-12 22:00 +0000"}},
		// One after the other is one, and so are two that overlap.
		{"UTC", "Sat,Sun 00:00-24:00", "2026-06-05 12:00 +0000",
			[]string{"2026-06-06 00:00 +0000", "2026-06-08 00:00 +0000", "2026-06-13 00:00 +0000"}},
		{"UTC", "20:00-23:00; Fri 22:00-05:00; Sat 05:00-06:00", "2026-06-05 12:00 +0000",
			[]string{"2026-06-05 20:00 +0000", "2026-06-06 06:00 +0000", "2026-06-06 20:00 +0000", "2026-06-06 23:00 +0000"}},
		{"UTC", "Mon-Sat 00:00-24:00", "2026-06-07 12:00 +0000",
			[]string{"2026-06-08 00:00 +0000", "2026-06-14 00:00 +0000", "2026-06-15 00:00 +0000"}},
		// The night is an hour shorter, and an hour longer.
		{"Europe/Berlin", "22:00-05:00", "2026-03-28 12:00 +0100", []string{"2026-03-28 22:00 +0100", "2026-03-29 05:00 +0200"}},
		{"Europe/Berlin", "22:00-05:00", "2026-10-24 12:00 +0200", []string{"2026-10-24 22:00 +0200", "2026-10-25 05:00 +0100"}},
		// Part of it is jumped over, all of it.
		{"Europe/Berlin", "01:30-02:30", "2026-03-29 00:00 +0100", []string{"2026-03-29 01:30 +0100", "2026-03-29 03:00 +0200", "2026-03-30 01:30 +0200"}},
		{"Europe/Berlin", "02:30-03:30", "2026-03-29 00:00 +0100", []string{"2026-03-29 03:00 +0200", "2026-03-29 03:30 +0200", "2026-03-30 02:30 +0200"}},
		{"Europe/Berlin", "02:00-03:00", "2026-03-29 00:00 +0100", []string{"2026-03-29 03:00 +0200", "2026-03-29 04:00 +0200", "2026-03-30 02:00 +0200"}},
		// It comes once, where the clock shows it twice.
		{"Europe/Berlin", "02:15-02:45", "2026-10-25 00:00 +0200", []string{"2026-10-25 02:15 +0200", "2026-10-25 02:45 +0200", "2026-10-26 02:15 +0100"}},
		{"Europe/Berlin", "02:00-03:00", "2026-10-25 00:00 +0200", []string{"2026-10-25 02:00 +0200", "2026-10-25 03:00 +0100", "2026-10-26 02:00 +0100"}},
		{"America/Sao_Paulo", "00:00-00:30", "2017-10-14 12:00 -0300", []string{"2017-10-15 01:00 -0200", "2017-10-15 01:30 -0200", "2017-10-16 00:00 -0200"}},
		{"America/Sao_Paulo", "22:00-24:00", "2017-10-14 12:00 -0300", []string{"2017-10-14 22:00 -0300", "2017-10-15 01:00 -0200", "2017-10-15 22:00 -0200"}},
		{"Pacific/Apia", "22:00-05:00", "2011-12-29 12:00 -1000", []string{"2011-12-29 22:00 -1000", "2011-12-31 00:00 +1400", "2011-12-31 22:00 +1400"}},
		{"Pacific/Apia", "Fri 12:00-13:00", "2011-12-24 12:00 -1000", []string{"2012-01-06 12:00 +1400", "2012-01-06 13:00 +1400"}},
		{"Australia/Lord_Howe", "02:00-02:30", "2026-10-04 00:00 +1030", []string{"2026-10-04 02:30 +1100", "2026-10-04 03:00 +1100"}},
	} {
		w := mustWindows(t, c.windows, c.zone)
		end := at(t, c.want[len(c.want)-1])
		var got []string
		was := false
		for m := at(t, c.from); !m.After(end); m = m.Add(5 * time.Minute) {
			is := w.Open(m)
			if is != was {
				got = append(got, m.In(w.zone).Format(shown))
			}
			was = is
			if next := nextOpen(w, m); is != next.Equal(m) || !w.Open(next) || !is && w.Open(next.Add(-1)) {
				t.Fatalf("%s: %s: open at %s: %v; next %s", c.zone, c.windows, m, is, next)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %s: %v, want %v", c.zone, c.windows, got, c.want)
		}
	}
}

// nextOpen is t where it lies in a window, else when the next one opens.
func nextOpen(w Windows, t time.Time) time.Time { return later(t, w.span(t).from) }

func TestAlwaysOpen(t *testing.T) {
	now := at(t, "2026-06-05 12:00 +0000")
	for _, w := range []Windows{{}, mustWindows(t, "00:00-24:00", "UTC"), mustWindows(t, "Mon..Fri 12:00-12:00:01,12:00:01-12:00; Sat,Sun 00:00-24:00; Fri,Sun 22:00-13:00", "UTC")} {
		if s := w.span(now); !w.Open(now) || !nextOpen(w, now).Equal(now) || !s.to.IsZero() {
			t.Errorf("%v: %v", w, s)
		}
	}
}

func TestParseWindows(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"22:00-05:00": 7 * time.Hour, "22:00-05:00,12:00-13:00": time.Hour, "Sat,Sun 00:00-24:00": day, " Mon..Fri 22:00 - 22:00:01 ": time.Second,
		"00:00-24:00;Sun 01:00-00:00": 23 * time.Hour, "23:59:59-00:00": time.Second,
	} {
		if w, err := ParseWindows(in, time.UTC); err != nil || w.Shortest() != want {
			t.Errorf("ParseWindows(%q): %v, %v", in, w.Shortest(), err)
		}
	}
	if (Windows{}).Shortest() != 0 {
		t.Error("there is a shortest of none")
	}
	for _, in := range []string{
		"", ";", "Mon", "22:00", "22:00-", "-05:00", "22:00-22:00", "24:00-05:00", "24:00-24:00", "22:00-25:00", "22:00..05:00",
		"22-05", "22:00-05:00-06:00", "Mond 22:00-05:00", "22:00-05:00,", "22:00-05:00 Mon", "22:00–05:00", "22:00-24:01",
	} {
		_, err := ParseWindows(in, time.UTC)
		checkRefusal(t, "windows", in, err)
	}
}

func FuzzParseWindows(f *testing.F) {
	for _, s := range []string{
		"22:00-05:00", "22:00-05:00,12:00-13:00", "Sat,Sun 00:00-24:00", "Mon..Fri 22:00-05:00; Sat,Sun 00:00-24:00", "02:00-03:00",
		"00:00-24:00", "24:00-05:00", "22:00-22:00", "Fri 23:59:59-23:59:58",
	} {
		f.Add(s, uint8(1), int64(1774746000))
	}
	f.Fuzz(func(t *testing.T, s string, z uint8, unix int64) {
		w, err := ParseWindows(s, zone(t, zones[int(z)%len(zones)].name))
		if err != nil {
			checkRefusal(t, "windows", s, err)
			return
		}
		const century = 100 * 366 * 24 * 60 * 60
		now := time.Unix(unix%century, unix&0xffff)
		next := nextOpen(w, now)
		if next.Before(now) || !w.Open(next) || w.Open(now) != next.Equal(now) || nextOpen(w, next) != next {
			t.Fatalf("%v: at %s it is open: %v, next %s", w, now, w.Open(now), next)
		}
		if next.After(now) && w.Open(next.Add(-1)) {
			t.Fatalf("%v: after %s it opens before %s", w, now, next)
		}
	})
}
