package cgroup_test

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/internal/await"
	"relance/internal/cgrouptest"
)

// watching is a watcher whose changes a test reads.
type watching struct {
	*cgroup.Watcher
	changes chan cgroup.Change
}

func watcher(t *testing.T) watching {
	t.Helper()
	w, err := cgroup.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	changes := make(chan cgroup.Change, 1)
	over := make(chan bool)
	go func() { w.Run(changes); close(over) }()
	t.Cleanup(func() {
		w.End()
		for {
			select {
			case <-changes:
			case <-over:
				return
			case <-time.After(await.Patience):
				t.Error("Run does not end when it is told to")
				return
			}
		}
	})
	return watching{w, changes}
}

func (w watching) next(t *testing.T) cgroup.Change {
	t.Helper()
	select {
	case c := <-w.changes:
		return c
	case <-time.After(await.Patience):
		t.Fatal("no change is told")
		panic("unreachable")
	}
}

// A crossing of memory.high is told once, however often it happens, and the next
// one when it is asked for.
func TestWatchHigh(t *testing.T) {
	g := cgrouptest.Limited(t, cgroup.Limits{MemoryHigh: bytes(16 << 20), SwapMax: bytes(0)})
	w := watcher(t)
	watch, err := w.Watch(g.Meter(), "memory.events", 7)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	s := start(t, g, "anon") // 32 MiB: held back from half of it on
	if c := w.next(t); c != (cgroup.Change{Gen: 7}) {
		t.Errorf("told of %+v", c)
	}
	if c := g.Meter().Counters(); c.High == 0 || c.OOMKill != 0 {
		t.Errorf("counted %+v", c)
	}
	// The process goes on crossing it all the time; the watch stays silent. That
	// there was something to tell shows when it is armed again.
	before := g.Meter().Counters().High
	await.Until(t, "the counter of the kernel moves on", func() bool { return g.Meter().Counters().High > before })
	select {
	case c := <-w.changes:
		t.Errorf("told of %+v without being asked", c)
	default:
	}
	if err := watch.Rearm(); err != nil {
		t.Fatal(err)
	}
	w.next(t)
	if err := g.SetHigh(cgroup.NoLimit); err != nil {
		t.Fatal(err)
	}
	s.pid(t, "anon")
	// Nothing happens any more: what was seen is not told again.
	watch.Seen()
	if err := watch.Rearm(); err != nil {
		t.Fatal(err)
	}
	noChange(t, w)
	if g.Meter().Counters().Peak < 32<<20 {
		t.Errorf("peak %d, want 32 MiB", g.Meter().Counters().Peak)
	}
}

// noChange shows that nothing is told: what comes after it is told first.
func noChange(t *testing.T, w watching) {
	t.Helper()
	other := cgrouptest.Limited(t, cgroup.Limits{MemoryHigh: bytes(8 << 20), SwapMax: bytes(0)})
	watch, err := w.Watch(other.Meter(), "memory.events", 99)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	start(t, other, "anon")
	if c := w.next(t); c.Gen != 99 {
		t.Errorf("told of %+v, with nothing to tell", c)
	}
}

// A refused fork is told, and counted.
func TestWatchPIDs(t *testing.T) {
	g := cgrouptest.Limited(t, cgroup.Limits{PIDsMax: bytes(1)})
	w := watcher(t)
	watch, err := w.Watch(g.Meter(), "pids.events", 3)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	start(t, g, "sleep") // a Go program cannot start its threads with one task
	w.next(t)
	if c := g.Meter().Counters(); c.PIDsMax == 0 {
		t.Errorf("counted %+v", c)
	}
}

