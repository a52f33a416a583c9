package containertest

import (
	"io"
	"strconv"
	"testing"
)

// relance is PID 1: `runtime kill` asks it to end, and its status is that of
// the container. While it runs, others can come in; it has a budget, so that it
// makes of the container's group what it makes of it for one.
func TestPID1(t *testing.T) {
	eachBox(t, func(t *testing.T, b box) {
		b.env = []string{"RELANCE_STOP_TIMEOUT=1m"}
		c := b.start(t, "relance", "--memory-high", "80%", "--", "misbehave", "drain", "100ms")
		c.stdout.Want(t, `^ready pid=`)
		if comm := c.exec(t, "cat", "/proc/1/comm"); comm != "relance\n" {
			t.Errorf("PID 1 of the container is %q", comm)
		}
		c.kill(t, "TERM")
		c.stdout.Want(t, `^drained$`)
		if status := c.end(t); status != 0 {
			t.Errorf("status %d, want 0", status)
		}
	})
}

// A daemon that has left its session comes to relance and leaves with it.
func TestDaemon(t *testing.T) {
	eachBox(t, func(t *testing.T, b box) {
		c := b.start(t, "relance", "--stop-timeout", "1m", "--", "misbehave", "daemon", "--setsid")
		c.stdout.Want(t, `^daemon pid=`)
		c.kill(t, "TERM")
		if status := c.end(t); status != 128+15 {
			t.Errorf("status %d, want 143", status)
		}
	})
}

// leak is a command that eats so many bytes a second.
func leak(rate string) []string {
	return []string{"misbehave", "eat-memory", "--rate", rate, "--chunk", "1M"}
}

// A budget of 80% is of the container's limit, and is met before it. relance
// itself is in the container too, so the 19 MiB between the two are not for the
// leak alone; at this rate it takes 0.4 s to eat them.
func TestMemoryHigh(t *testing.T) {
	eachBox(t, func(t *testing.T, b box) {
		c := b.start(t, append([]string{"relance", "--memory-high", "80%", "--"}, leak("48M")...)...)
		c.stderr.Want(t, `memory-high 80%: 76.8 MiB of 96 MiB`)
		if b.writable {
			c.stderr.Want(t, `^relance: memory: a group of its own for each generation below \S+, whose processes were moved to its subgroup relance$`)
		} else {
			c.stderr.Want(t, `^relance: memory: the group around us, \S+, relance included; not possible: own group: the cgroup file system is read-only; `)
		}
		for range 3 {
			m := c.stderr.Want(t, `gen \d+: memory-high: ([\d.]+) MiB of 76.8 MiB( and hardly anything but waiting)?`)
			least := 76.8
			if m[2] != "" {
				// Whom the kernel holds up below the budget is recycled from nine tenths of it on.
				least = 69.1
			}
			used, err := strconv.ParseFloat(m[1], 64)
			if err != nil || used < least || used > 96 {
				t.Errorf("recycled at %s MiB, want %.1f to 96: %v", m[1], least, err)
			}
		}
		c.stderr.Want(t, `gen 4: up`)
		c.kill(t, "TERM")
		if status := c.end(t); status != 128+15 {
			t.Errorf("status %d, want 143", status)
		}
		if n := c.memoryEvents(t, "oom_kill"); n != 0 {
			t.Errorf("the OOM killer of the container has killed %d", n)
		}
	})
}

// Who has come in from outside is not of the tree: a recycle leaves it alone,
// wherever it sits among the groups.
func TestVisitorStays(t *testing.T) {
	eachBox(t, func(t *testing.T, b box) {
		c := b.start(t, append([]string{"relance", "--memory-high", "20M", "--min-uptime", "1ms", "--"}, leak("48M")...)...)
		c.stdout.Want(t, `^ready pid=`)
		cat := c.enter(t, "cat")
		for _, word := range []string{"one", "two", "three"} {
			if _, err := io.WriteString(cat.stdin, word+"\n"); err != nil {
				t.Fatal(err)
			}
			cat.stdout.Want(t, "^"+word+"$")
			c.stderr.Want(t, `gen \d+: up`)
		}
		c.kill(t, "TERM")
		c.end(t)
	})
}

// Without the budget the container's OOM killer acts: the control of
// TestMemoryHigh.
func TestNoBudget(t *testing.T) {
	eachBox(t, func(t *testing.T, b box) {
		c := b.start(t, append([]string{"relance", "--"}, leak("256M")...)...)
		if status := c.end(t); status != 128+9 {
			t.Errorf("status %d, want 137", status)
		}
		if n := c.memoryEvents(t, "oom_kill"); n == 0 {
			t.Error("nobody was killed: the container has no limit")
		}
	})
}
