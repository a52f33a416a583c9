package cgroup_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/internal/cgrouptest"
)

func populated(t *testing.T, g *cgroup.Group) bool {
	t.Helper()
	p, err := g.Populated()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func pids(t *testing.T, g *cgroup.Group) []int {
	t.Helper()
	ps, err := g.PIDs()
	if err != nil {
		t.Fatal(err)
	}
	return ps
}

func TestEmptyGroup(t *testing.T) {
	g := cgrouptest.Scratch(t)
	if populated(t, g) || len(pids(t, g)) != 0 {
		t.Error("a new group is not empty")
	}
	if err := g.Kill(); err != nil {
		t.Errorf("kill nobody: %v", err)
	}
	if flags, err := unix.FcntlInt(uintptr(g.FD()), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("descriptor: flags %d, %v", flags, err)
	}
	if !filepath.IsAbs(g.Path()) || !strings.HasPrefix(filepath.Base(g.Path()), "relance-test-") {
		t.Errorf("path %q", g.Path())
	}
}

// A daemon with its own session and a process that forks all the time die with
// the rest.
func TestKillTree(t *testing.T) {
	g := cgrouptest.Scratch(t)
	d := start(t, g, "daemon")
	launched := [2]string{"sleep", "daemon"} // the daemon may write last
	line, err := d.in.Peek(1)
	if err != nil {
		t.Fatal(err)
	}
	if line[0] == 'd' {
		slices.Reverse(launched[:])
	}
	a, b := d.pid(t, launched[0]), d.pid(t, launched[1])
	c := start(t, g, "comet")
	c.pid(t, "comet")

	if ps := pids(t, g); !slices.Contains(ps, a) || !slices.Contains(ps, b) || !slices.IsSorted(ps) {
		t.Errorf("pids %v, want %d and %d in it", ps, a, b)
	}
	if !populated(t, g) {
		t.Error("not populated")
	}
	if err := g.Remove(); !errors.Is(err, unix.EBUSY) {
		t.Errorf("remove while in use: %v", err)
	}
	cgrouptest.KillAll(t, g)
	d.wantDead(t)
	c.wantDead(t)
	reap()
	if ps := pids(t, g); len(ps) != 0 {
		t.Errorf("pids %v after the kill", ps)
	}
}

// Who is not in the group is not killed with it.
func TestKillOnlyTheGroup(t *testing.T) {
	g, other := cgrouptest.Scratch(t), cgrouptest.Scratch(t)
	in, out := start(t, g, "sleep"), start(t, other, "sleep")
	in.pid(t, "sleep")
	pid := out.pid(t, "sleep")
	if err := g.Kill(); err != nil {
		t.Fatal(err)
	}
	cgrouptest.WaitEmpty(t, g)
	in.wantDead(t)
	if !populated(t, other) || !slices.Equal(pids(t, other), []int{pid}) {
		t.Error("the other group was hit")
	}
	if err := other.Kill(); err != nil {
		t.Fatal(err)
	}
	cgrouptest.WaitEmpty(t, other)
	reap()
}

// The child may make groups of its own: they are seen, killed and removed.
func TestSubgroups(t *testing.T) {
	g := cgrouptest.Scratch(t)
	deep := g.Path()
	for range 100 {
		deep = filepath.Join(deep, "n")
	}
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if err := os.MkdirAll(filepath.Join(g.Path(), fmt.Sprintf("wide %d", i), "leaf"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := start(t, g, "sleep")
	pid := s.pid(t, "sleep")
	if err := os.WriteFile(filepath.Join(deep, "cgroup.procs"), []byte(fmt.Sprint(pid)), 0); err != nil {
		t.Fatal(err)
	}
	if ps := pids(t, g); !slices.Equal(ps, []int{pid}) || !populated(t, g) {
		t.Errorf("pids %v, want %d from below", ps, pid)
	}
	if err := g.Remove(); !errors.Is(err, unix.EBUSY) {
		t.Errorf("remove while in use: %v", err)
	}
	if err := g.Kill(); err != nil {
		t.Fatal(err)
	}
	cgrouptest.WaitEmpty(t, g)
	s.wantDead(t)
	reap()
	if err := g.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(g.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
}

// Somebody else removed the group: nobody is in it, and that is no error.
func TestRemovedGroup(t *testing.T) {
	g := cgrouptest.Scratch(t)
	if err := os.Remove(g.Path()); err != nil {
		t.Fatal(err)
	}
	if populated(t, g) || len(pids(t, g)) != 0 {
		t.Error("a removed group is not empty")
	}
	if err := errors.Join(g.Kill(), g.Remove(), g.Remove()); err != nil {
		t.Error(err)
	}
}

func TestCreateWants(t *testing.T) {
	p := cgrouptest.Require(t)
	for _, name := range []string{"", ".", "..", "a/b", "../a", "/", "a\nb", "a\x00b"} {
		if g, err := p.Create(name); !errors.Is(err, unix.EINVAL) {
			t.Errorf("%q: %v, %v", name, g, err)
		}
	}
	g, err := p.Create(fmt.Sprintf("relance-test-%d-used", os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(g.Path()) })
	if _, err := p.Create(filepath.Base(g.Path())); !errors.Is(err, unix.EEXIST) {
		t.Errorf("a name in use: %v", err)
	}
	if _, err := os.Stat(g.Path()); err != nil {
		t.Errorf("the group in use is gone: %v", err)
	}
	if err := errors.Join(g.Close(), g.Close()); err != nil {
		t.Errorf("close twice: %v", err)
	}
	if err := os.Remove(g.Path()); err != nil {
		t.Error(err)
	}
}
