package supervise

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/clock"
	"relance/restart"
	"relance/schedule"
)

// wall is a plan on a machine whose clock is set by some time at a moment. That of
// a bubble cannot be set, so to the loop it goes on, and the plan is given, and its
// answers are given back, as if it had been set. A machine that sleeps is the same:
// the clock on the wall is ahead then, and the one of the loop has stood still.
type wall struct {
	*schedule.Plan
	by time.Duration

	mu sync.Mutex
	at time.Time // zero before
	// due is the last answer, and shown has what a clock showed for each.
	due   time.Time
	shown map[time.Time]time.Time
}

// shift is by how much the clock was set until t.
func (w *wall) shift(t time.Time) time.Duration {
	if w.at.IsZero() || t.Before(w.at) {
		return 0
	}
	return w.by
}

func (w *wall) Next(gen int, started, had time.Time, age time.Duration, now time.Time) (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	shown, aged := w.Plan.Next(gen, started.Add(w.shift(started)), w.shown[had], age, now.Add(w.shift(now)))
	w.due = shown.Add(-w.shift(now))
	w.shown[w.due] = shown
	return w.due, aged
}

// recycled is one recycle: what it was due at as the clock showed it, and when it
// began as the loop has it.
type recycled struct{ due, began time.Time }

func (w *wall) set(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = at
}

// asked returns the last answer, and what a clock showed for due.
func (w *wall) asked(due time.Time) (last, shown time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.due, w.shown[due]
}

// until lets time pass, in which the clock is set once, and returns all recycles.
// Every child leaves after a second. Told says whether the kernel tells.
func (w *wall) until(s *scene, end, at time.Time, told bool) (all []recycled) {
	set := false
	var leaves time.Time
	note := func() {
		if s.report.Kind == restart.Stopping && leaves.IsZero() {
			_, due := w.asked(s.report.Planned)
			all = append(all, recycled{due, time.Now()})
			leaves = time.Now().Add(time.Second)
		}
	}
	for time.Now().Before(end) {
		wake := end
		next, _ := w.asked(time.Time{})
		for _, t := range []time.Time{next, leaves} {
			if t.After(time.Now()) && t.Before(wake) {
				wake = t
			}
		}
		if !set && at.Before(wake) {
			wake = at
		}
		s.pass(time.Until(wake))
		note()
		if time.Now().Equal(leaves) {
			s.exit(child.Change{Signal: unix.SIGTERM})
			leaves = time.Time{}
		}
		if !set && time.Now().Equal(at) {
			set = true
			w.set(at)
			if told {
				s.let(func() { s.clock <- clock.Set{} })
			}
			note()
		}
	}
	s.notes = nil
	return all
}

// TestClockIsSet sets the clock around the third of several planned times, by much
// and by little, and lets the machine sleep: each of them has its recycle, and no
// more than one, as soon as the clock shows it.
func TestClockIsSet(t *testing.T) {
	daily, err := schedule.ParseTimes("02:30", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	planned := func(day int) time.Time { return time.Date(2000, 1, 1+day, 2, 30, 0, 0, time.UTC) }
	for _, by := range []time.Duration{time.Hour, -time.Hour, 2 * time.Second, -2 * time.Second, 8 * time.Hour} {
		for _, when := range []time.Duration{
			-90 * time.Minute, -30 * time.Minute, -3 * time.Second, -2 * time.Second, -1500 * time.Millisecond, -time.Second, -1,
			0, 1, 500 * time.Millisecond, time.Second, 1500 * time.Millisecond, 2 * time.Second, 3 * time.Second, 30 * time.Minute,
		} {
			for _, told := range []bool{true, false} {
				t.Run(fmt.Sprintf("by %s, %s, told %v", by, when, told), func(t *testing.T) {
					at := planned(2).Add(when)
					// What was asked for before, and comes after, is late where nobody tells.
					late := -1
					switch {
					case told || by < 0:
					case when < 0:
						late = 2
					case when >= time.Second: // the next one is up
						late = 3
					}
					var want []recycled
					for day := range 5 {
						due := planned(day)
						began := due.Add(-by)
						switch {
						case !due.After(at), day == late:
							began = due
						case began.Before(at):
							began = at // set over it
						}
						want = append(want, recycled{due, began})
					}
					end := slices.MaxFunc([]time.Time{planned(5), planned(5).Add(-by)}, time.Time.Compare).Add(-9 * time.Hour)
					checkSet(t, &schedule.Plan{At: []schedule.Times{daily}}, end, at, by, told, want)
				})
			}
		}
	}
}

// TestAgeKnowsNoClock: an age is counted while the machine is awake, whatever the
// clock shows.
func TestAgeKnowsNoClock(t *testing.T) {
	for _, by := range []time.Duration{time.Hour, -time.Hour, 2 * time.Second, 8 * time.Hour, -8 * time.Hour} {
		start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
		at := start.Add(8 * time.Hour)
		var want []recycled
		for n := range 4 {
			began := start.Add(time.Duration(n+1)*6*time.Hour + time.Duration(n)*time.Second)
			due := began
			if began.After(at) {
				due = due.Add(by)
			}
			want = append(want, recycled{due, began})
		}
		checkSet(t, &schedule.Plan{Every: 6 * time.Hour}, start.Add(29*time.Hour), at, by, true, want)
	}
}

func checkSet(t *testing.T, plan *schedule.Plan, end, at time.Time, by time.Duration, told bool, want []recycled) {
	t.Helper()
	p := policy()
	w := &wall{Plan: plan, by: by, shown: map[time.Time]time.Time{}}
	p.Plan = w
	same := func(a, b recycled) bool { return a.due.Equal(b.due) && a.began.Equal(b.began) }
	play(t, Config{Policy: p}, func(s *scene) {
		if got := w.until(s, end, at, told); !slices.EqualFunc(got, want, same) {
			t.Errorf("set at %v:\n%v, want\n%v", at, got, want)
		}
	})
}
