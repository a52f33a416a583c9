package kerneltest

import (
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"relance/cgroup"
)

// A fork that is refused is said, once, and the tree lives on.
func TestPidsMax(t *testing.T) {
	controlled(t)
	r := start(t, "--pids-max", "20", "--", misbehave(t), "fork-loop", "--at-once", "50")
	pid := r.child(t)
	group := groupOf(t, pid)
	r.waitFor(t, `gen 1: pids.max of 20 reached after .*: a fork was refused$`)
	until(t, "ten more refusals", func() bool { return figure(t, group, "pids.events", "max") > 10 })
	if gone(pid) {
		t.Error("the command is no more")
	}
	if _, lines := endAll(t, r); strings.Contains(strings.Join(lines, "\n"), "pids.max") {
		t.Errorf("said more than once: %q", lines)
	}
	wantNoGroups(t, group, r.Process.Pid)
}

// Half a CPU is half a CPU: of each period of 100 ms the tree gets 50, and is
// held up for the rest; two threads that spin get no more. Without the limit the
// kernel holds up nobody.
func TestCPUMax(t *testing.T) {
	controlled(t)
	spin := []string{misbehave(t), "spin-cpu", "--threads", "2"}
	r := start(t, append([]string{"--cpu-max", "50%", "--"}, spin...)...)
	group := groupOf(t, r.child(t))
	const periods = 20
	until(t, "some periods", func() bool { return figure(t, group, "cpu.stat", "nr_periods") >= periods })
	used, n := figure(t, group, "cpu.stat", "usage_usec"), figure(t, group, "cpu.stat", "nr_periods")
	held := figure(t, group, "cpu.stat", "nr_throttled")
	t.Logf("%d us in %d periods, held up in %d", used, n, held)
	// The kernel hands out slices, and takes back from the next period what was
	// too much in this one: some CPU's worth of slices may be out at any time.
	if most := (n + 1) * 50_000 * 5 / 4; used > most {
		t.Errorf("used %d us in %d periods, want at most %d", used, n, most)
	}
	if held < n/2 {
		t.Errorf("held up in %d of %d periods, want most of them", held, n)
	}
	r.end(t, unix.SIGTERM)
	wantNoGroups(t, group, r.Process.Pid)

	free := startWithout(t, cgroup.Limits{}, spin...)
	until(t, "as much without the limit", func() bool { return figure(t, free.group, "cpu.stat", "usage_usec") >= used })
	if held := figure(t, free.group, "cpu.stat", "nr_throttled"); held != 0 {
		t.Errorf("held up %d times without a limit", held)
	}
}

// An ordinary user has no right to a group: a limit is refused, with what would
// help, and nothing is started; a budget is watched in /proc instead.
func TestNoRights(t *testing.T) {
	controlled(t)
	nobody := func(words ...string) *running {
		return startWith(t, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}, words...)
	}
	for _, flag := range []string{"--memory-max=64M", "--swap-max=0", "--pids-max=50", "--cpu-max=50%", "--memory-pressure=full 200ms/2s"} {
		r := nobody(flag, "--", misbehave(t), "exit", "0")
		name, _, _ := strings.Cut(flag, "=")
		r.waitFor(t, `^relance: error: `+name+`: a cgroup of its own for the command is not possible here: .*permission denied`)
		r.waitFor(t, `^relance: hint: `)
		if said := r.said.Rest(t); len(said) > 0 {
			t.Errorf("%s: the command was started, and says %q", flag, said)
		}
		if status, _ := r.ended(t); status != 125 {
			t.Errorf("%s: status %d, want 125", flag, status)
		}
	}
	r := nobody("--memory-high", "64M", "--", misbehave(t), "eat-memory", "--rate", "16M")
	r.waitFor(t, `^relance: memory: looks at each process in /proc; not possible: own group: .*permission denied`)
	r.waitFor(t, `gen 1: memory-high: [\d.]+ MiB of 64 MiB`)
	r.waitFor(t, `gen 2: up`)
	r.end(t, unix.SIGTERM)
}
