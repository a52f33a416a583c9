package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"

	"github.com/containerd/cgroups/v3/cgroup2"
	"golang.org/x/sys/unix"
)

// Controllers names the controllers that the limits need.
func (l Limits) Controllers() []string {
	var names []string
	if l.MemoryHigh != nil || l.MemoryMax != nil || l.SwapMax != nil || l.OOMGroup {
		names = append(names, "memory")
	}
	if l.PIDsMax != nil {
		names = append(names, "pids")
	}
	if l.CPUMax != nil {
		names = append(names, "cpu")
	}
	return names
}

// files are the files that the limits are written to.
func (l Limits) files() []string {
	var names []string
	for _, f := range []struct {
		wanted bool
		name   string
	}{
		{l.MemoryHigh != nil, "memory.high"}, {l.MemoryMax != nil, "memory.max"},
		{l.SwapMax != nil, "memory.swap.max"}, {l.OOMGroup, "memory.oom.group"},
		{l.PIDsMax != nil, "pids.max"}, {l.CPUMax != nil, "cpu.max"},
	} {
		if f.wanted {
			names = append(names, f.name)
		}
	}
	return names
}

// Limit sets the limits. One that this kernel or this group does not have is
// refused with ErrNoController; those before it are set by then.
func (g *Group) Limit(l Limits) error {
	for _, name := range l.files() {
		var st unix.Stat_t
		if err := unix.Fstatat(g.dir, name, &st, unix.AT_SYMLINK_NOFOLLOW); err == unix.ENOENT {
			return fmt.Errorf("set %s of group %q: %w", name, g.path, ErrNoController)
		} else if err != nil {
			return fmt.Errorf("set %s of group %q: %w", name, g.path, err)
		}
	}
	var r cgroup2.Resources
	if l.MemoryHigh != nil || l.MemoryMax != nil || l.SwapMax != nil || l.OOMGroup {
		r.Memory = &cgroup2.Memory{High: l.MemoryHigh, Max: l.MemoryMax, Swap: l.SwapMax}
		if l.OOMGroup {
			r.Memory.OOMGroup = &l.OOMGroup
		}
	}
	if l.PIDsMax != nil {
		r.Pids = &cgroup2.Pids{Max: *l.PIDsMax}
	}
	if l.CPUMax != nil {
		quota, period := l.CPUMax.Microseconds(), uint64(CPUPeriod.Microseconds())
		r.CPU = &cgroup2.CPU{Max: cgroup2.NewCPUMax(&quota, &period)}
	}
	return g.update(&r)
}

// SetHigh sets memory.high in bytes; NoLimit takes it away, so that a process
// that is held back there can go on.
func (g *Group) SetHigh(bytes int64) error {
	return g.update(&cgroup2.Resources{Memory: &cgroup2.Memory{High: &bytes}})
}

// NoLimit stands for "max": the kernel takes every figure above what it can
// count for that.
const NoLimit = math.MaxInt64

// update writes r through containerd's library, which knows the files by path.
// The path that it gets goes through our descriptor, so that it is this group
// that is written to and no other of the same name.
func (g *Group) update(r *cgroup2.Resources) error {
	m, err := cgroup2.Load("/", cgroup2.WithMountpoint(fmt.Sprintf("/proc/self/fd/%d", g.dir)))
	if err == nil {
		err = m.Update(r)
	}
	if file := (*fs.PathError)(nil); errors.As(err, &file) {
		return fmt.Errorf("set %s of group %q: %w", filepath.Base(file.Path), g.path, file.Err)
	}
	return err
}
