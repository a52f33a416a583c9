package kerneltest

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/cgroup"
)

// much is a file that does not fit into the memory of these tests.
func much(t *testing.T) string {
	t.Helper()
	path := disk(t) + "/much"
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, mib)
	for range 96 {
		if _, err := f.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	// What is in the page cache is counted for who brought it there: us.
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		t.Fatal(err)
	}
	return path
}

// A tree that holds little and waits for memory all the time is recycled where
// the user wants that, and else is not: it holds nothing but page cache.
func TestMemoryPressure(t *testing.T) {
	controlled(t)
	limits := []string{"--memory-max", "32M", "--swap-max", "0", "--min-uptime", "0"}
	thrash := []string{"--", misbehave(t), "map-file", "--loop", much(t)}
	r := start(t, append(append(limits, "--memory-pressure", "full 50ms/1s"), thrash...)...)
	group := groupOf(t, r.child(t))
	r.waitFor(t, `gen 1: memory-high: tasks waited for memory: full 50ms/1s, [\d.]+ MiB after .*; stopping \(TERM`)
	r.waitFor(t, `gen 2: up`)
	r.waitFor(t, `gen 2: memory-high: tasks waited for memory`)
	r.end(t, unix.SIGTERM)
	wantNoGroups(t, group, r.Process.Pid)

	r = start(t, append(limits, thrash...)...)
	group = groupOf(t, r.child(t))
	until(t, "the same pressure without the flag", func() bool { return waited(t, group) >= 500_000 })
	if _, lines := endAll(t, r); strings.Contains(strings.Join(lines, "\n"), "memory-high") {
		t.Errorf("recycled for its page cache: %q", lines)
	}
}

// waited is how many microseconds all tasks of a group have waited for memory.
func waited(t *testing.T, group string) int64 {
	t.Helper()
	text, err := os.ReadFile(group + "/memory.pressure")
	_, full, ok := strings.Cut(string(text), "full ")
	if err != nil || !ok {
		t.Fatalf("%q, %v", text, err)
	}
	_, total, _ := strings.Cut(full, "total=")
	n, err := strconv.ParseInt(strings.TrimSpace(total), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A short excess is forgiven, one that lasts is not. While it is watched,
// memory.high is out of the way; when it is over it is back.
func TestMemoryFor(t *testing.T) {
	controlled(t)
	r := start(t, "--memory-high", "48M", "--memory-max", "128M", "--swap-max", "0", "--memory-for", "4s", "--", misbehave(t), "swell", "64M")
	pid := r.child(t)
	group := groupOf(t, pid)
	high := func() int64 { return figure(t, group, "memory.high", "") }
	swell := func() {
		if err := unix.Kill(pid, unix.SIGUSR1); err != nil {
			t.Fatal(err)
		}
	}
	swell()
	r.out(t, `^swollen$`)
	until(t, "memory.high out of the way", func() bool { return high() == cgroup.NoLimit })
	swell()
	r.out(t, `^shrunk$`)
	until(t, "memory.high back at the budget", func() bool { return high() == 48*mib })
	swell()
	r.out(t, `^swollen$`)
	// The first line about this generation: the short excess gave none.
	if m := r.waitFor(t, `gen 1: (.*)`); !strings.HasPrefix(m[1], "memory-high: ") || !strings.Contains(m[1], " MiB of 48 MiB for 4") {
		t.Errorf("relance says %q", m[0])
	}
	r.waitFor(t, `gen 2: up`)
	r.end(t, unix.SIGTERM)
	wantNoGroups(t, group, r.Process.Pid)
}

// The child is told where it can watch for pressure, as systemd tells it, can do
// so, and is told of it. Each generation is told of its own group.
func TestChildIsTold(t *testing.T) {
	controlled(t)
	r := start(t, "--restart", "always", "--backoff", "1ms..1ms", "--memory-max", "32M", "--swap-max", "0", "--",
		misbehave(t), "pressure", much(t))
	var before string
	for range 2 {
		file := r.out(t, `^watching (.*)$`)[1]
		if file == before {
			t.Errorf("told of %s again", file)
		}
		before = file
		group := groupOf(t, r.child(t))
		if file != group+"/memory.pressure" {
			t.Errorf("told of %s, and in %s", file, group)
		}
		r.out(t, `^pressed$`)
	}
	r.end(t, unix.SIGTERM)
}
