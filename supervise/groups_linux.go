package supervise

import (
	"fmt"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/child"
)

// groups gives each generation a cgroup of its own, where that is possible: then
// its tree can be killed as a whole, whatever it forks meanwhile. Where it is
// not (no cgroup2, a read-only one, no right to make a group) the tree is found
// in /proc, which serves as well, only not at once.
type groups struct {
	parent   cgroup.Parent
	possible bool
	// current is of the generation that runs; next was made ahead for the one
	// that follows, so that a relaunch need not wait for it; done are those whose
	// tree is empty and which are removed when nobody waits for a generation.
	current, next *cgroup.Group
	done          []*cgroup.Group
}

func findGroups() groups {
	parent, err := cgroup.Find("/")
	return groups{parent: parent, possible: err == nil}
}

// enter returns the group for a generation. It is nil where none can be made.
func (g *groups) enter(gen int) *child.Group {
	if g.next == nil {
		g.prepare(gen)
	}
	g.current, g.next = g.next, nil
	if g.current == nil {
		return nil
	}
	return &child.Group{FD: g.current.FD()}
}

// prepare makes the group of a generation. What does not work once is not tried
// again.
func (g *groups) prepare(gen int) {
	if !g.possible {
		return
	}
	group, err := g.parent.Create(fmt.Sprintf("relance-%d-%d", unix.Getpid(), gen))
	if err != nil {
		g.possible = false
		return
	}
	g.next = group
}

// giveUp is called when a group could be made but not be entered: from then on
// there are none.
func (g *groups) giveUp() {
	g.possible = false
	g.leave()
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
