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

// letReady says of a generation that it is ready (--ready file:DIR/ready.{generation}).
func letReady(t *testing.T, dir string, gen int) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "ready."+itoa(gen)), []byte("ready\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Two generations at once have a group each, with limits and a budget each: what the old
// one holds, which may go on, is not charged to the next one.
func TestHandoverGroups(t *testing.T) {
	controlled(t)
	dir := t.TempDir()
	r := start(t, "--memory-high", "64M", "--memory-max", "512M", "--min-uptime", "0", "--handover", "--ready", "file:"+dir+"/ready.{generation}",
		"--", misbehave(t), "eat-memory", "--rate", "64M", "--max", "80M")
	pid := r.child(t)
	letReady(t, dir, 1)
	r.waitFor(t, `gen 1: up`)
	for gen := 1; gen <= 3; gen++ {
		r.waitFor(t, `gen `+itoa(gen)+`: memory-high: [\d.]+ MiB of 64 MiB.*; works on until the next one is ready`)
		next := r.child(t)
		old, new := groupOf(t, pid), groupOf(t, next)
		if old == new || filepath.Dir(old) != filepath.Dir(new) {
			t.Errorf("the old one is in %q, the new one in %q", old, new)
		}
		until(t, "the old one holds 80 MiB", func() bool { return figure(t, old, "memory.current", "") >= 80*mib })
		// The one has spent its budget and is out of the way of its group's, the other
		// has a budget that it has yet to spend.
		if old, new := figure(t, old, "memory.high", ""), figure(t, new, "memory.high", ""); old <= 64*mib || new != 64*mib {
			t.Errorf("memory.high of the old one %d, of the new one %d", old, new)
		}
		for _, group := range []string{old, new} {
			if n := figure(t, group, "memory.max", ""); n != 512*mib {
				t.Errorf("memory.max of %s: %d", group, n)
			}
		}
		letReady(t, dir, gen+1)
		r.waitFor(t, `gen `+itoa(gen+1)+`: up, pid \d+, in place of gen `+itoa(gen))
		until(t, "the old one gone", func() bool { return gone(pid) })
		until(t, "its group gone", func() bool { _, err := os.Stat(old); return os.IsNotExist(err) })
		pid = next
	}
	group := groupOf(t, pid)
	r.end(t, unix.SIGTERM)
	wantNoGroups(t, group, r.Process.Pid)
}

// The old one reaches memory.max while the next one starts. It is not waited for: the
// next one takes its place at once, ready or not, and nobody else is started.
func TestHandoverOOMOfTheOld(t *testing.T) {
	controlled(t)
	dir := t.TempDir()
	const shell = `echo "pid=$$"; [ "$RELANCE_GENERATION" -gt 1 ] || exec "$0" --quiet eat-memory --rate 64M --chunk 1M; sleep 1000 & wait`
	r := start(t, "--memory-high", "48M", "--memory-max", "96M", "--swap-max", "0", "--min-uptime", "0", "--handover",
		"--ready", "file:"+dir+"/ready.{generation}", "--", "/bin/sh", "-c", shell, misbehave(t))
	old := r.child(t)
	letReady(t, dir, 1)
	r.waitFor(t, `gen 1: memory-high: .*; works on until the next one is ready`)
	next := r.child(t)
	group := groupOf(t, next)
	r.waitFor(t, `gen 1: oom-kill: .*`)
	until(t, "the old one gone", func() bool { return gone(old) })
	if n := figure(t, group, "memory.events", "oom_kill"); n != 0 || gone(next) {
		t.Errorf("%d OOM kills in the group of the next one, which is gone: %v", n, gone(next))
	}
	letReady(t, dir, 2)
	if m := r.waitFor(t, `gen 2: (.*)`); !strings.HasPrefix(m[1], "up, pid "+itoa(next)) {
		t.Errorf("%q, want that pid %d is up", m[0], next)
	}
	r.end(t, unix.SIGTERM)
	wantNoGroups(t, group, r.Process.Pid)
}

// An OOM kill in one worker is nobody else's affair: each has a group and a limit of its
// own, and none is charged for another one.
func TestWorkersOOM(t *testing.T) {
	controlled(t)
	const shell = `echo "pid=$$ worker=$RELANCE_WORKER"; [ "$RELANCE_WORKER" = 2 ] && exec "$0" --quiet eat-memory --rate 256M; exec "$0" --quiet eat-memory --rate 0 --max 32M`
	r := start(t, "--workers", "3", "--memory-max", "48M", "--swap-max", "0", "--min-uptime", "0", "--backoff", "1ms..1ms",
		"--", "/bin/sh", "-c", shell, misbehave(t))
	pids := map[string]int{}
	for len(pids) < 3 {
		m := r.out(t, `pid=(\d+) worker=(\d)`)
		pids[m[2]] = atoi(t, m[1])
	}
	groups := map[string]bool{}
	for _, worker := range []string{"1", "3"} {
		groups[groupOf(t, pids[worker])] = true
	}
	for range 3 {
		r.waitFor(t, `worker 2, gen \d+: oom-kill: `)
	}
	if len(groups) != 2 {
		t.Errorf("the groups of the other two: %v", groups)
	}
	for group := range groups {
		if n, max := figure(t, group, "memory.events", "oom_kill"), figure(t, group, "memory.max", ""); n != 0 || max != 48*mib {
			t.Errorf("%s: %d OOM kills, memory.max %d", group, n, max)
		}
	}
	if gone(pids["1"]) || gone(pids["3"]) {
		t.Error("another worker is gone")
	}
	group := groupOf(t, pids["1"])
	r.end(t, unix.SIGTERM)
	wantNoGroups(t, group, r.Process.Pid)
}

// After many handovers of two workers relance has no more than after some: no group, no
// descriptor, no thread, no memory.
func TestManyHandovers(t *testing.T) {
	controlled(t)
	t.Setenv("GOGC", "10") // of a heap that may double nothing can be told
	const warm, all = 10, 40
	r := start(t, "--workers", "2", "--handover", "--restart-signal", "HUP", "--memory-high", "64M", "--ready", "notify", "--listen", "unix:@many-handovers",
		"--", "/bin/sh", "-c", program(t, "RELANCE_TEST_BIN", "relance")+` notify --ready; echo "pid=$$"; exec sleep 1000`)
	group := groupOf(t, r.child(t))
	r.child(t)
	var early, late held
	for n := 1; n <= all; n++ {
		if err := r.Process.Signal(unix.SIGHUP); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			r.waitFor(t, `gen \d+: up, pid \d+, in place of gen `)
		}
		until(t, "the old ones gone", func() bool {
			children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", r.Process.Pid))
			return err == nil && len(strings.Fields(string(children))) == 2
		})
		if h := heldBy(t, r.Process.Pid, group); n > warm && n <= 2*warm {
			early = early.most(h)
		} else if n > all-warm {
			late = late.most(h)
		}
	}
	t.Logf("after %d handovers %+v, after %d %+v", 2*warm, early, all, late)
	// What is of the moment, and what would be one for each (TestManyRecycles).
	const breath, moment = 3 << 10, 4
	if late.files > early.files+moment || late.threads > early.threads+moment || late.groups > early.groups || late.anon > early.anon+breath {
		t.Errorf("after %d handovers %+v, after %d %+v", 2*warm, early, all, late)
	}
	r.end(t, unix.SIGTERM)
	wantNoGroups(t, group, r.Process.Pid)
}

func atoi(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
