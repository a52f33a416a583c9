package schedule

import (
	"testing"
	"time"
)

// zone returns a zone of the tz database, which this package carries.
func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := ParseZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// wall reads "2026-03-29 02:30".
func wall(t testing.TB, s string) time.Time {
	t.Helper()
	w, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// at reads "2026-03-29 02:30 +0200".
func at(t testing.TB, s string) time.Time {
	t.Helper()
	m, err := time.Parse("2006-01-02 15:04 -0700", s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const shown = "2006-01-02 15:04 -0700"

// changes are the clock changes that have caught others.
var changes = []struct {
	zone, wall, want string // want is empty where there is no such time
}{
	{"UTC", "2026-03-29 02:30", "2026-03-29 02:30 +0000"},
	{"Europe/Berlin", "2026-03-29 01:59", "2026-03-29 01:59 +0100"},
	{"Europe/Berlin", "2026-03-29 02:00", "2026-03-29 03:00 +0200"},
	{"Europe/Berlin", "2026-03-29 02:30", "2026-03-29 03:00 +0200"},
	{"Europe/Berlin", "2026-03-29 03:00", "2026-03-29 03:00 +0200"},
	{"Europe/Berlin", "2026-10-25 01:59", "2026-10-25 01:59 +0200"},
	{"Europe/Berlin", "2026-10-25 02:00", "2026-10-25 02:00 +0200"},
	{"Europe/Berlin", "2026-10-25 02:59", "2026-10-25 02:59 +0200"},
	{"Europe/Berlin", "2026-10-25 03:00", "2026-10-25 03:00 +0100"},
	{"America/New_York", "2026-03-08 02:30", "2026-03-08 03:00 -0400"},
	{"America/New_York", "2026-11-01 01:30", "2026-11-01 01:30 -0400"},
	// By half an hour, in October forward.
	{"Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-05 01:45 +1100"},
	{"Australia/Lord_Howe", "2026-04-05 02:00", "2026-04-05 02:00 +1030"},
	{"Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-04 02:30 +1100"},
	{"Australia/Lord_Howe", "2026-10-04 02:30", "2026-10-04 02:30 +1100"},
	// No changes, an odd offset.
	{"Asia/Kathmandu", "2026-03-29 02:30", "2026-03-29 02:30 +0545"},
	{"Asia/Kathmandu", "1986-01-01 00:10", "1986-01-01 00:15 +0545"},
	// A date left out, at a change of the date line.
	{"Pacific/Apia", "2011-12-29 23:59", "2011-12-29 23:59 -1000"},
	{"Pacific/Apia", "2011-12-30 04:00", ""},
	{"Pacific/Apia", "2011-12-31 00:00", "2011-12-31 00:00 +1400"},
	// A date that came twice.
	{"America/Juneau", "1867-10-18 20:00", "1867-10-18 20:00 +1502"},
	// At midnight: a day without one, and one with two.
	{"America/Sao_Paulo", "2017-10-15 00:00", "2017-10-15 01:00 -0200"},
	{"America/Sao_Paulo", "2017-10-15 00:30", "2017-10-15 01:00 -0200"},
	{"America/Sao_Paulo", "2017-02-18 23:30", "2017-02-18 23:30 -0200"},
	{"America/Sao_Paulo", "2017-02-19 00:00", "2017-02-19 00:00 -0300"},
	{"Asia/Beirut", "2026-03-29 00:00", "2026-03-29 01:00 +0300"},
	{"Asia/Beirut", "2026-10-24 23:30", "2026-10-24 23:30 +0300"},
	// A change of two hours, and the first offset of all.
	{"Antarctica/Troll", "2026-03-29 02:30", "2026-03-29 03:00 +0200"},
	{"Europe/Berlin", "1800-01-01 04:00", "1800-01-01 03:59 +0053"},
}

func TestMoment(t *testing.T) {
	for _, c := range changes {
		m, ok := moment(wall(t, c.wall), zone(t, c.zone))
		got := m.Format(shown)
		if !ok {
			got = ""
		}
		if c.wall[:4] == "1800" || c.wall[:4] == "1867" {
			// Offsets with seconds, which the format does not show.
			if !ok || reading(m, m.Location()) != wall(t, c.wall) {
				t.Errorf("%s: %s: %v", c.zone, c.wall, m)
			}
			continue
		}
		if got != c.want {
			t.Errorf("%s: %s is at %q, want %q", c.zone, c.wall, got, c.want)
		}
	}
}

// zones are those whose clocks do something worth a test, and the years in which.
var zones = []struct {
	name string
	from int
}{
	{"UTC", 2026}, {"Europe/Berlin", 2026}, {"America/New_York", 2026}, {"Australia/Lord_Howe", 2026},
	{"Asia/Kathmandu", 1985}, {"Pacific/Apia", 2011}, {"America/Sao_Paulo", 2017}, {"Asia/Beirut", 2026},
	{"Antarctica/Troll", 2026}, {"Africa/Casablanca", 2026}, {"America/Juneau", 1867}, {"Pacific/Kwajalein", 1993},
	{"Europe/Dublin", 2026}, {"America/Caracas", 2007}, {"Asia/Pyongyang", 2015}, {"Asia/Gaza", 2026},
}

// TestMomentKeepsOrder: what is later on the wall is not earlier, and the moment
// of what is shown now is not in the future.
func TestMomentKeepsOrder(t *testing.T) {
	for _, c := range zones {
		z := zone(t, c.name)
		var last time.Time
		for w := time.Date(c.from, 1, 1, 0, 0, 0, 0, time.UTC); w.Year() < c.from+2; w = w.Add(5 * time.Minute) {
			m, ok := moment(w, z)
			if m.Before(last) {
				t.Fatalf("%s: %s is at %s, before %s", c.name, w, m, last)
			}
			if again, _ := moment(reading(m, z), z); ok && again != m {
				t.Fatalf("%s: %s is at %s, which shows %s, at %s", c.name, w, m, reading(m, z), again)
			}
			last = m
		}
	}
}

func TestParseZone(t *testing.T) {
	for in, want := range map[string]string{
		"Europe/Berlin": "Europe/Berlin", " UTC ": "UTC", "utc": "UTC", "Etc/GMT+3": "Etc/GMT+3",
		"Local": time.Local.String(), "local": time.Local.String(),
	} {
		if z, err := ParseZone(in); err != nil || z.String() != want {
			t.Errorf("ParseZone(%q) = %v, %v", in, z, err)
		}
	}
	for _, in := range []string{"", " ", "Europe/Berln", "../../etc/passwd", "/etc/localtime", "Europe", "CEST", "+02:00", "zone.tab"} {
		_, err := ParseZone(in)
		checkRefusal(t, "time zone", in, err)
	}
}
