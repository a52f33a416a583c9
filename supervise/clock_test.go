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
// leave. Each does so after a second.
func (s *scene) stops(until time.Time) []time.Time {
	var all []time.Time
	for s.report.Planned.Before(until) {
		// A nanosecond before nothing happens.
		s.notes = nil
		s.pass(time.Until(s.report.Planned) - 1)
		s.want()
		s.pass(1)
		if s.report.Kind != restart.Stopping || s.report.Reason != restart.Schedule {
			s.t.Fatalf("at %v: %+v", time.Now().UTC(), s.report)
		}
		all = append(all, time.Now())
		s.pass(time.Second)
		s.exit(child.Change{Signal: unix.SIGTERM})
	}
	s.notes = nil
	return all
}

// TestYear: a year of 02:30 in a zone with summer time is 366 recycles, each at
// 02:30 as the clock there shows it, but for the night in which it shows no such
// time: then it is when the clock is set forward.
func TestYear(t *testing.T) {
	zone, err := schedule.ParseZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at, err := schedule.ParseTimes("02:30", zone)
	if err != nil {
		t.Fatal(err)
	}
	p := policy()
	p.Plan = &schedule.Plan{At: []schedule.Times{at}}
	play(t, Config{Policy: p}, func(s *scene) {
		var want []time.Time
		for day := range 366 { // the time of a bubble begins on 1 January 2000, 01:00 in Berlin
			// Summer is from 26 March, 01:00 UTC, until 29 October, 01:00 UTC.
			minutes := 90
			switch night := time.Date(2000, 1, 1+day, 0, 0, 0, 0, time.UTC); {
			case night.Equal(time.Date(2000, 3, 26, 0, 0, 0, 0, time.UTC)):
				minutes = 60
			case night.Month() >= 4 && night.Month() <= 9,
				night.Month() == 3 && night.Day() > 26, night.Month() == 10 && night.Day() <= 29:
				minutes = 30
			}
			want = append(want, time.Date(2000, 1, 1+day, 0, minutes, 0, 0, time.UTC))
		}
		got := s.stops(time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC))
		if !slices.EqualFunc(got, want, time.Time.Equal) {
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
