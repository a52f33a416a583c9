package cgroup_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"relance/cgroup"
	"relance/internal/cgrouptest"
)

func bytes(n int64) *int64 { return &n }

// Every limit reaches its file.
func TestLimit(t *testing.T) {
	share := 150 * time.Millisecond
	g := cgrouptest.Limited(t, cgroup.Limits{
		MemoryHigh: bytes(64 << 20), MemoryMax: bytes(96 << 20), SwapMax: bytes(0), PIDsMax: bytes(50), CPUMax: &share, OOMGroup: true,
	})
	wantFiles(t, g, map[string]string{
		"memory.high": "67108864", "memory.max": "100663296", "memory.swap.max": "0",
		"pids.max": "50", "cpu.max": "150000 100000", "memory.oom.group": "1",
	})
	if err := g.SetHigh(cgroup.NoLimit); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, g, map[string]string{"memory.high": "max", "memory.max": "100663296"})
	if err := g.SetHigh(64 << 20); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, g, map[string]string{"memory.high": "67108864"})
}

// What nobody asked for stays as the kernel made it.
func TestNoLimit(t *testing.T) {
	g := cgrouptest.Limited(t, cgroup.Limits{})
	wantFiles(t, g, map[string]string{
		"memory.high": "max", "memory.max": "max", "memory.swap.max": "max", "pids.max": "max",
		"cpu.max": "max 100000", "memory.oom.group": "0",
	})
}

func wantFiles(t *testing.T, g *cgroup.Group, want map[string]string) {
	t.Helper()
	for name, value := range want {
		b, err := os.ReadFile(filepath.Join(g.Path(), name))
		if got := strings.TrimSpace(string(b)); err != nil || got != value {
			t.Errorf("%s is %q, want %q: %v", name, got, value, err)
		}
	}
}

// A limit whose controller is not handed down is refused, and says which.
func TestLimitWithoutController(t *testing.T) {
	outer := cgrouptest.Limited(t, cgroup.Limits{})
	// outer hands no controllers down.
	inner, err := outer.Parent().Create("inner")
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	err = inner.Limit(cgroup.Limits{MemoryMax: bytes(1 << 30)})
	if !errors.Is(err, cgroup.ErrNoController) || !strings.Contains(err.Error(), "memory.max") {
		t.Errorf("error %v, want ErrNoController that names memory.max", err)
	}
	if _, err := inner.Meter().Memory(); !errors.Is(err, cgroup.ErrNoController) {
		t.Errorf("measuring it: %v, want ErrNoController", err)
	}
}
