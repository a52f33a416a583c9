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
	// next was made ahead for the generation that follows, so that a relaunch need not
	// wait for it; done are those whose tree is empty and which are removed when nobody
	// waits for a generation.
	next *cgroup.Group
	done []*cgroup.Group
}

// enter makes the group of a generation. It is nil where none can be made and none is
// needed.
func (gs *groups) enter(g *generation) (*child.Group, error) {
	if gs.next == nil {
		var err error
		if gs.next, err = gs.place.Create(g.gen); err != nil {
			return nil, err
		}
	}
	g.group, gs.next = gs.next, nil
	if g.group == nil {
		return nil, nil
	}
	return &child.Group{FD: g.group.FD()}, nil
}

// prepare makes the group of a generation ahead. If that fails, enter will say.
func (gs *groups) prepare(gen int) {
	if next, err := gs.place.Create(gen); err == nil {
		gs.next = next
	}
}

// giveUp is called when a group could be made but not be entered. It reports
// whether the generation may be started without.
func (gs *groups) giveUp(g *generation) bool {
	gs.leave(g)
	return gs.place.GiveUp()
}

// leave is called when the tree of a generation is empty.
func (gs *groups) leave(g *generation) {
	if g.group != nil {
		gs.done = append(gs.done, g.group)
		g.group = nil
	}
}

// clear removes the groups that are done with. One that is still busy, with the
// last moments of a process, is tried again the next time.
func (gs *groups) clear() {
	kept := gs.done[:0]
	for _, group := range gs.done {
		if err := group.Remove(); err != nil {
			kept = append(kept, group)
			continue
		}
		// Closing a descriptor of a folder has nothing to report.
		_ = group.Close()
	}
	gs.done = kept
}

// close removes what is left at the end.
func (gs *groups) close() {
	if gs.next != nil {
		gs.done = append(gs.done, gs.next)
		gs.next = nil
	}
	gs.clear()
}

// killGroup reports whether it has told the kernel to kill the whole group.
func (g *generation) killGroup() bool { return g.group != nil && g.group.Kill() == nil }

// pids lists the members of the group.
func (g *generation) pids() ([]int, bool) {
	if g.group == nil {
		return nil, false
	}
	pids, err := g.group.PIDs()
	return pids, err == nil
}

// beginTree and treeStarted tell the walk how to know the tree of a generation.
func (m *Machine) beginTree(g *generation) {
	if err := m.walker.Begin(g.gen); err != nil {
		m.complain(g, fmt.Sprintf("look at the tree: %v", err))
	}
}

func (m *Machine) treeStarted(g *generation) {
	group := ""
	if g.group != nil {
		group = filepath.Base(g.group.Path())
	}
	if err := m.walker.Started(g.gen, g.pid, group, g.mark()); err != nil {
		m.complain(g, fmt.Sprintf("look at the tree: %v", err))
	}
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
