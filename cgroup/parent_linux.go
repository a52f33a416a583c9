package cgroup

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Info is what a group says of itself.
type Info struct {
	// Root reports whether it is the root of the whole hierarchy, which is never
	// limited and may hold processes beside groups.
	Root bool
	// ReadOnly reports whether the mount lets nobody write, as most containers'.
	ReadOnly bool
	// Delegated reports whether systemd has handed it over (CGROUP_DELEGATION:
	// the extended attribute user.delegate, trusted.delegate in older versions).
	Delegated bool
	// Controllers are those there for its subgroups, Enabled those handed down.
	Controllers, Enabled []string
}

// Info reads what the group says of itself.
func (p Parent) Info() (Info, error) {
	var info Info
	var st unix.Stat_t
	var fs unix.Statfs_t
	if err := unix.Statfs(p.path, &fs); err != nil {
		return Info{}, fmt.Errorf("look at group %q: %w", p.path, err)
	}
	info.ReadOnly = fs.Flags&unix.ST_RDONLY != 0
	// "A read-write single value file which exists on non-root cgroups."
	// (cgroup-v2.rst, cgroup.type)
	info.Root = unix.Stat(filepath.Join(p.path, "cgroup.type"), &st) == unix.ENOENT
	for _, name := range []string{"user.delegate", "trusted.delegate"} {
		var b [8]byte
		if n, err := unix.Getxattr(p.path, name, b[:]); err == nil && string(b[:n]) == "1" {
			info.Delegated = true
		}
	}
	for _, f := range []struct {
		name string
		into *[]string
	}{{"cgroup.controllers", &info.Controllers}, {"cgroup.subtree_control", &info.Enabled}} {
		b, err := readFile(filepath.Join(p.path, f.name))
		if err != nil {
			return Info{}, fmt.Errorf("read %s of group %q: %w", f.name, p.path, err)
		}
		*f.into = strings.Fields(string(b))
	}
	return info, nil
}

// Above returns the group above p.
func (p Parent) Above() Parent {
	return Parent{filepath.Dir(p.path), filepath.Dir(p.own), p.top}
}

// Name is the last part of the path.
func (p Parent) Name() string { return filepath.Base(p.path) }

// Enable hands controllers down to the subgroups of p. EBUSY comes back while p
// holds processes and is not the root ("no internal processes",
// cgroup-v2.rst), ENOENT where a controller is not there.
func (p Parent) Enable(controllers []string) error { return p.control("+", controllers) }

// Disable takes controllers back. EBUSY comes back while a subgroup hands one
// of them down.
func (p Parent) Disable(controllers []string) error { return p.control("-", controllers) }

func (p Parent) control(sign string, controllers []string) error {
	if len(controllers) == 0 {
		return nil
	}
	words := sign + strings.Join(controllers, " "+sign)
	if err := p.write("cgroup.subtree_control", words); err != nil {
		return fmt.Errorf("write %s to cgroup.subtree_control of group %q: %w", words, p.path, err)
	}
	return nil
}

func (p Parent) write(file, text string) error {
	fd, err := unix.Open(filepath.Join(p.path, file), unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	_, err = unix.Write(fd, []byte(text))
	return err
}

// PIDs returns the processes in p itself.
func (p Parent) PIDs() ([]int, error) {
	b, err := readFile(filepath.Join(p.path, "cgroup.procs"))
	if err != nil {
		return nil, fmt.Errorf("read cgroup.procs of group %q: %w", p.path, err)
	}
	return parsePIDs(nil, b), nil
}

// LeafName is the subgroup that everybody is moved to who sits in a group whose
// subgroups are to get controllers.
const LeafName = "relance"

// Leaf returns the subgroup of that name.
func (p Parent) Leaf() Parent {
	return Parent{filepath.Join(p.path, LeafName), filepath.Join(p.own, LeafName), p.top}
}

// MoveToLeaf moves every process of p into its subgroup relance, and makes that
// first. Who forks meanwhile is moved as well.
func (p Parent) MoveToLeaf() error {
	leaf := p.Leaf()
	if err := unix.Mkdir(leaf.path, 0o755); err != nil && err != unix.EEXIST {
		return fmt.Errorf("create group %q: %w", leaf.path, err)
	}
	return p.moveTo(leaf)
}

// MoveFromLeaf is the way back: the processes of the leaf into p, and the leaf
// removed.
func (p Parent) MoveFromLeaf() error {
	leaf := p.Leaf()
	if err := leaf.moveTo(p); err != nil {
		return err
	}
	if err := unix.Rmdir(leaf.path); err != nil && err != unix.ENOENT {
		return fmt.Errorf("remove group %q: %w", leaf.path, err)
	}
	return nil
}

func (p Parent) moveTo(to Parent) error {
	// A process that forks while it is moved leaves a child behind; ten rounds
	// outrun all that is not a fork bomb.
	const rounds = 10
	for range rounds {
		pids, err := p.PIDs()
		if err != nil {
			return err
		}
		if len(pids) == 0 {
			return nil
		}
		for _, pid := range pids {
			// One that has ended meanwhile is gone (ESRCH).
			if err := to.write("cgroup.procs", fmt.Sprint(pid)); err != nil && err != unix.ESRCH {
				return fmt.Errorf("move pid %d to group %q: %w", pid, to.path, err)
			}
		}
	}
	return fmt.Errorf("move the processes of group %q: new ones come faster than they can be moved: %w", p.path, unix.EBUSY)
}

// Subgroups lists the names of the groups right below p.
func (p Parent) Subgroups() ([]string, error) {
	fd, err := unix.Open(p.path, openDir, 0)
	if err != nil {
		return nil, fmt.Errorf("open group %q: %w", p.path, err)
	}
	defer unix.Close(fd)
	names, err := subgroups(fd)
	slices.Sort(names)
	return names, err
}

// Lock keeps other relances out of p while its shape is changed. It is given up
// by unlock, or when we end; who holds it for longer than a second is broken.
//
// It is on the file that says what the subgroups get: the lock on the folder
// belongs to the relance that has made the group, for as long as that lives.
func (p Parent) Lock() (unlock func(), err error) {
	const file = "cgroup.subtree_control"
	fd, err := unix.Open(filepath.Join(p.path, file), openRead, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s of group %q: %w", file, p.path, err)
	}
	const tries, pause = 200, 5 * time.Millisecond
	for range tries {
		if err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != unix.EWOULDBLOCK && err != unix.EINTR {
			break
		}
		time.Sleep(pause)
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("lock group %q: %w", p.path, err)
	}
	return func() { unix.Close(fd) }, nil
}
