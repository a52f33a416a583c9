package tree

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// reaped is what all that we have reaped so far has used.
func reaped(t testing.TB) time.Duration {
	t.Helper()
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_CHILDREN, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// The living, a zombie, and a child that was waited for: all of it, and nothing
// twice. What wait4(2) tells at the end is the truth to compare with.
func TestCPUTotal(t *testing.T) {
	const spent, tick = 460 * time.Millisecond, 20 * time.Millisecond
	// Without clocks three more accounts are in ticks.
	for clocks, slack := range map[bool]time.Duration{true: tick, false: 4 * tick} {
		base := reaped(t)
		h := start(t, nil, "spender")
		h.want(t, "ready")
		w := walker(t, os.Getpid())
		w.Ask(Ask{CPU: true})
		w.noClocks = !clocks
		c, err := w.Count(All)
		if err != nil {
			t.Fatal(err)
		}
		finish(t, w)
		truth := reaped(t) - base
		if c.CPUTotal < spent-slack || c.CPUTotal > truth {
			t.Errorf("clocks %v: %v, want %v to %v", clocks, c.CPUTotal, spent, truth)
		}
	}
}

// Children come and go, and their time moves upwards while we look: no look may
// ever find more than there was in the end.
func TestCPUCountsNothingTwice(t *testing.T) {
	base := reaped(t)
	h := start(t, nil, "relay")
	h.want(t, "ready")
	w := walker(t, os.Getpid())
	w.Ask(Ask{CPU: true})
	var last, most time.Duration
	fell := 0
	for most < 200*time.Millisecond {
		c, err := w.Count(All)
		if err != nil {
			t.Fatal(err)
		}
		if c.CPUTotal < last {
			fell++
		}
		last, most = c.CPUTotal, max(most, c.CPUTotal)
	}
	finish(t, w)
	if truth := reaped(t) - base; most > truth {
		t.Errorf("a look found %v, and there was %v", most, truth)
	} else {
		t.Logf("%v of %v; %d looks fell short of the one before", most, truth, fell)
	}
}

func TestProcessCPU(t *testing.T) {
	h := start(t, nil, "burnt", "50")
	h.want(t, "ready")
	used, err := ProcessCPU(h.pid)
	if err != nil || used < 50*time.Millisecond {
		t.Errorf("%v, %v, want 50ms", used, err)
	}
	w := walker(t, os.Getpid())
	m, ok := member(t, w, h.pid)
	if !ok || m.CPU > used || m.CPU < used-20*time.Millisecond {
		t.Errorf("its clock says %v, its stat %v", used, m.CPU)
	}
	for _, pid := range []int{0, -1, maxPID, maxPID >> 3} {
		if used, err := ProcessCPU(pid); err == nil {
			t.Errorf("pid %d has used %v", pid, used)
		}
	}
}
