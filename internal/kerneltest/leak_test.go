package kerneltest

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/internal/cgrouptest"
)

// leaving are the words of a leak that has something to do before it leaves: it
// takes 8 MB and writes for a second.
func leaving(t *testing.T, into string) []string {
	return []string{
		misbehave(t), "eat-memory", "--rate", "32M", "--chunk", "256K",
		"--last", "8M", "--budget", "64M", "--into", into,
	}
}

// tooLate is when a recycle is a failure. The promise is 200 ms on a machine that
// has time; this bound is for one that has not, an emulated one on shared cores,
// and still far below the grace after which it would have been a kill. The figure
// itself is in the log.
const tooLate = time.Second

// A leak is recycled soon after it has reached its budget, and what it still has
// to do it does: it gets the headroom. The same leak with the same limits and no
// relance, asked to leave before, is not done by then.
func TestLeakLeavesWithHeadroom(t *testing.T) {
	controlled(t)
	folder := disk(t)
	kept := startWithout(t, cgroup.Limits{MemoryHigh: bytes(64 * mib), MemoryMax: bytes(96 * mib), SwapMax: bytes(0)},
		leaving(t, folder+"/kept")...)
	until(t, "the one without relance at its limit", func() bool { return figure(t, kept.group, "memory.events", "high") >= 100 })
	if err := kept.cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}

	flags := []string{"--memory-high", "64M", "--memory-max", "96M", "--swap-max", "0", "--"}
	r := start(t, append(flags, leaving(t, folder+"/free")...)...)
	for gen := 1; gen <= 2; gen++ {
		group := groupOf(t, r.child(t))
		late := r.out(t, `^asked (\d+) us after`)[1]
		if us, err := strconv.Atoi(late); err != nil || time.Duration(us)*time.Microsecond > tooLate {
			t.Errorf("asked %s us after the budget was reached, want at most %v: %v", late, tooLate, err)
		}
		r.waitFor(t, `gen \d+: memory-high: .*; stopping \(TERM`)
		// Where we come too late for this, relance itself would say it below.
		if kills, err := figureOf(group+"/memory.events", "oom_kill"); err == nil && kills != 0 {
			t.Errorf("%d OOM kills while it leaves", kills)
		}
		r.out(t, `^left after `)
		// Held back it gets there some day, on a slow machine before the second one.
		lines := kept.said.Now()
		if gen == 1 && slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "left") }) {
			t.Errorf("the one without relance has left too: %q", lines)
		}
		// The next line is of the next generation: no KILL, no OOM kill.
		if m := r.waitFor(t, `gen \d+: (.*)`); !strings.HasPrefix(m[1], "up, pid") {
			t.Errorf("relance says %q", m[0])
		}
	}
	group := groupOf(t, r.child(t))
	if status := r.end(t, unix.SIGTERM); status != 0 {
		t.Errorf("status %d, want 0", status)
	}
	wantNoGroups(t, group, r.Process.Pid)
}

// What is swapped out is held too: a leak is seen though the kernel takes its
// pages away as fast as it makes them.
func TestLeakIntoSwap(t *testing.T) {
	controlled(t)
	if figure, err := os.ReadFile("/proc/swaps"); err != nil || len(strings.Split(strings.TrimSpace(string(figure)), "\n")) < 2 {
		cgrouptest.Lack(t, "no swap: vmrun -swap 256M")
	}
	leak := []string{misbehave(t), "eat-memory", "--rate", "32M"}
	t.Run("at its own limit", func(t *testing.T) {
		r := start(t, append([]string{"--memory-high", "64M", "--memory-max", "96M", "--"}, leak...)...)
		wantSeen(t, r, groupOf(t, r.child(t)))
	})
	// The group never gets near its own limit: what is above takes the pages.
	t.Run("at a limit above", func(t *testing.T) {
		above := group(t, cgroup.Limits{MemoryMax: bytes(48 * mib)})
		r := startIn(t, above, append([]string{"--memory-high", "64M", "--"}, leak...)...)
		wantSeen(t, r, groupOf(t, r.child(t)))
	})
}

// wantSeen checks that a leak is recycled near its budget, by the sum of what it
// has in memory and in swap.
func wantSeen(t *testing.T, r *running, group string) {
	t.Helper()
	m := r.waitFor(t, `gen 1: (memory-high|oom-kill): ([\d.]+) MiB of 64 MiB`)
	if used, err := strconv.ParseFloat(m[2], 64); err != nil || m[1] != "memory-high" || used > 64*1.5 {
		t.Errorf("%q, want memory-high at no more than half over 64 MiB: %v", m[0], err)
	}
	r.waitFor(t, `gen 2: up`)
	r.end(t, unix.SIGTERM)
	wantNoGroups(t, group, r.Process.Pid)
}