// A trigger fires when tasks wait for memory.
func TestPressure(t *testing.T) {
	g := cgrouptest.Limited(t, cgroup.Limits{MemoryHigh: bytes(8 << 20), SwapMax: bytes(0)})
	w := watcher(t)
	watch, err := w.Pressure(g.Meter(), cgroup.Trigger{Stall: 50 * time.Millisecond, Window: 500 * time.Millisecond}, 5)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOENT) {
		cgrouptest.Lack(t, "no pressure information")
	} else if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	start(t, g, "anon")
	if c := w.next(t); c != (cgroup.Change{Gen: 5, Pressed: true}) {
		t.Errorf("told of %+v", c)
	}
}

// An OOM kill is counted by the time the victim is reaped, and its name is in
// the kernel's log.
func TestVictim(t *testing.T) {
	g := cgrouptest.Limited(t, cgroup.Limits{MemoryMax: bytes(16 << 20), SwapMax: bytes(0)})
	cmd := command("anon")
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: g.FD()}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if c := g.Meter().Counters(); c.OOMKill != 1 || c.OOM == 0 {
		t.Errorf("counted %+v when the victim was reaped", c)
	}
	if want := fmt.Sprintf("exe, pid %d", cmd.Process.Pid); g.Victim() != want {
		t.Errorf("victim %q, want %q", g.Victim(), want)
	}
}

// The headroom: a process that is held back at memory.high cannot leave, one
// that is let go can. Both are asked at the same time; when the one is done the
// other is not.
func TestHeadroom(t *testing.T) {
	type held struct {
		*started
		g   *cgroup.Group
		pid int
	}
	var both [2]held
	for i := range both {
		g := cgrouptest.Limited(t, cgroup.Limits{MemoryHigh: bytes(16 << 20), MemoryMax: bytes(64 << 20), SwapMax: bytes(0)})
		s := start(t, g, "leaver")
		both[i] = held{s, g, s.pid(t, "leaver")}
		await.Until(t, "held back a hundred times", func() bool { return both[i].g.Meter().Counters().High >= 100 })
	}
	free, kept := both[0], both[1]
	if err := free.g.SetHigh(cgroup.NoLimit); err != nil {
		t.Fatal(err)
	}
	for _, h := range both {
		if err := unix.Kill(h.pid, unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	free.started.pid(t, "left")
	if c := free.g.Meter().Counters(); c.OOMKill != 0 {
		t.Errorf("counted %+v", c)
	}
	kept.out.SetReadDeadline(time.Now())
	if _, err := kept.in.ReadString('\n'); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the one without headroom has left too: %v", err)
	}
}

// The last process that leaves a group is told of, and where it has gone to is
// seen; dead, it is still where it was.
func TestWatchLeaving(t *testing.T) {
	g, elsewhere := cgrouptest.Scratch(t), cgrouptest.Scratch(t)
	w := watcher(t)
	watch, err := w.Watch(g.Meter(), "cgroup.events", 7)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	cmd := command("sleep")
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: g.FD()}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	inside := func(want bool) {
		t.Helper()
		if got, err := g.Holds(cmd.Process.Pid); got != want || err != nil {
			t.Errorf("in its group: %v, %v, want %v", got, err, want)
		}
	}
	again := func() {
		t.Helper()
		if c := w.next(t); c != (cgroup.Change{Gen: 7}) {
			t.Errorf("told of %+v", c)
		}
		watch.Seen()
		if err := watch.Rearm(); err != nil {
			t.Error(err)
		}
	}
	again() // it has come
	inside(true)
	moveTo := func(g *cgroup.Group) {
		t.Helper()
		if err := os.WriteFile(g.Path()+"/cgroup.procs", fmt.Append(nil, cmd.Process.Pid), 0); err != nil {
			t.Fatal(err)
		}
	}
	moveTo(elsewhere)
	again()
	inside(false)
	moveTo(g)
	again()
	inside(true)
	cmd.Process.Kill()
	again()
	inside(true) // nobody has reaped it
	cmd.Wait()
	if got, err := g.Holds(cmd.Process.Pid); got || err == nil {
		t.Errorf("gone, and in its group: %v, %v", got, err)
	}
}
