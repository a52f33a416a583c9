package cgroup

import (
	"fmt"
	"strings"
)

// Holds reports whether process pid is in g or below it, cgroups(7): "This file
// describes control groups to which the process […] belongs." One that is
// exiting or dead is still where it last was.
func (g *Group) Holds(pid int) (bool, error) {
	b, err := readFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return false, fmt.Errorf("read the group of pid %d: %w", pid, err)
	}
	return holds(b, g.name)
}

// holds looks for the group of that name in /proc/PID/cgroup. The path there is
// relative to our cgroup namespace, and ours perhaps to another mount; the name
// alone will do, for it has our number in it.
func holds(b []byte, group string) (bool, error) {
	where, ok := ownPath(b)
	if !ok {
		return false, ErrNotCgroup2
	}
	return inGroup(strings.TrimSuffix(where, " (deleted)"), group), nil
}
