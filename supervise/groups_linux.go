package supervise

import (
	"fmt"
	"path/filepath"

	"relance/cgroup"
	"relance/child"
	"relance/place"
)

// groups gives each generation a cgroup of its own, where that is possible: then
// its tree can be killed as a whole, whatever it forks meanwhile, and limited
// and measured by the kernel.
type groups struct {
	place *place.Place
	// current is of the generation that runs; next was made ahead for the one
	// that follows, so that a relaunch need not wait for it; done are those whose
	// tree is empty and which are removed when nobody waits for a generation.
	current, next *cgroup.Group
	done          []*cgroup.Group
}

// enter returns the group for a generation. It is nil where none can be made and
// none is needed.
func (g *groups) enter(gen int) (*child.Group, error) {
	if g.next == nil {
		var err error
		if g.next, err = g.place.Create(gen); err != nil {
			return nil, err
		}
	}
	g.current, g.next = g.next, nil
	if g.current == nil {
		return nil, nil
	}
	return &child.Group{FD: g.current.FD()}, nil
}

// prepare makes the group of a generation ahead. If that fails, enter will say.
func (g *groups) prepare(gen int) {
	if next, err := g.place.Create(gen); err == nil {
		g.next = next
	}
}

// giveUp is called when a group could be made but not be entered. It reports
// whether the generation may be started without.
func (g *groups) giveUp() bool {
	g.leave()
	return g.place.GiveUp()
}

// leave is called when the tree of the current group is empty.
func (g *groups) leave() {
	if g.current != nil {
		g.done = append(g.done, g.current)
		g.current = nil
	}
}

// clear removes the groups that are done with. One that is still busy, with the
// last moments of a process, is tried again the next time.
func (g *groups) clear() {
	kept := g.done[:0]
	for _, group := range g.done {
		if err := group.Remove(); err != nil {
			kept = append(kept, group)
			continue
		}
		// Closing a descriptor of a folder has nothing to report.
		_ = group.Close()
	}
	g.done = kept
}

// close removes what is left at the end.
func (g *groups) close() {
	if g.next != nil {
		g.done = append(g.done, g.next)
		g.next = nil
	}
	g.leave()
	g.clear()
}

// kill reports whether it has told the kernel to kill the whole group.
func (g *groups) kill() bool { return g.current != nil && g.current.Kill() == nil }

// pids lists the members of the current group.
func (g *groups) pids() ([]int, bool) {
	if g.current == nil {
		return nil, false
	}
	pids, err := g.current.PIDs()
	return pids, err == nil
}

// beginTree and treeStarted tell the walk how to know the tree of a generation.
func (m *Machine) beginTree(gen int) {
	if err := m.walker.Begin(gen); err != nil {
		m.complain(fmt.Sprintf("look at the tree: %v", err))
	}
}

func (m *Machine) treeStarted(gen, child int) {
	group := ""
	if m.groups.current != nil {
		group = filepath.Base(m.groups.current.Path())
	}
	if err := m.walker.Started(gen, child, group, ""); err != nil {
		m.complain(fmt.Sprintf("look at the tree: %v", err))
	}
}

// TreeLeft counts the living processes of the tree.
func (m *Machine) TreeLeft(gen int) int {
	n, err := m.walker.Left(gen)
	if err != nil {
		m.complain(fmt.Sprintf("look at the tree: %v", err))
	}
	return n
}

// tellStale cleans up after relances that were killed. What it had to leave it
// says, unless nobody asked for groups at all: then it is nobody's affair here.
func (m *Machine) tellStale() {
	left := m.groups.place.RemoveStale()
	if m.groups.place.How == "" {
		return
	}
	for _, left := range left {
		what := count(len(left.PIDs), "process", "processes")
		if len(left.PIDs) == 0 {
			what = "processes of another pid namespace"
		}
		m.say(fmt.Sprintf("group %s of a relance that is gone still holds %s; to end them: echo 1 > %s/cgroup.kill", left.Path, what, left.Path))
	}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
