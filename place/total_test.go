package place_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"relance/cgroup"
	"relance/internal/cgrouptest"
	"relance/place"
)

// bounded wants a limit for each group and one for all of them.
func bounded() place.Want {
	w, size := limited(), int64(96<<20)
	w.Total.MemoryMax = &size
	return w
}

// around is the group around all of a process.
func around(path string, h *process) string {
	return filepath.Join(path, cgroup.Names{PID: h.cmd.Process.Pid}.All())
}

// The group of a generation is in one that has the limit of all, also where each has
// none of its own, and that is gone at the end.
func TestTotal(t *testing.T) {
	for _, each := range []bool{true, false} {
		path := scratch(t)
		h := start(t, path, 0)
		w := bounded()
		if !each {
			w.Limits = cgroup.Limits{}
		}
		a := h.find(t, w)
		all := around(path, h)
		if a.Err != "" || a.Source != place.Cgroup || !strings.HasSuffix(a.How, ", all of them in "+filepath.Base(all)) {
			t.Fatalf("%+v", a)
		}
		group := h.ask(t, "create").Group
		if filepath.Dir(group) != all {
			t.Errorf("the group is %s, want one in %s", group, all)
		}
		if max := read(t, all, "memory.max"); max[0] != strconv.Itoa(96<<20) {
			t.Errorf("memory.max of all is %s", max)
		}
		if max := read(t, group, "memory.max"); max[0] != "67108864" && each || max[0] != "max" && !each {
			t.Errorf("memory.max of one is %s", max)
		}
		wantShape(t, path, []string{cgroup.LeafName, filepath.Base(all)}, "memory")
		wantShape(t, all, []string{filepath.Base(group)}, "memory")
		h.ask(t, "remove", group)
		h.ask(t, "close")
		wantShape(t, path, nil)
	}
}

// Below the root, where nobody has to move.
func TestTotalAtRoot(t *testing.T) {
	cgrouptest.Limited(t, cgroup.Limits{})
	const root = "/sys/fs/cgroup"
	h := start(t, root, 0)
	if a := h.find(t, bounded()); a.Err != "" {
		t.Fatal(a.Err)
	}
	if group := h.ask(t, "create").Group; filepath.Dir(group) != around(root, h) {
		t.Errorf("the group is %s", group)
	} else {
		h.ask(t, "remove", group)
	}
	h.ask(t, "close")
	if left, _ := filepath.Glob(root + "/relance-[0-9]*"); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

// Its name may be taken, by a relance of our number in another pid namespace.
func TestTotalNameTaken(t *testing.T) {
	path := scratch(t)
	h := start(t, path, 0)
	taken := subgroup(t, path, filepath.Base(around(path, h)))
	if a := h.find(t, bounded()); a.Err != "" {
		t.Fatal(a.Err)
	}
	group := h.ask(t, "create").Group
	if want := taken + ".1"; filepath.Dir(group) != want {
		t.Errorf("the group is %s, want one in %s", group, want)
	}
	h.ask(t, "remove", group)
	h.ask(t, "close")
}

// What one that was killed has left is in nobody's way, and a living one's stays.
func TestTotalAmongOthers(t *testing.T) {
	path := scratch(t)
	h, killed, lives := start(t, path, 0), start(t, path, 0), start(t, path, 0)
	for _, p := range []*process{h, killed, lives} {
		if a := p.find(t, bounded()); a.Err != "" {
			t.Fatal(a.Err)
		}
	}
	killed.kill()
	h.ask(t, "close")
	wantShape(t, path, []string{cgroup.LeafName, filepath.Base(around(path, lives))}, "memory")
	lives.ask(t, "close")
	wantShape(t, path, nil)
}

// Where it cannot be made, or no group in it, that is refused with a cure, and all is
// as it was.
func TestTotalRefused(t *testing.T) {
	for file, what := range map[string]string{"cgroup.max.depth": "1", "cgroup.max.descendants": "2"} {
		t.Run(file, func(t *testing.T) {
			path := scratch(t)
			put(t, path, file, what)
			h := start(t, path, 0)
			a := h.find(t, bounded())
			if want := "raise cgroup.max.depth and cgroup.max.descendants of the groups above"; a.Err == "" || a.Hint != want {
				t.Errorf("%+v", a)
			}
			wantShape(t, path, nil)
			if got := groupOf(t, h); got != path {
				t.Errorf("the process is in %s", got)
			}
			// The same without the limit of all works.
			if a := h.find(t, limited()); a.Err != "" {
				t.Error(a.Err)
			}
			h.ask(t, "close")
		})
	}
	path := subgroup(t, scratch(t), "poor")
	t.Cleanup(func() { os.Remove(path) })
	delegate(t, path)
	h := start(t, path, 0)
	w := bounded()
	w.Limits = cgroup.Limits{}
	a := h.find(t, w)
	if !strings.Contains(a.Err, "no memory controller in "+path) || !strings.Contains(a.Hint, "cgroup.subtree_control") {
		t.Errorf("%+v", a)
	}
	h.kill()
}
