package kerneltest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A leak is recycled again and again, and each generation has a group of its
// own, of which none is left at the end.
func TestMemoryHigh(t *testing.T) {
	r := start(t, "--memory-high", "64M", "--", misbehave(t), "eat-memory", "--rate", "16M", "--chunk", "1M")
	var group string
	for gen := 1; gen <= 3; gen++ {
		next := groupOf(t, r.child(t))
		if next == group || !strings.HasPrefix(filepath.Base(next), "relance-") {
			t.Errorf("generation %d is in group %q, the one before was in %q", gen, next, group)
		}
		group = next
		m := r.waitFor(t, `gen \d+: memory-high: ([\d.]+) MiB of 64 MiB( and hardly anything but waiting)?`)
		least := 64.0
		if m[2] != "" {
			// Whom the kernel holds up below the budget is recycled from nine tenths of it on.
			least = 57.6
		}
		used, err := strconv.ParseFloat(m[1], 64)
		if err != nil || used < least || used > 64*1.2 {
			t.Errorf("recycled at %s MiB, want %.1f to %.1f: %v", m[1], least, 64*1.2, err)
		}
	}
	r.waitFor(t, `gen 4: up`)
	pid := r.child(t)
	if status := r.end(t, unix.SIGTERM); status != 128+15 {
		t.Errorf("status %d, want 143", status)
	}
	if !gone(pid) {
		t.Errorf("pid %d is still there", pid)
	}
	pattern := filepath.Join(filepath.Dir(group), fmt.Sprintf("relance-%d-*", r.Process.Pid))
	if left, _ := filepath.Glob(pattern); len(left) != 0 {
		t.Errorf("groups left behind: %q", left)
	}
}

// A daemon in a session of its own is in the group of its tree, and leaves with
// it.
func TestDaemon(t *testing.T) {
	r := start(t, "--stop-timeout", "5s", "--", misbehave(t), "daemon", "--setsid")
	parent := r.child(t)
	daemon := r.child(t)
	if groupOf(t, daemon) != groupOf(t, parent) {
		t.Error("the daemon is not in the group of its tree")
	}
	r.end(t, unix.SIGTERM)
	for _, pid := range []int{parent, daemon} {
		if !gone(pid) {
			t.Errorf("pid %d is still there", pid)
		}
	}
}

// What forks all the time and takes no notice of TERM is killed as a whole.
func TestKillGroup(t *testing.T) {
	const shell = "trap '' TERM; echo pid=$$; while :; do (sleep 1000) & sleep 0.01; done"
	r := start(t, "--stop-timeout", "1s", "--", "/bin/sh", "-c", shell)
	group := groupOf(t, r.child(t))
	if status := r.end(t, unix.SIGTERM); status != 128+9 {
		t.Errorf("status %d, want 137", status)
	}
	if _, err := os.Stat(group); !os.IsNotExist(err) {
		t.Errorf("the group %s is still there: %v", group, err)
	}
}
