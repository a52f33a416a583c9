package kerneltest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/cgroup"
)

// crowded is two workers that hold different amounts.
const crowded = `
if [ "$RELANCE_WORKER" = 1 ]; then exec "$0" eat-memory --rate 0 --max "$1"; fi
exec "$0" eat-memory --rate 0 --max "$2"
`

// At the limit of all together the kernel kills one of them, though neither is at a limit
// of its own: that is said, and it is launched again.
func TestTotalMemoryMax(t *testing.T) {
	controlled(t)
	r := start(t, "--workers", "2", "--memory-max", "80M", "--total-memory-max", "96M", "--swap-max", "0", "--min-uptime", "0",
		"--", "/bin/sh", "-c", crowded, misbehave(t), "72M", "40M")
	group := groupOf(t, r.child(t))
	all := filepath.Dir(group)
	if want := (cgroup.Names{PID: r.Process.Pid}).All(); filepath.Base(all) != want {
		t.Errorf("the group %s is not in %s", group, want)
	}
	if max, err := os.ReadFile(filepath.Join(all, "memory.max")); err != nil || strings.TrimSpace(string(max)) != strconv.Itoa(96<<20) {
		t.Errorf("memory.max of all is %q, %v", max, err)
	}
	for range 3 {
		r.waitFor(t, `gen \d+.*: oom-kill: misbehave, pid \d+ \(the command itself\) was killed at --total-memory-max, the limit of all `+
			`generations together, peak [\d.]+ MiB, after .*`)
	}
	r.end(t, unix.SIGTERM)
	wantNoGroups(t, all, r.Process.Pid)
	if left, _ := filepath.Glob(all + "*"); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

// Where one comes to its own limit that is what is said, also with a limit of all.
func TestOwnBelowTotal(t *testing.T) {
	controlled(t)
	r := start(t, "--workers", "2", "--memory-max", "48M", "--total-memory-max", "128M", "--swap-max", "0", "--min-uptime", "0",
		"--", "/bin/sh", "-c", crowded, misbehave(t), "72M", "16M")
	for range 2 {
		r.waitFor(t, `gen \d+.*: oom-kill: misbehave, pid \d+ \(the command itself\) was killed at memory.max 48 MiB, peak`)
	}
	r.end(t, unix.SIGTERM)
}
