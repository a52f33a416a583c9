package place_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"relance/cgroup"
	"relance/internal/cgrouptest"
	"relance/place"
)

// Whoever sits in the group is moved to a leaf, and back at the end.
func TestLeaf(t *testing.T) {
	path := scratch(t)
	leaf := filepath.Join(path, cgroup.LeafName)
	h, bystander := start(t, path, 0), start(t, path, 0)
	if a := h.find(t, limited()); a.Err != "" || a.Source != place.Cgroup {
		t.Fatalf("%+v", a)
	}
	group := h.ask(t, "create").Group
	if filepath.Dir(group) != path {
		t.Errorf("the group is %s, want one right below %s", group, path)
	}
	if max := read(t, group, "memory.max"); max[0] != "67108864" {
		t.Errorf("memory.max is %s", max)
	}
	for _, p := range []*process{h, bystander} {
		if got := groupOf(t, p); got != leaf {
			t.Errorf("a process is in %s, want %s", got, leaf)
		}
	}
	h.ask(t, "remove", group)
	h.ask(t, "close")
	wantShape(t, path, nil)
	for _, p := range []*process{h, bystander} {
		if got := groupOf(t, p); got != path {
			t.Errorf("a process is in %s, want %s", got, path)
		}
	}
}

// Of two that share a group, the last one out puts it back, whoever came first:
// before, the other one's limits stay. It matters where the second was started:
// beside the first, or by somebody whom the first has moved to the leaf.
func TestLeafShared(t *testing.T) {
	for _, from := range []string{"", cgroup.LeafName} {
		for _, firstOut := range []int{0, 1} {
			t.Run(from+"/"+string(rune('0'+firstOut)), func(t *testing.T) {
				path := scratch(t)
				both := []*process{start(t, path, 0)}
				if from == "" {
					both = append(both, start(t, path, 0))
				}
				if a := both[0].find(t, limited()); a.Err != "" {
					t.Fatal(a.Err)
				}
				if from != "" {
					both = append(both, start(t, filepath.Join(path, from), 0))
				}
				w := limited()
				pids := int64(100)
				w.Limits.PIDsMax = &pids
				if a := both[1].find(t, w); a.Err != "" {
					t.Fatal(a.Err)
				}
				out, stays := both[firstOut], both[1-firstOut]
				group := stays.ask(t, "create").Group
				out.ask(t, "close")
				wantShape(t, path, []string{cgroup.LeafName, filepath.Base(group)}, "memory", "pids")
				if max := read(t, group, "memory.max"); max[0] != "67108864" {
					t.Errorf("memory.max of the one that stays is %s", max)
				}
				stays.ask(t, "remove", group)
				stays.ask(t, "close")
				wantShape(t, path, nil)
			})
		}
	}
}

// What others have made meanwhile is not theirs to lose, and what a relance that
// was killed has left is in nobody's way.
func TestLeafAmongOthers(t *testing.T) {
	path := scratch(t)
	before := subgroup(t, path, "before")
	h, killed := start(t, path, 0), start(t, path, 0)
	for _, p := range []*process{h, killed} {
		if a := p.find(t, limited()); a.Err != "" {
			t.Fatal(a.Err)
		}
	}
	killed.kill()
	h.ask(t, "close")
	wantShape(t, path, []string{filepath.Base(before)})

	if a := h.find(t, limited()); a.Err != "" {
		t.Fatal(a.Err)
	}
	foreign := subgroup(t, path, "foreign")
	put(t, foreign, "memory.max", "8388608")
	h.ask(t, "close")
	if max := read(t, foreign, "memory.max"); max[0] != "8388608" {
		t.Errorf("memory.max of somebody else's group is %s", max)
	}
}

// In the leaf somebody may make groups only to end trees with.
func TestLeafWithGroupsInIt(t *testing.T) {
	path := scratch(t)
	h := start(t, path, 0)
	if a := h.find(t, limited()); a.Err != "" {
		t.Fatal(a.Err)
	}
	inside := subgroup(t, filepath.Join(path, cgroup.LeafName), "inside")
	h.ask(t, "close")
	wantShape(t, path, []string{cgroup.LeafName}, "memory")
	if err := os.Remove(inside); err != nil {
		t.Fatal(err)
	}
}

// Where the leaf can be made and no group beside it, all is put back.
func TestLeafRefused(t *testing.T) {
	tests := map[string]func(path string){
		"descendants": func(path string) { put(t, path, "cgroup.max.descendants", "1") },
		"leaf":        func(path string) { put(t, path, "cgroup.max.descendants", "0") },
		"threaded":    func(path string) { put(t, subgroup(t, path, "threads"), "cgroup.type", "threaded") },
	}
	for name, shape := range tests {
		t.Run(name, func(t *testing.T) {
			path := scratch(t)
			shape(path)
			h := start(t, path, 0)
			a := h.find(t, limited())
			if a.Err == "" {
				t.Fatalf("found %s", a.How)
			}
			if !strings.Contains(a.Err, path) {
				t.Errorf("%s: without the group", a.Err)
			}
			if name == "threaded" {
				wantShape(t, path, []string{"threads"})
			} else {
				wantShape(t, path, nil)
			}
			if got := groupOf(t, h); got != path {
				t.Errorf("the process is in %s, want %s", got, path)
			}
		})
	}
}

// A relance below a relance makes its groups in that one's group.
func TestNested(t *testing.T) {
	outer := cgrouptest.Limited(t, cgroup.Limits{})
	put(t, outer.Path(), "cgroup.subtree_control", "+memory")
	// It is locked for as long as its maker lives.
	made, err := outer.Parent().Create(cgroup.Names{PID: 4711}.Group(3))
	if err != nil {
		t.Fatal(err)
	}
	path := made.Path()
	t.Cleanup(func() { made.Remove(); made.Close() })
	h := start(t, path, 0)
	a := h.find(t, limited())
	if a.Err != "" || !strings.Contains(a.How, "the group of a relance around us") {
		t.Fatalf("%+v", a)
	}
	group := h.ask(t, "create").Group
	if filepath.Dir(group) != path {
		t.Errorf("the group is %s, want one below %s", group, path)
	}
	h.ask(t, "remove", group)
	h.ask(t, "close")
	wantShape(t, path, nil)
}
