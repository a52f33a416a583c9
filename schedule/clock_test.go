package schedule

import (
	"testing"
	"time"

	"relance/internal/need"
)

// machine is one whose clock can be set and that can sleep, with a relance that
// keeps to a plan as the comment of Next says.
type machine struct {
	plan *Plan
	told bool // of a clock that was set, of a sleep
	wall time.Time
	mono time.Duration // the time it was awake

	gen      int
	started  time.Time
	had      time.Time
	born     time.Duration
	deadline time.Duration
	recycles []recycle
}

// recycle is when one was, by both clocks.
type recycle struct {
	wall time.Time
	mono time.Duration
}

// ask sets the deadline, and recycles where it is time.
func (m *machine) ask() {
	for {
		due, aged := m.plan.Next(m.gen, m.started, m.had, m.mono-m.born, m.wall)
		m.deadline = m.mono + due.Sub(m.wall)
		if due.After(m.wall) {
			return
		}
		m.recycles = append(m.recycles, recycle{m.wall, m.mono})
		if !aged {
			m.had = due
		}
		m.launch()
	}
}

func (m *machine) launch() { m.gen, m.started, m.born = m.gen+1, m.wall, m.mono }

// awake lets time pass.
func (m *machine) awake(d time.Duration) {
	for end := m.mono + d; m.mono < end; {
		step := min(m.deadline, end) - m.mono
		m.mono, m.wall = m.mono+step, m.wall.Add(step)
		if m.mono == m.deadline {
			m.ask()
		}
	}
}

// set sets the clock, or sleeps: the timer sees neither.
func (m *machine) set(by time.Duration) {
	m.wall = m.wall.Add(by)
	if m.told {
		m.ask()
	}
}

// TestClockIsSet sets the clock at many times of two days, in all ways, and looks
// for storms.
func TestClockIsSet(t *testing.T) {
	begin := at(t, "2026-06-01 00:00 +0000")
	for _, c := range []struct {
		words words
		// gap is the shortest time between two recycles where the clock is left
		// alone, by both clocks; perDay is how many there are.
		gap    time.Duration
		perDay int
	}{
		{words{"at": "04:00"}, day, 1},
		{words{"at": "04:00", "window": "03:00-05:00"}, day, 1},
		{words{"cron": "0 4,16 * * *"}, 12 * time.Hour, 2},
		{words{"cron": "@hourly"}, time.Hour, 24},
		{words{"every": "6h"}, 6 * time.Hour, 4},
		{words{"every": "6h", "window": "22:00-05:00"}, 6 * time.Hour, 2},
		{words{"every": "24h", "at": "04:00"}, day, 1},
	} {
		for _, by := range []time.Duration{time.Hour, -time.Hour, 8 * time.Hour, -8 * time.Hour, time.Second, -time.Second, 30 * day, -3650 * day, 20000 * day} {
			for _, told := range []bool{true, false} {
				for after := time.Duration(0); after < 2*day; after += need.Much[time.Duration](4, 1) * 95 * time.Minute {
					m := &machine{plan: mustPlan(t, "UTC", 1, c.words), told: told, wall: begin}
					m.launch()
					m.ask()
					m.awake(2*day + after)
					before := len(m.recycles)
					m.set(by)
					m.awake(5 * day)
					checkCalm(t, m, before, c.gap, c.perDay)
					if t.Failed() {
						t.Fatalf("%v, told %v: set by %s after %s", c.words, told, by, after)
					}
				}
			}
		}
	}
}

// checkCalm: after the clock was set there is at most one recycle that would not
// have been without, so of any three in a row the outer two are no closer than
// ever, and after five days all is as before.
func checkCalm(t *testing.T, m *machine, before int, gap time.Duration, perDay int) {
	t.Helper()
	after := m.recycles[before:]
	if n := len(after); n > 5*perDay+1 || n < 5*perDay-max(perDay, 8*perDay/24+1) {
		t.Errorf("%d recycles in five days: %v", n, after)
	}
	all := m.recycles[max(before-1, 0):]
	for i := 2; i < len(all); i++ {
		if d := all[i].mono - all[i-2].mono; d < gap {
			t.Errorf("three recycles within %s: %v", d, all[i-2:i+1])
		}
	}
	for i := len(after) - perDay; i > 0 && i < len(after); i++ {
		if d := after[i].mono - after[i-1].mono; d < gap {
			t.Errorf("still %s between two: %v", d, after[i-1:i+1])
		}
	}
}

