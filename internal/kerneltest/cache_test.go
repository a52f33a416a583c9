package kerneltest

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A program that reads and writes far more than its budget holds nothing of it:
// it is never recycled, though it crosses memory.high all the time.
func TestPageCacheIsNoBudget(t *testing.T) {
	controlled(t)
	r := start(t, "--memory-high", "64M", "--", "/bin/sh", "-c",
		`echo pid=$$; "$0" churn --size 256M --total 2G "$1"; s=$?; read go; exit $s`, misbehave(t), disk(t)+"/file")
	group := groupOf(t, r.child(t))
	r.out(t, `^churned 2147483648$`)
	if high := figure(t, group, "memory.events", "high"); high == 0 {
		t.Error("memory.high was never crossed: this shows nothing")
	} else {
		t.Logf("memory.high was crossed %d times, peak %d MiB", high, figure(t, group, "memory.peak", "")/mib)
	}
	status, lines := r.ended(t)
	if status != 0 {
		t.Errorf("status %d, want 0", status)
	}
	for _, line := range lines {
		if strings.Contains(line, "gen ") {
			t.Errorf("relance says %q", line)
		}
	}
	wantNoGroups(t, group, r.Process.Pid)
}

// Shared memory and the files of a tmpfs look like page cache, and cannot be
// taken back: who has too much of them is recycled.
func TestSharedMemoryIsHeld(t *testing.T) {
	controlled(t)
	for name, words := range map[string][]string{
		"shmem": {"eat-shmem", "--rate", "64M"},
		"tmpfs": {"big-file", "/dev/shm/kerneltest"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(func() { os.Remove("/dev/shm/kerneltest") })
			r := start(t, append([]string{"--memory-high", "64M", "--memory-max", "128M", "--min-uptime", "0", "--", misbehave(t)}, words...)...)
			group := groupOf(t, r.child(t))
			r.waitFor(t, `gen 1: (memory-high): `)
			r.waitFor(t, `gen 2: up`)
			r.waitFor(t, `gen 2: (memory-high): `)
			r.end(t, unix.SIGTERM)
			wantNoGroups(t, group, r.Process.Pid)
		})
	}
}
