package supervise

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/child"
	"relance/restart"
	"relance/schedule"
)

// stops passes time until the given one and returns when children were asked to
// leave, for the reason. Each does so after a second.
func (s *scene) stops(until time.Time, reason restart.Reason) []time.Time {
	var all []time.Time
	for s.report.Planned.Before(until) {
		// A nanosecond before nothing happens.
		s.notes = nil
		s.pass(time.Until(s.report.Planned) - 1)
		s.want()
		s.pass(1)
		if s.report.Kind != restart.Stopping || s.report.Reason != reason {
			s.t.Fatalf("at %v: %+v", time.Now().UTC(), s.report)
		}
		all = append(all, time.Now())
		s.pass(time.Second)
		s.exit(child.Change{Signal: unix.SIGTERM})
	}
	s.notes = nil
	return all
}

// In the year 2000, in which the time of a bubble begins, summer in Berlin is from
// 26 March, 01:00 UTC, until 29 October, 01:00 UTC.
var (
	summer   = time.Date(2000, 3, 26, 1, 0, 0, 0, time.UTC)
	winter   = time.Date(2000, 10, 29, 1, 0, 0, 0, time.UTC)
	nextYear = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
)

// berlin returns by how much its clock is ahead of UTC.
func berlin(t time.Time) time.Duration {
	if !t.Before(summer) && t.Before(winter) {
		return 2 * time.Hour
	}
	return time.Hour
}

func zone(t *testing.T) *time.Location {
	t.Helper()
	zone, err := schedule.ParseZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestYear: a year of 02:30 in a zone with summer time is 366 recycles, each at
// 02:30 as the clock there shows it, but for the night in which it shows no such
// time: then it is when the clock is set forward.
func TestYear(t *testing.T) {
	at, err := schedule.ParseTimes("02:30", zone(t))
	if err != nil {
		t.Fatal(err)
	}
	cron, err := schedule.ParseCron("30 2 * * *", zone(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, plan := range map[string]*schedule.Plan{"at": {At: []schedule.Times{at}}, "cron": {Cron: []schedule.Cron{cron}}} {
		t.Run(name, func(t *testing.T) {
			p := policy()
			p.Plan = plan
			play(t, Config{Policy: p}, func(s *scene) {
				var want []time.Time
				for day := range 366 { // it begins at 01:00 in Berlin
					night := time.Date(2000, 1, 1+day, 2, 30, 0, 0, time.UTC)
					moment := night.Add(-berlin(night.Add(-2 * time.Hour)))
					if night.YearDay() == summer.YearDay() {
						moment = summer
					}
					want = append(want, moment)
				}
				if got := s.stops(nextYear, restart.Schedule); !slices.EqualFunc(got, want, time.Time.Equal) {
					t.Errorf("recycled at %v, want %v", got, want)
				}
			})
		})
	}
}

// TestYearOfWindows: an age of six hours that waits for the night. In the night in
// which it is an hour shorter the second recycle of the night misses its end.
func TestYearOfWindows(t *testing.T) {
	windows, err := schedule.ParseWindows("22:00-05:00", zone(t))
	if err != nil {
		t.Fatal(err)
	}
	const night, morning = 22 * time.Hour, 5 * time.Hour
	p := policy()
	p.Plan = &schedule.Plan{Every: 6 * time.Hour, Windows: windows}
	play(t, Config{Policy: p}, func(s *scene) {
		var want []time.Time
		perDay := map[int]int{}
		for next := s.start.Add(6 * time.Hour); ; {
			shown := next.Add(berlin(next)) // as if Berlin were UTC
			midnight := shown.Truncate(24 * time.Hour)
			if clock := shown.Sub(midnight); clock >= morning && clock < night {
				opens := midnight.Add(night)
				next = opens.Add(-berlin(opens))
			}
			if !next.Before(nextYear) {
				break
			}
			want = append(want, next)
			perDay[next.Add(berlin(next)).Add(-12*time.Hour).YearDay()]++
			next = next.Add(time.Second + 6*time.Hour)
		}
		if n := perDay[summer.YearDay()-1]; n != 1 || perDay[winter.YearDay()-1] != 2 || len(want) < 700 {
			t.Fatalf("%d are wanted, %v", len(want), perDay)
		}
		if got := s.stops(nextYear, restart.Age); !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Errorf("recycled at %v, want %v", got, want)
		}
	})
}

// TestWindow: what is spent outside the window is recycled when it opens, after a
// last look.
func TestWindow(t *testing.T) {
	windows, err := schedule.ParseWindows("22:00-05:00", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	p := policy()
	p.MemoryHigh, p.MemoryEvents, p.Plan = 1000, true, &schedule.Plan{Windows: windows}
	play(t, Config{Policy: p}, func(s *scene) {
		s.pass(12 * time.Hour)
		s.use = restart.Usage{Memory: 1000, Processes: 1, Exact: true}
		s.want("0s spawn 1")
		s.count.High = 1
		s.news(cgroup.Change{Gen: 1})
		s.want("12h0m0s look", "12h0m0s report deferred gen=1 memory-high", "12h0m0s headroom true", "12h0m0s watch")
		if opens := s.start.Add(22 * time.Hour); !s.report.Planned.Equal(opens) {
			t.Errorf("waits until %v, want %v", s.report.Planned, opens)
		}
		s.pass(10*time.Hour - 1)
		s.want()
		s.use.Memory = 5000
		s.pass(1)
		s.want("22h0m0s look", "22h0m0s report stopping gen=1 memory-high",
			"22h0m0s headroom true", "22h0m0s signal 101 TERM", "22h0m0s signal 101 CONT")
		if s.report.Usage.Memory != 5000 {
			t.Errorf("%+v", s.report)
		}
	})
}
