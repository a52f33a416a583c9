// Package cgrouptest gives tests a real cgroup, or says why there is none.
package cgrouptest

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/internal/need"
)

// env makes a missing cgroup a failure, so that where the tests must run they
// cannot skip in silence.
const env = "RELANCE_TEST_CGROUP"

// Require returns the parent of groups, or skips the test where none can be made.
// With RELANCE_TEST_CGROUP=1 it fails there instead, and where all is to run: only
// some packages are tested in the virtual machine, and no controller is needed.
func Require(t testing.TB) cgroup.Parent {
	t.Helper()
	give := need.Lack
	if os.Getenv(env) == "1" {
		give = testing.TB.Fatalf
	}
	p, err := cgroup.Find("/")
	if err != nil {
		give(t, "no cgroup: %v", err)
	}
	g, err := p.Create(name())
	if err != nil {
		give(t, "no cgroup: %v", err)
	}
	remove(t, g)
	return p
}

// Slow skips a test that makes thousands of folders in the kernel layer: an
// emulated machine takes half a minute for it, and it needs no controller.
func Slow(t testing.TB) {
	if os.Getenv(env) == "1" {
		t.Skip("one for make check")
	}
}

// Scratch makes a group for the test. When the test ends, failed or not, all
// that is in the group is killed and the group removed.
func Scratch(t testing.TB) *cgroup.Group {
	t.Helper()
	g, err := Require(t).Create(name())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, g) })
	return g
}

// Limited makes a group for the test that can be limited, as Scratch does: it
// takes a root group with the memory, pids and cpu controllers.
func Limited(t testing.TB, l cgroup.Limits) *cgroup.Group {
	t.Helper()
	if err := Require(t).Enable([]string{"memory", "pids", "cpu"}); err != nil {
		give := t.Skipf
		if os.Getenv(env) == "1" {
			give = t.Fatalf
		}
		give("no group to limit: %v", err)
	}
	g := Scratch(t)
	if err := g.Limit(l); err != nil {
		t.Fatal(err)
	}
	return g
}

// Lack ends a test that wants what this machine has not got. The virtual machine
// of check-kernel.sh has everything (RELANCE_TEST_VM_REQUIRED=1): there it fails.
func Lack(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("RELANCE_TEST_VM_REQUIRED") == "1" {
		t.Fatalf("the virtual machine has %s", what)
	}
	t.Skipf("this machine has %s", what)
}

var made atomic.Int64

func name() string { return fmt.Sprintf("relance-test-%d-%d", os.Getpid(), made.Add(1)) }

// remove empties and removes g.
func remove(t testing.TB, g *cgroup.Group) {
	t.Helper()
	KillAll(t, g)
	if err := g.Remove(); err != nil {
		t.Error(err)
	}
	g.Close()
}

// KillAll kills everybody in g, again as long as somebody is left, as relance
// does: up to Linux 6.13 a process that is being forked at that very moment may
// escape cgroup.kill.
func KillAll(t testing.TB, g *cgroup.Group) {
	t.Helper()
	const tries = 100
	for range tries {
		if err := g.Kill(); err != nil {
			t.Fatal(err)
		}
		if emptied(t, g, 100*time.Millisecond) {
			return
		}
	}
	t.Fatalf("group %s is not empty after %d kills", g.Path(), tries)
}

// WaitEmpty waits until nobody is in g, woken by the kernel.
func WaitEmpty(t testing.TB, g *cgroup.Group) {
	t.Helper()
	if !emptied(t, g, 10*time.Second) {
		t.Fatalf("group %s is not empty", g.Path())
	}
}

// emptied waits so long at most, and reports whether g is empty.
func emptied(t testing.TB, g *cgroup.Group, patience time.Duration) bool {
	t.Helper()
	fd, err := unix.Openat(g.FD(), "cgroup.events", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return true // removed by the test
	}
	defer unix.Close(fd)
	buf := make([]byte, 256)
	for deadline := time.Now().Add(patience); ; {
		// cgroup-v2.rst: "poll and [id]notify events are triggered when the
		// value changes", that is since the last read of this descriptor.
		unix.Pread(fd, buf, 0)
		populated, err := g.Populated()
		if err != nil {
			t.Fatal(err)
		}
		left := time.Until(deadline)
		if !populated || left <= 0 {
			return !populated
		}
		unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLPRI}}, int(left.Milliseconds())+1)
	}
}
