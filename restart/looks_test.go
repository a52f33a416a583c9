package restart

import (
	"testing"
	"time"
)

const mib = 1 << 20

// observe drives a core whose tree uses memory(t) and cpu(t) after t, for the time
// given, and returns when it was looked at and when the verdict came (zero: not).
func observe(p Policy, length time.Duration, use func(time.Duration) Usage) (looks []time.Duration, verdict time.Duration) {
	p.StopSignal, p.Grace = 15, time.Second
	start := time.Unix(0, 0)
	c := New(p)
	c.Start(start)
	c.Step(start, Started{Gen: 1})
	for now := c.Deadline(); now.Sub(start) <= length; now = c.Deadline() {
		t := now.Sub(start)
		for _, a := range c.Step(now, Tick{}) {
			if _, ok := a.(Look); !ok {
				continue
			}
			looks = append(looks, t)
			if c.Step(now, Looked{Gen: 1, Usage: use(t)}); c.State() != Running {
				return looks, t
			}
		}
	}
	return looks, 0
}

// TestLeaksAreCaughtInTime: within a fifth over the budget, at every speed up to
// 100 MB/s.
func TestLeaksAreCaughtInTime(t *testing.T) {
	for _, budget := range []int64{300 * mib, 1000 * mib, 8000 * mib} {
		for _, rate := range []float64{0.01, 0.1, 1, 3, 10, 33, 100} { // MiB in a second
			leak := func(d time.Duration) Usage {
				return Usage{Memory: int64(rate * mib * d.Seconds()), CPU: d / 10, Processes: 1}
			}
			looks, verdict := observe(Policy{MemoryHigh: budget}, 1000*time.Hour, leak)
			peak := float64(leak(verdict).Memory) / float64(budget)
			if verdict == 0 || peak > 1.2 {
				t.Errorf("%d MiB at %v MiB/s: caught at %.3f of the budget, after %v", budget/mib, rate, peak, verdict)
			}
			if each := verdict / time.Duration(len(looks)); each < minInterval {
				t.Errorf("%d MiB at %v MiB/s: %d looks, one in %v", budget/mib, rate, len(looks), each)
			}
		}
	}
}

// TestIdleIsLeftAlone: one look in ten seconds, after some at the start.
func TestIdleIsLeftAlone(t *testing.T) {
	for _, p := range []Policy{{MemoryHigh: 300 * mib}, {AddressLimit: 300 * mib}, {DataLimit: 300 * mib}} {
		looks, verdict := observe(p, time.Hour, func(time.Duration) Usage {
			return Usage{Memory: 299 * mib, VMSize: 299 * mib, VMData: 299 * mib, CPU: time.Second, Processes: 3}
		})
		if n := len(looks); verdict != 0 || n > 360+10 || n < 350 {
			t.Errorf("%+v: %d looks in an hour, verdict after %v", p, n, verdict)
		}
	}
}

// TestNoBudgetNoLook: nothing to compare with, nothing to look at.
func TestNoBudgetNoLook(t *testing.T) {
	c := New(Policy{CPUSoft: time.Second, FileSize: true})
	c.Start(time.Unix(0, 0))
	c.Step(time.Unix(0, 0), Started{Gen: 1})
	if d := c.Deadline(); !d.IsZero() {
		t.Errorf("a deadline at %v", d)
	}
	if got := c.Step(time.Unix(9, 0), Tick{}); len(got) > 0 {
		t.Errorf("a tick: %v", got)
	}
}

// TestForkBeforeExec: a tree that is caught between fork and exec counts twice
// for a moment, again and again, and is not recycled for it.
func TestForkBeforeExec(t *testing.T) {
	n := 0
	looks, verdict := observe(Policy{MemoryHigh: 300 * mib}, time.Hour, func(d time.Duration) Usage {
		u := Usage{Memory: 200 * mib, CPU: d / 2, Processes: 2}
		if n++; n%2 == 0 {
			u.Memory = 400 * mib
		}
		return u
	})
	if verdict != 0 {
		t.Errorf("recycled after %v, at look %d", verdict, len(looks))
	}
}

// TestBusyNearTheBudget: what runs without growing is looked at as often as a
// sudden leak of 100 MiB/s asks for, and no more.
func TestBusyNearTheBudget(t *testing.T) {
	busy := func(free int64) int {
		looks, _ := observe(Policy{MemoryHigh: 1000 * mib}, time.Minute, func(d time.Duration) Usage {
			return Usage{Memory: 1000*mib - free, CPU: d, Processes: 1}
		})
		return len(looks)
	}
	for _, c := range []struct {
		free int64
		most int
	}{{1 * mib, 1200}, {100 * mib, 125}, {800 * mib, 20}} {
		if n := busy(c.free); n > c.most {
			t.Errorf("%d MiB free: %d looks in a minute", c.free/mib, n)
		}
	}
}
