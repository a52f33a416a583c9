package kerneltest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// closedNow is a window that opens in some hours and not before.
func closedNow() string {
	hour := time.Now().UTC().Hour()
	return fmt.Sprintf("%02d:00-%02d:00", (hour+3)%24, (hour+5)%24)
}

// highOf is memory.high of a group.
func highOf(t *testing.T, group string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(group, "memory.high"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// A budget that waits for its window does not hold the tree up meanwhile: it goes
// on to twice the budget, with memory.high out of its way.
func TestWaitsForTheWindowAtFullSpeed(t *testing.T) {
	controlled(t)
	r := start(t, "--memory-high", "32M", "--memory-max", "256M", "--timezone", "UTC", "--window", closedNow(), "--",
		misbehave(t), "eat-memory", "--rate", "64M", "--chunk", "256K", "--max", "96M", "--handler")
	group := groupOf(t, r.child(t))
	if high := highOf(t, group); high != "33554432" {
		t.Errorf("memory.high is %s, want 32M", high)
	}
	r.waitFor(t, `gen 1: memory-high: .* of 32 MiB.*; waits for the window until [0-9-]+ [0-9:]+ UTC$`)
	until(t, "three times the budget", func() bool { return figure(t, group, "memory.current", "") >= 90<<20 })
	if high := highOf(t, group); high != "max" {
		t.Errorf("memory.high is %s while it waits, want max", high)
	}
	if status := r.end(t, unix.SIGTERM); status != 0 {
		t.Errorf("status %d", status)
	}
	wantNoGroups(t, group, r.Process.Pid)
}

// A budget that is only observed is not even set: at memory.high the kernel would
// slow the tree down and take its page cache.
func TestObservedIsNotTouched(t *testing.T) {
	controlled(t)
	r := start(t, "--memory-high", "32M", "--observe", "--", misbehave(t), "eat-memory", "--rate", "64M", "--chunk", "256K", "--max", "96M", "--handler")
	group := groupOf(t, r.child(t))
	if high := highOf(t, group); high != "max" {
		t.Errorf("memory.high is %s, want max", high)
	}
	r.waitFor(t, `gen 1: memory-high: .* of 32 MiB.*; only observed \(--observe\)$`)
	until(t, "three times the budget", func() bool { return figure(t, group, "memory.current", "") >= 90<<20 })
	if crossed := figure(t, group, "memory.events", "high"); crossed != 0 {
		t.Errorf("memory.high was crossed %d times", crossed)
	}
	if status := r.end(t, unix.SIGTERM); status != 0 {
		t.Errorf("status %d", status)
	}
	wantNoGroups(t, group, r.Process.Pid)
}

// CPU time counts for the whole tree, the dead included, which only the group
// still knows of: a shell whose short children do all the work.
func TestCPUTimeOfTheDead(t *testing.T) {
	controlled(t)
	r := start(t, "--cpu-time", "1s", "--memory-high", "200M", "--", misbehave(t), "fork-loop", "--at-once", "4")
	r.child(t)
	r.waitFor(t, `gen 1: cpu-time: 1(\.\d+)? s of 1 s of CPU time after`)
	r.waitFor(t, `gen 2: up`)
	r.end(t, unix.SIGTERM)
}
