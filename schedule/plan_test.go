package schedule

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// mustPlan makes a plan of "every 6h", "at 04:00", "cron 0 4 * * *", "window
// 22:00-05:00" and "jitter 10%".
func mustPlan(t testing.TB, z string, seed uint64, words map[string]string) *Plan {
	t.Helper()
	p := &Plan{Seed: seed}
	for name, value := range words {
		var err error
		switch name {
		case "every":
			p.Every, err = time.ParseDuration(value)
		case "at":
			p.At = append(p.At, mustTimes(t, value, z))
		case "cron":
			p.Cron = append(p.Cron, mustCron(t, value, z))
		case "window":
			p.Windows = mustWindows(t, value, z)
		case "jitter":
			p.Jitter, err = ParseJitter(value)
		default:
			t.Fatalf("no %s in a plan", name)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return p
}

type words = map[string]string

func TestPlan(t *testing.T) {
	for _, c := range []struct {
		words         words
		started, want string
		aged          bool
	}{
		{words{"every": "6h"}, "2026-06-01 12:00 +0200", "2026-06-01 18:00 +0200", true},
		{words{"every": "6h"}, "2026-03-28 23:00 +0100", "2026-03-29 06:00 +0200", true}, // six hours, not five
		{words{"at": "04:00"}, "2026-06-01 12:00 +0200", "2026-06-02 04:00 +0200", false},
		{words{"at": "04:00", "every": "6h"}, "2026-06-01 12:00 +0200", "2026-06-01 18:00 +0200", true},
		{words{"at": "04:00", "every": "24h"}, "2026-06-01 12:00 +0200", "2026-06-02 04:00 +0200", false},
		{words{"at": "04:00", "cron": "0 3 * * *"}, "2026-06-01 12:00 +0200", "2026-06-02 03:00 +0200", false},
		{words{"every": "6h", "window": "22:00-05:00"}, "2026-06-01 12:00 +0200", "2026-06-01 22:00 +0200", true},
		{words{"every": "6h", "window": "22:00-05:00"}, "2026-06-01 17:00 +0200", "2026-06-01 23:00 +0200", true},
		{words{"every": "6h", "window": "22:00-05:00"}, "2026-06-01 23:00 +0200", "2026-06-02 22:00 +0200", true},
		{words{"at": "12:00,23:00", "window": "22:00-05:00"}, "2026-06-01 11:00 +0200", "2026-06-01 22:00 +0200", false},
		{words{"at": "02:30", "window": "02:00-03:00"}, "2026-03-28 12:00 +0100", "2026-03-29 03:00 +0200", false},
	} {
		p := mustPlan(t, "Europe/Berlin", 1, c.words)
		started := at(t, c.started)
		due, aged := p.Next(1, started, time.Time{}, 0, started)
		if got := due.In(zone(t, "Europe/Berlin")).Format(shown); got != c.want || aged != c.aged || !p.Clocked() {
			t.Errorf("%v, started %s: %s, aged %v; want %s, %v", c.words, c.started, got, aged, c.want, c.aged)
		}
	}
	never := &Plan{Windows: mustWindows(t, "22:00-05:00", "UTC"), Jitter: Jitter{fixed: time.Hour}}
	if due, _ := never.Next(1, time.Now(), time.Time{}, 0, time.Now()); !due.IsZero() || never.Clocked() {
		t.Errorf("nothing is planned for %s", due)
	}
}

// TestJitterBounds: a thousand generations lie between the time asked for and as
// much later as the jitter allows, and use all of that.
func TestJitterBounds(t *testing.T) {
	for _, c := range []struct {
		words         words
		started       string
		earliest, end string
	}{
		{words{"every": "6h", "jitter": "10%"}, "2026-06-01 12:00 +0200", "2026-06-01 18:00 +0200", "2026-06-01 18:36 +0200"},
		{words{"every": "6h", "jitter": "5m"}, "2026-06-01 12:00 +0200", "2026-06-01 18:00 +0200", "2026-06-01 18:05 +0200"},
		{words{"at": "04:00", "jitter": "30m"}, "2026-06-01 12:00 +0200", "2026-06-02 04:00 +0200", "2026-06-02 04:30 +0200"},
		// A part of the time to the next.
		{words{"at": "04:00", "jitter": "10%"}, "2026-06-01 12:00 +0200", "2026-06-02 04:00 +0200", "2026-06-02 06:24 +0200"},
		{words{"cron": "@hourly", "jitter": "50%"}, "2026-06-01 12:00 +0200", "2026-06-01 13:00 +0200", "2026-06-01 13:30 +0200"},
		// Not beyond the window, and after a wait for it over a part of it.
		{words{"at": "04:00", "jitter": "10%", "window": "22:00-05:00"}, "2026-06-01 12:00 +0200", "2026-06-02 04:00 +0200", "2026-06-02 05:00 +0200"},
		{words{"every": "6h", "jitter": "10%", "window": "22:00-05:00"}, "2026-06-01 12:00 +0200", "2026-06-01 22:00 +0200", "2026-06-01 22:42 +0200"},
		{words{"every": "6h", "jitter": "5m", "window": "22:00-05:00"}, "2026-06-01 12:00 +0200", "2026-06-01 22:00 +0200", "2026-06-01 22:05 +0200"},
		{words{"every": "6h", "jitter": "100%", "window": "22:00-05:00"}, "2026-06-01 22:30 +0200", "2026-06-02 04:30 +0200", "2026-06-02 05:00 +0200"},
	} {
		p := mustPlan(t, "Europe/Berlin", 7, c.words)
		started, earliest, end := at(t, c.started), at(t, c.earliest), at(t, c.end)
		first, last := end, earliest
		for gen := range 1000 {
			due, _ := p.Next(gen, started, time.Time{}, 0, started)
			if due.Before(earliest) || !due.Before(end) {
				t.Fatalf("%v: gen %d is due at %s", c.words, gen, due)
			}
			last = later(last, due)
			if due.Before(first) {
				first = due
			}
		}
		if share := float64(last.Sub(first)) / float64(end.Sub(earliest)); share < 0.98 {
			t.Errorf("%v: from %s to %s, %.2f of what is allowed", c.words, first, last, share)
		}
	}
}

func TestOpening(t *testing.T) {
	p := mustPlan(t, "UTC", 3, words{"window": "22:00-05:00", "jitter": "10%"})
	noon, night := at(t, "2026-06-01 12:00 +0000"), at(t, "2026-06-01 23:00 +0000")
	if got := p.Opening(1, night); !got.Equal(night) {
		t.Errorf("open at %s: %s", night, got)
	}
	opens := at(t, "2026-06-01 22:00 +0000")
	if got := p.Opening(1, noon); got.Before(opens) || got.After(opens.Add(42*time.Minute)) || !p.Opening(1, noon).Equal(got) || p.Opening(2, noon).Equal(got) {
		t.Errorf("closed at %s: %s", noon, got)
	}
	if got := (&Plan{}).Opening(1, noon); !got.Equal(noon) {
		t.Errorf("without windows: %s", got)
	}
}

func FuzzPlan(f *testing.F) {
	every := []string{"", "1s", "6h", "24h", "720h"}
	times := []string{"", "02:30", "Mon..Fri 02:30,14:00; Sun 00:00"}
	crons := []string{"", "30 2 * * *", "*/7 * * * *", "0 0 31 * *"}
	windows := []string{"", "22:00-05:00", "02:00-03:00", "Sat,Sun 00:00-24:00; 23:59-00:01", "00:00-24:00"}
	jitters := []string{"", "10%", "100%", "90m"}
	for i := range 12 {
		f.Add(uint8(i), uint8(i), uint8(i), uint8(i), uint8(i+1), uint8(i), int64(1774746000+3600*int64(i)), int64(i)*3000, int64(i)*2900, 7000*int64(i), uint16(i))
	}
	f.Fuzz(func(t *testing.T, e, a, c, w, j, z uint8, unix, age, shown, ago int64, gen uint16) {
		p := mustPlan(t, zones[int(z)%len(zones)].name, uint64(unix), choose(words{
			"every": every[int(e)%len(every)], "at": times[int(a)%len(times)], "cron": crons[int(c)%len(crons)],
			"window": windows[int(w)%len(windows)], "jitter": jitters[int(j)%len(jitters)],
		}))
		const century, month = 100 * 366 * 24 * 60 * 60, 31 * 24 * 60 * 60
		started := time.Unix(unix%century, 0)
		lived := time.Duration((age&math.MaxInt64)%month) * time.Second
		now := started.Add(time.Duration(shown%month) * time.Second)
		had := started.Add(-time.Duration(ago%month) * time.Second)
		due, aged := p.Next(int(gen), started, had, lived, now)
		switch {
		case due.IsZero() != !p.Clocked():
			t.Fatalf("due at %s", due)
		case due.IsZero():
			return
		case aged && lived < p.Every && due.Before(now) || !aged && !due.After(start(started, lived, now)):
			t.Fatalf("started at %s, due at %s", started, due)
		case !aged && had.Sub(start(started, lived, now)) < correction && !due.After(had):
			t.Fatalf("had at %s, due at %s", had, due)
		case due.After(now) && !p.Windows.Open(due):
			t.Fatalf("due at %s, where no window is open", due)
		}
		// When that time has come, it is due, and not put off again.
		if wait := due.Sub(now); wait > 0 {
			if again, _ := p.Next(int(gen), started, had, lived+wait, due); !again.Equal(due) {
				t.Fatalf("due at %s, and then at %s", due, again)
			}
		}
	})
}

// choose leaves out what is not given.
func choose(all words) words {
	for name, value := range all {
		if value == "" {
			delete(all, name)
		}
	}
	return all
}

func ExamplePlan_Next() {
	berlin, _ := ParseZone("Europe/Berlin")
	at, _ := ParseTimes("02:30", berlin)
	plan := Plan{At: []Times{at}}
	started := time.Date(2026, 3, 28, 12, 0, 0, 0, berlin)
	now := started.Add(time.Hour)
	due, aged := plan.Next(1, started, time.Time{}, now.Sub(started), now)
	fmt.Println(due, aged)
	// Output: 2026-03-29 03:00:00 +0200 CEST false
}
