package kerneltest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/cgroup"
)

// leak is a shell that moves to the group given, if any, and becomes a leak.
func leak(t *testing.T, to string) []string {
	move := ""
	if to != "" {
		move = fmt.Sprintf("echo $$ > %s/cgroup.procs; ", to)
	}
	return []string{"/bin/sh", "-c", move + "exec " + misbehave(t) + " eat-memory --rate 32M --chunk 1M"}
}

// A command that moves to another group is counted there and not in its own: that
// is said, and its budget is kept all the same, in each generation anew. There is
// no swap for it, so that no look by the clock comes for that reason.
func TestEscape(t *testing.T) {
	controlled(t)
	elsewhere := group(t, cgroup.Limits{}).Path()
	flags := []string{"--memory-high", "32M", "--swap-max", "0", "--min-uptime", "0s", "--"}
	r := start(t, append(flags, leak(t, elsewhere)...)...)
	for gen := 1; gen <= 2; gen++ {
		pid := r.child(t)
		if got := groupOf(t, pid); got != elsewhere {
			t.Errorf("the command is in %s, want %s", got, elsewhere)
		}
		r.waitFor(t, fmt.Sprintf(`gen %d: the command has left its group, so its limits do not reach it any more; its memory is looked at in /proc$`, gen))
		r.waitFor(t, fmt.Sprintf(`gen %d: memory-high: [\d.]+ MiB of 32 MiB after .*, 1 process; stopping`, gen))
		r.waitFor(t, fmt.Sprintf(`gen %d: up`, gen+1))
		if !gone(pid) {
			t.Errorf("pid %d is still there", pid)
		}
	}
	r.end(t, unix.SIGTERM)
	if procs, err := os.ReadFile(elsewhere + "/cgroup.procs"); err != nil || len(procs) > 0 {
		t.Errorf("left behind in the other group: %q, %v", procs, err)
	}
}

// The same leak that stays: nothing is said, of the start of a generation or of
// its end.
func TestNoEscape(t *testing.T) {
	controlled(t)
	flags := []string{"--memory-high", "32M", "--swap-max", "0", "--min-uptime", "0s", "--"}
	r := start(t, append(flags, leak(t, "")...)...)
	group := groupOf(t, r.child(t))
	r.waitFor(t, `^relance: memory: `)
	for gen := 1; gen <= 2; gen++ {
		for _, want := range []string{"gen %d: memory-high: ", "gen %d: up"} {
			number := gen
			if strings.HasSuffix(want, "up") {
				number++
			}
			if line := r.waitFor(t, `^relance: (.*)`)[1]; !strings.HasPrefix(line, fmt.Sprintf(want, number)) {
				t.Errorf("relance says %q", line)
			}
		}
	}
	r.end(t, unix.SIGTERM)
	wantNoGroups(t, group, r.Process.Pid)
}

// Where no budget is asked for, it is the limit that does not hold.
func TestEscapeOfLimit(t *testing.T) {
	controlled(t)
	elsewhere := group(t, cgroup.Limits{}).Path()
	r := start(t, "--pids-max", "20", "--", "/bin/sh", "-c",
		fmt.Sprintf("echo $$ > %s/cgroup.procs; echo pid=$$; exec sleep 1000", elsewhere))
	r.child(t)
	r.waitFor(t, `gen 1: the command has left its group, so its limits do not reach it any more$`)
	r.end(t, unix.SIGTERM)
}