// TestOneOrNone has the cases that the comment of Next names.
func TestOneOrNone(t *testing.T) {
	for _, c := range []struct {
		name    string
		words   words
		started string
		awake   time.Duration
		set     time.Duration
		// due is when the generation that is there is due then.
		due string
	}{
		{"set forward over it", words{"at": "04:00"}, "2026-06-01 12:00 +0000", 15*time.Hour + 30*time.Minute, time.Hour, "2026-06-02 04:00 +0000"},
		{"slept through it", words{"at": "04:00"}, "2026-06-01 12:00 +0000", 11 * time.Hour, 8 * time.Hour, "2026-06-02 04:00 +0000"},
		{"just started, slept through it", words{"at": "04:00"}, "2026-06-01 22:30 +0000", 30 * time.Minute, 8 * time.Hour, "2026-06-03 04:00 +0000"},
		{"set back after it", words{"at": "04:00"}, "2026-06-02 04:00 +0000", 10 * time.Minute, -time.Hour, "2026-06-03 04:00 +0000"},
		{"set back before it", words{"at": "04:00"}, "2026-06-01 12:00 +0000", 15*time.Hour + 30*time.Minute, -time.Hour, "2026-06-02 04:00 +0000"},
		{"the date was wrong", words{"at": "04:00"}, "1970-01-01 00:00 +0000", 20 * time.Second, 20606 * day, "2026-06-02 04:00 +0000"},
		{"the date was far off", words{"at": "04:00"}, "2036-06-01 00:00 +0000", 20 * time.Second, -3652 * day, "2026-06-02 04:00 +0000"},
		{"age", words{"every": "6h"}, "2026-06-01 12:00 +0000", 5 * time.Hour, time.Hour, "2026-06-01 19:00 +0000"},
		{"age, slept", words{"every": "6h"}, "2026-06-01 12:00 +0000", time.Hour, 8 * time.Hour, "2026-06-02 02:00 +0000"},
		{"set forward over its window", words{"at": "04:00", "window": "03:00-05:00"}, "2026-06-01 12:00 +0000", 15*time.Hour + 30*time.Minute, 2 * time.Hour, "2026-06-03 04:00 +0000"},
		{"set forward to where it waits", words{"at": "12:00", "window": "03:00-05:00"}, "2026-06-01 11:00 +0000", 30 * time.Minute, 2 * time.Hour, "2026-06-02 03:00 +0000"},
		{"nobody asked in the window", words{"every": "6h", "window": "22:00-05:00"}, "2026-06-01 16:30 +0000", 20 * time.Hour, 0, "2026-06-02 22:00 +0000"},
		{"asked a moment too late", words{"every": "6h", "window": "22:00-05:00"}, "2026-06-01 22:59 +0000", 6*time.Hour + 80*time.Second, 0, "2026-06-02 04:59 +0000"},
		{"asked a moment too late", words{"at": "04:59", "window": "22:00-05:00"}, "2026-06-01 22:59 +0000", 6*time.Hour + 80*time.Second, 0, "2026-06-02 04:59 +0000"},
		{"due as a window closes", words{"at": "05:00", "window": "22:00-05:00"}, "2026-06-01 12:00 +0000", 18 * time.Hour, 0, "2026-06-02 22:00 +0000"},
		{"slept through the window", words{"every": "6h", "window": "22:00-05:00"}, "2026-06-01 16:30 +0000", 6 * time.Hour, 8 * time.Hour, "2026-06-02 22:00 +0000"},
	} {
		m := &machine{plan: mustPlan(t, "UTC", 1, c.words), wall: at(t, c.started)}
		m.launch()
		m.deadline = 1 << 62 // nobody asks
		m.awake(c.awake)
		m.set(c.set)
		due, _ := m.plan.Next(1, m.started, m.had, m.mono, m.wall)
		if want := at(t, c.due); !due.Equal(want) {
			t.Errorf("%s: it is %s, due at %s, want %s", c.name, m.wall, due, want)
		}
	}
}

// TestSetWhileLeaving sets the clock between a recycle and the start of what
// follows it: the time does not come again, unless the clock was wrong before.
func TestSetWhileLeaving(t *testing.T) {
	had := at(t, "2026-06-02 04:00 +0000")
	for _, c := range []struct {
		words words
		set   time.Duration
		due   string
	}{
		{words{"at": "04:00"}, time.Second, "2026-06-03 04:00 +0000"},
		{words{"at": "04:00"}, -2 * time.Second, "2026-06-03 04:00 +0000"},
		{words{"at": "04:00"}, -time.Hour, "2026-06-03 04:00 +0000"},
		{words{"at": "04:00"}, -179 * time.Minute, "2026-06-03 04:00 +0000"},
		{words{"at": "04:00"}, -4 * time.Hour, "2026-06-02 04:00 +0000"},
		{words{"at": "04:00"}, -25 * time.Hour, "2026-06-01 04:00 +0000"},
		{words{"cron": "@hourly"}, -2 * time.Hour, "2026-06-02 05:00 +0000"},
		{words{"at": "01:00,04:00"}, -4 * time.Hour, "2026-06-02 01:00 +0000"},
		{words{"at": "04:00", "window": "03:00-05:00"}, -time.Hour, "2026-06-03 04:00 +0000"},
		// An age is no time that could come twice.
		{words{"every": "6h"}, -time.Hour, "2026-06-02 09:00 +0000"},
	} {
		started := had.Add(c.set)
		due, _ := mustPlan(t, "UTC", 1, c.words).Next(2, started, had, 0, started)
		if want := at(t, c.due); !due.Equal(want) {
			t.Errorf("%v, set by %s: due at %s, want %s", c.words, c.set, due, want)
		}
	}
}
