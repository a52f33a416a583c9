package containertest

import (
	"strconv"
	"testing"
)

// relance is PID 1: `runtime kill` asks it to end, and its status is that of
// the container. While it runs, others can come in.
func TestPID1(t *testing.T) {
	eachBox(t, func(t *testing.T, b box) {
		b.env = []string{"RELANCE_STOP_TIMEOUT=1m"}
		c := b.start(t, "relance", "--", "misbehave", "drain", "100ms")
		c.stdout.waitFor(t, `^ready pid=`)
		if comm := c.exec(t, "cat", "/proc/1/comm"); comm != "relance\n" {
			t.Errorf("PID 1 of the container is %q", comm)
		}
		c.kill(t, "TERM")
		c.stdout.waitFor(t, `^drained$`)
		if status := c.end(t); status != 0 {
			t.Errorf("status %d, want 0", status)
		}
	})
}

// A daemon that has left its session comes to relance and leaves with it.
func TestDaemon(t *testing.T) {
	eachBox(t, func(t *testing.T, b box) {
		c := b.start(t, "relance", "--stop-timeout", "1m", "--", "misbehave", "daemon", "--setsid")
		c.stdout.waitFor(t, `^daemon pid=`)
		c.kill(t, "TERM")
		if status := c.end(t); status != 128+15 {
			t.Errorf("status %d, want 143", status)
		}
	})
}

// The leak of the tests of memory: it would fill a container in 1.5 s.
var leak = []string{"misbehave", "eat-memory", "--rate", "64M", "--chunk", "1M"}

// A budget of 80% is of the container's limit, and is met before it. The
// container can be entered at any time, with a generation or between two.
func TestMemoryHigh(t *testing.T) {
	eachBox(t, func(t *testing.T, b box) {
		c := b.start(t, append([]string{"relance", "--memory-high", "80%", "--"}, leak...)...)
		for range 3 {
			m := c.stderr.waitFor(t, `gen \d+: memory-high: ([\d.]+) MiB of 76.8 MiB`)
			used, err := strconv.ParseFloat(m[1], 64)
			if err != nil || used < 76.8 || used > 96 {
				t.Errorf("recycled at %s MiB, want 76.8 to 96: %v", m[1], err)
			}
			if said := c.exec(t, "echo", "entered"); said != "entered\n" {
				t.Errorf("exec says %q", said)
			}
		}
		c.stderr.waitFor(t, `gen 4: up`)
		c.kill(t, "TERM")
		if status := c.end(t); status != 128+15 {
			t.Errorf("status %d, want 143", status)
		}
		if n := c.memoryEvents(t, "oom_kill"); n != 0 {
			t.Errorf("the OOM killer of the container has killed %d", n)
		}
	})
}

// Without the budget the container's OOM killer acts: the control of
// TestMemoryHigh.
func TestNoBudget(t *testing.T) {
	eachBox(t, func(t *testing.T, b box) {
		c := b.start(t, append([]string{"relance", "--"}, leak...)...)
		if status := c.end(t); status != 128+9 {
			t.Errorf("status %d, want 137", status)
		}
		if n := c.memoryEvents(t, "oom_kill"); n == 0 {
			t.Error("nobody was killed: the container has no limit")
		}
	})
}
