package kerneltest

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// pair is a small parent and a worker that takes all the memory it can get. The
// parent goes on when its worker is gone, and leaves when it is asked to. The
// sleep is for its traps to be heard meanwhile.
const pair = `
trap 'kill $s; echo leaving; exit 0' TERM
sleep 1000 & s=$!
echo "parent pid=$$"
"$0" --quiet eat-memory --rate 0 & w=$!
echo 500 >/proc/$w/oom_score_adj
echo "worker pid=$w"
wait $w; echo "worker status=$?"
wait $s
`

func startPair(t *testing.T, flags ...string) (r *running, parent, worker int, group string) {
	t.Helper()
	controlled(t)
	flags = append([]string{"--memory-max", "48M", "--swap-max", "0", "--min-uptime", "0"}, flags...)
	r = start(t, append(flags, "--", "/bin/sh", "-c", pair, misbehave(t))...)
	parent = r.child(t)
	group = groupOf(t, parent)
	return r, parent, r.child(t), group
}

// The kernel kills the command itself: it is called what it is, and launched
// again.
func TestOOMKillOfTheCommand(t *testing.T) {
	controlled(t)
	r := start(t, "--memory-max", "48M", "--swap-max", "0", "--min-uptime", "0", "--", misbehave(t), "eat-memory", "--rate", "0")
	group := groupOf(t, r.child(t))
	r.waitFor(t, `gen 1: oom-kill: misbehave, pid \d+ \(the command itself\) was killed at memory.max 48 MiB, peak [\d.]+ MiB, after .*; relaunching`)
	r.waitFor(t, `gen 2: up`)
	r.waitFor(t, `gen 2: oom-kill: `)
	r.end(t, unix.SIGTERM)
	wantNoGroups(t, group, r.Process.Pid)
}

// stop: the kernel kills the worker; the parent is asked to leave, and does, with
// its last words.
func TestOOMPolicyStop(t *testing.T) {
	r, parent, worker, group := startPair(t)
	if m := r.waitFor(t, `gen 1: oom-kill: misbehave, pid (\d+) was killed at memory.max 48 MiB.*; the rest is shut down \(TERM`); m[1] != itoa(worker) {
		t.Errorf("the victim is %s, want the worker %d", m[1], worker)
	}
	r.out(t, `^worker status=137$`)
	r.out(t, `^leaving$`)
	r.waitFor(t, `gen 2: up`)
	for _, pid := range []int{parent, worker} {
		if !gone(pid) {
			t.Errorf("pid %d is still there", pid)
		}
	}
	r.end(t, unix.SIGTERM)
	wantNoGroups(t, group, r.Process.Pid)
}

// kill: the kernel kills all of them at once, and nobody has last words.
func TestOOMPolicyKill(t *testing.T) {
	r, parent, worker, group := startPair(t, "--oom-policy", "kill")
	r.waitFor(t, `gen 1: oom-kill: .*, and \d+ more \(the command itself among them\) were killed at memory.max 48 MiB.*; relaunching`)
	r.waitFor(t, `gen 2: up`)
	for _, pid := range []int{parent, worker} {
		if !gone(pid) {
			t.Errorf("pid %d is still there", pid)
		}
	}
	if m := r.out(t, `leaving|worker status=|(parent pid=)`); m[1] == "" {
		t.Errorf("last words after a kill: %q", m[0])
	}
	r.end(t, unix.SIGTERM)
	wantNoGroups(t, group, r.Process.Pid)
}

// continue: the parent finds its worker dead and goes on.
func TestOOMPolicyContinue(t *testing.T) {
	r, parent, worker, group := startPair(t, "--oom-policy", "continue")
	if m := r.waitFor(t, `gen (.*)`); !strings.Contains(m[1], "oom-kill: misbehave, pid "+itoa(worker)+" was killed") ||
		!strings.HasSuffix(m[1], "the rest goes on (--oom-policy continue)") {
		t.Errorf("relance says %q", m[0])
	}
	r.out(t, `^worker status=137$`)
	if gone(parent) || groupOf(t, parent) != group {
		t.Error("the parent did not go on")
	}
	if status, lines := endAll(t, r); status != 0 || strings.Contains(strings.Join(lines, "\n"), "gen 2") {
		t.Errorf("status %d, want 0, and no second generation in %q", status, lines)
	}
	wantNoGroups(t, group, r.Process.Pid)
}

// endAll asks relance to end and returns its status and its last lines.
func endAll(t *testing.T, r *running) (int, []string) {
	t.Helper()
	if err := r.Process.Signal(os.Signal(unix.SIGTERM)); err != nil {
		t.Fatal(err)
	}
	return r.ended(t)
}

// Who takes half a gigabyte at once, in one system call, goes past memory.high before anybody
// can look: that ends at memory.max, and in a relaunch, and hangs nothing.
func TestBurst(t *testing.T) {
	controlled(t)
	const killed = `.*oom-kill: misbehave, pid \d+ .*`
	for name, tt := range map[string]struct {
		flags []string
		ends  string
	}{
		"max": {[]string{"--memory-max", "96M"}, killed},
		// Where the machine is slow the look may come first.
		"high and max": {[]string{"--memory-high", "64M", "--memory-max", "96M"}, killed + `|memory-high: [\d.]+ MiB of 64 MiB`},
	} {
		t.Run(name, func(t *testing.T) {
			flags := append([]string{"--swap-max", "0", "--min-uptime", "0"}, tt.flags...)
			r := start(t, append(flags, "--", misbehave(t), "eat-at-once", "512M")...)
			group := groupOf(t, r.child(t))
			for gen := 1; gen <= 3; gen++ {
				r.waitFor(t, `gen `+itoa(gen)+`: (`+tt.ends+`)`)
				r.waitFor(t, `gen `+itoa(gen+1)+`: up`)
			}
			r.end(t, unix.SIGTERM)
			wantNoGroups(t, group, r.Process.Pid)
		})
	}
}
