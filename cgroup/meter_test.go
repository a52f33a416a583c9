package cgroup_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/containerd/cgroups/v3/cgroup2"

	"relance/cgroup"
	"relance/internal/cgrouptest"
)

// Anonymous and shared memory count, the page cache does not, and what we read
// is what containerd's library reads.
func TestMeter(t *testing.T) {
	const size, slack = 32 << 20, 6 << 20
	tests := []struct {
		mode string
		held int64
	}{{"anon", size}, {"shmem", size}, {"file", 0}}
	g := cgrouptest.Limited(t, cgroup.Limits{})
	start(t, g, "nothing").pid(t, "nothing")
	bare, err := g.Meter().Memory()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.mode, func(t *testing.T) {
			g := cgrouptest.Limited(t, cgroup.Limits{})
			s := start(t, g, tt.mode)
			s.pid(t, tt.mode)
			m, err := g.Meter().Memory()
			if err != nil {
				t.Fatal(err)
			}
			// Beside what such a process takes for itself, some 5 MB.
			got := m.Unreclaimable() - bare.Unreclaimable()
			if math.Abs(float64(got-tt.held)) > slack {
				t.Errorf("%d bytes cannot be taken back, want about %d: %+v, without any: %+v", got, tt.held, m, bare)
			}
			// That the file was cached at all, or the case shows nothing.
			if m.Current < size {
				t.Errorf("%d bytes in use, want at least %d", m.Current, size)
			}
			library, err := cgroup2.Load("/" + filepath.Base(g.Path()))
			if err != nil {
				t.Fatal(err)
			}
			stat, err := library.Stat()
			if err != nil {
				t.Fatal(err)
			}
			if d := m.Current - int64(stat.Memory.Usage); max(d, -d) > slack {
				t.Errorf("in use: %d, the library says %d", m.Current, stat.Memory.Usage)
			}
			theirs := int64(stat.Memory.InactiveFile + stat.Memory.ActiveFile + stat.Memory.SlabReclaimable)
			if d := m.Reclaimable - theirs; max(d, -d) > slack {
				t.Errorf("reclaimable: %d, the library says %d", m.Reclaimable, theirs)
			}
		})
	}
}

// Whose limit it was shows: an OOM is counted where the limit is, and not around it.
func TestOOMs(t *testing.T) {
	const limit = used / 2
	all := cgrouptest.Limited(t, cgroup.Limits{SwapMax: bytes(0)})
	if err := all.Parent().Enable([]string{"memory"}); err != nil {
		t.Fatal(err)
	}
	for _, own := range []bool{true, false} {
		one, err := all.Parent().Create("one")
		if err != nil {
			t.Fatal(err)
		}
		limited := all
		if own {
			limited = one
		}
		if err := limited.Limit(cgroup.Limits{MemoryMax: bytes(limit)}); err != nil {
			t.Fatal(err)
		}
		before := all.Meter().OOMs()
		start(t, one, "anon").wantDead(t)
		cgrouptest.WaitEmpty(t, one)
		reap()
		if kills := one.Meter().Counters().OOMKill; kills != 1 {
			t.Errorf("own limit %v: %d were killed", own, kills)
		}
		if at := one.Meter().OOMs(); (at > 0) != own {
			t.Errorf("own limit %v: %d times at the group's own", own, at)
		}
		if at := all.Meter().OOMs() - before; (at > 0) == own {
			t.Errorf("own limit %v: %d times at that of all", own, at)
		}
		// What the group around counts in all cannot tell the two apart.
		if all.Meter().Counters().OOM == 0 {
			t.Errorf("own limit %v: nothing was counted around it", own)
		}
		if err := one.Remove(); err != nil {
			t.Error(err)
		}
		one.Close()
	}
}

// The group around us can be measured as well, the root cannot.
func TestOpenMeter(t *testing.T) {
	g := cgrouptest.Limited(t, cgroup.Limits{})
	m, err := g.Parent().OpenMeter()
	if err != nil {
		t.Fatal(err)
	}
	m.Close()
	if m, err := cgrouptest.Require(t).OpenMeter(); err == nil {
		m.Close()
		if _, err := os.Stat("/sys/fs/cgroup/memory.current"); os.IsNotExist(err) {
			t.Error("the root group, which has no memory.current, was measured")
		}
	}
}

// Swap is held too.
func TestSwap(t *testing.T) {
	if b, err := os.ReadFile("/proc/swaps"); err != nil || len(b) < 80 {
		cgrouptest.Lack(t, "no swap")
	}
	const size, high = 32 << 20, 8 << 20
	g := cgrouptest.Limited(t, cgroup.Limits{MemoryHigh: bytes(high)})
	start(t, g, "anon").pid(t, "anon")
	m, err := g.Meter().Memory()
	if err != nil {
		t.Fatal(err)
	}
	if m.Swap < size/2 {
		t.Errorf("%d bytes are swapped, want most of %d", m.Swap, size)
	}
	if got := m.Unreclaimable(); got < size-4<<20 {
		t.Errorf("%d bytes are held, want %d", got, size)
	}
}

// A group without any controller, made only to end a tree with, has the CPU time
// of all who were ever in it, the dead too, and no number of tasks.
func TestCPUOfBareGroup(t *testing.T) {
	g := cgrouptest.Scratch(t)
	var last time.Duration
	for range 2 {
		s := start(t, g, "burn")
		s.pid(t, "burn")
		s.wantDead(t)
		cgrouptest.WaitEmpty(t, g)
		reap()
		used := g.Meter().CPU()
		if used < last+100*time.Millisecond || used > last+5*time.Second {
			t.Errorf("the group has used %v, after %v before 0.1 s more", used, last)
		}
		last = used
	}
}
