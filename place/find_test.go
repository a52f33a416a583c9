package place_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/internal/cgrouptest"
	"relance/place"
)

// Below the root of the hierarchy nobody has to move.
func TestFindAtRoot(t *testing.T) {
	cgrouptest.Limited(t, cgroup.Limits{})
	h := start(t, "/sys/fs/cgroup", 0)
	a := h.find(t, limited())
	if a.Err != "" || a.How != "a group of its own for each generation below /sys/fs/cgroup" {
		t.Fatalf("%+v", a)
	}
	if got := groupOf(t, h); got != "/sys/fs/cgroup" {
		t.Errorf("it was moved to %s", got)
	}
	h.ask(t, "close")
	if left, _ := filepath.Glob("/sys/fs/cgroup/relance-[0-9]*"); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

// A group of somebody's that is called like our leaf is left by nobody: what
// limits it limits us.
func TestFindInNamesake(t *testing.T) {
	cgrouptest.Limited(t, cgroup.Limits{})
	path := subgroup(t, "/sys/fs/cgroup", cgroup.LeafName)
	t.Cleanup(func() { os.Remove(path) })
	delegate(t, path)
	h := start(t, path, 0)
	if a := h.find(t, limited()); a.Err != "" {
		t.Fatal(a.Err)
	}
	if group := h.ask(t, "create").Group; filepath.Dir(group) != path {
		t.Errorf("the group is %s, want one below %s", group, path)
	}
	h.ask(t, "close")
	h.kill()
}

// Without the controller a limit is refused, with the cure, and a budget is
// guarded otherwise; neither changes anything.
func TestFindWithoutController(t *testing.T) {
	path := subgroup(t, scratch(t), "poor")
	t.Cleanup(func() { os.Remove(path) })
	delegate(t, path)
	h := start(t, path, 0)
	a := h.find(t, limited())
	if want := "a cgroup of its own for the command is not possible here: own group: no memory controller in " + path; a.Err != want {
		t.Errorf("%q, want %q", a.Err, want)
	}
	if !strings.Contains(a.Hint, "Delegate=yes") {
		t.Errorf("hint %q", a.Hint)
	}
	w := limited()
	w.MustLimit = false
	if a := h.find(t, w); a.Source != place.Proc || !strings.Contains(a.How, "; not possible: own group: no memory controller") {
		t.Errorf("%+v", a)
	}
	wantShape(t, path, nil)
	h.kill()
}

// In most containers the groups can only be read: then the memory of the whole
// container is measured, and a limit refused.
func TestFindReadOnly(t *testing.T) {
	path := scratch(t)
	h := start(t, path, unix.CLONE_NEWNS|unix.CLONE_NEWCGROUP)
	h.ask(t, "read-only")
	w := limited()
	if a := h.find(t, w); !strings.Contains(a.Err, "own group: the cgroup file system is read-only") ||
		!strings.Contains(a.Hint, "mounted read-write") {
		t.Errorf("%+v", a)
	}
	w.MustLimit = false
	if a := h.find(t, w); a.Source != place.Container || !strings.Contains(a.How, "relance included") {
		t.Errorf("%+v", a)
	}
	w.Source = place.Cgroup
	if a := h.find(t, w); a.Err == "" {
		t.Errorf("%+v", a)
	}
	w.Source = place.Proc
	if a := h.find(t, w); a.Source != place.Proc {
		t.Errorf("%+v", a)
	}
	wantShape(t, path, nil)
}

// A group that holds others too is not measured unless somebody asks for it.
func TestFindAmongOthers(t *testing.T) {
	path := scratch(t)
	h := start(t, path, 0)
	start(t, path, 0)
	put(t, path, "cgroup.max.descendants", "0")
	w := limited()
	w.MustLimit = false
	if a := h.find(t, w); a.Source != place.Proc || !strings.Contains(a.How, "holds 1 other processes too") {
		t.Errorf("%+v", a)
	}
	w.Source = place.Container
	if a := h.find(t, w); a.Source != place.Container {
		t.Errorf("%+v", a)
	}
}

// Without a wish for memory, groups are for the end of a tree.
func TestBare(t *testing.T) {
	parent := cgrouptest.Require(t)
	p := place.Bare(os.Getpid())
	if p.Limited() || p.Source != place.Proc || p.How != "" {
		t.Errorf("%+v", p)
	}
	g, err := p.Create(1)
	if err != nil || g == nil {
		t.Fatal(g, err)
	}
	defer g.Close()
	defer g.Remove()
	if filepath.Dir(g.Path()) != parent.Path() {
		t.Errorf("the group is %s, want one below %s", g.Path(), parent.Path())
	}
	if !p.GiveUp() {
		t.Error("the command may not go without")
	}
	if g, err := p.Create(2); g != nil || err != nil {
		t.Error("a group after all", g, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// The name of a group may be taken, by a relance of our number in another pid
// namespace or by what a dead one has left, in any generation.
func TestNameTaken(t *testing.T) {
	parent := cgrouptest.Require(t)
	p := place.Bare(os.Getpid())
	taken := subgroup(t, parent.Path(), cgroup.Names{PID: os.Getpid()}.Group(2))
	t.Cleanup(func() { os.Remove(taken) })
	for gen := 1; gen <= 3; gen++ {
		g, err := p.Create(gen)
		if err != nil || g == nil {
			t.Fatalf("generation %d: %v, %v", gen, g, err)
		}
		if g.Path() == taken {
			t.Errorf("generation %d has the group that was taken", gen)
		}
		g.Remove()
		g.Close()
	}
}
