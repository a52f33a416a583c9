package cgroup

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	openDir  = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	openRead = unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_CLOEXEC
)

// Group is a group we made. It belongs to one goroutine.
type Group struct {
	path   string
	name   string
	parent int // O_PATH
	dir    int
}

// Create makes the group name below the parent. It works in a parent that holds
// processes, as long as the parent hands no controller down. Where it may not
// be made, errors.Is tells why: EROFS in most containers, EACCES or EPERM
// without delegation, ENOENT where our own group is gone, EEXIST for a name in
// use, EAGAIN where cgroup.max.descendants is reached.
func (p Parent) Create(name string) (*Group, error) {
	path := filepath.Join(p.path, name)
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\n\x00") {
		return nil, fmt.Errorf("create group %q: %w", name, unix.EINVAL)
	}
	parent, err := unix.Open(p.path, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open group %q: %w", p.path, err)
	}
	g := &Group{path: path, name: name, parent: parent, dir: -1}
	// A relance that cleans up may take a group for stale between the mkdir and
	// our lock; ten of them in a row is no accident any more.
	const tries = 10
	for range tries {
		if err = g.make(); err != unix.ENOENT && err != unix.EWOULDBLOCK {
			break
		}
	}
	if err != nil {
		g.Close()
		return nil, fmt.Errorf("create group %q: %w", path, err)
	}
	return g, nil
}

// make makes the folder, opens and locks it.
func (g *Group) make() error {
	if err := unix.Mkdirat(g.parent, g.name, 0o755); err != nil {
		return err
	}
	err := g.open()
	if err == nil {
		err = g.lock()
	}
	if err != nil {
		unix.Unlinkat(g.parent, g.name, unix.AT_REMOVEDIR)
		if g.dir >= 0 {
			unix.Close(g.dir)
			g.dir = -1
		}
	}
	return err
}

// open opens the new group and checks that it serves.
func (g *Group) open() (err error) {
	if g.dir, err = unix.Openat(g.parent, g.name, openDir, 0); err != nil {
		g.dir = -1
		return err
	}
	// Below a threaded group, cgroup-v2.rst: "a domain cgroup is turned into
	// 'domain invalid' […] can't be populated".
	b, err := readAt(g.dir, "cgroup.type")
	if err != nil {
		return err
	}
	if kind := strings.TrimSpace(string(b)); kind != "domain" {
		return fmt.Errorf("type is %q, not domain: %w", kind, unix.EOPNOTSUPP)
	}
	return nil
}

// CanKill reports whether Kill works here, or the kernel is older than Linux
// 5.14. Limits, counters and members it has all the same.
func (g *Group) CanKill() bool {
	var st unix.Stat_t
	return unix.Fstatat(g.dir, "cgroup.kill", &st, unix.AT_SYMLINK_NOFOLLOW) == nil
}

// FD returns the descriptor of the group's folder, for CLONE_INTO_CGROUP. It
// stays the group's.
func (g *Group) FD() int { return g.dir }

// Path returns the folder of the group, for people to read.
func (g *Group) Path() string { return g.path }

// Parent returns g as the parent of groups.
func (g *Group) Parent() Parent { return Parent{path: g.path} }

// Close gives the descriptors back; the group itself stays.
func (g *Group) Close() error {
	var errs []error
	for _, fd := range []*int{&g.dir, &g.parent} {
		if *fd >= 0 {
			errs = append(errs, unix.Close(*fd))
			*fd = -1
		}
	}
	return errors.Join(errs...)
}

// PIDs returns the processes in the group and its subgroups, each once, by
// number. Those of a pid namespace we do not see have none and are left out.
func (g *Group) PIDs() ([]int, error) {
	var pids []int
	err := g.walk(func(dir int) error {
		b, err := readAt(dir, "cgroup.procs")
		// A threaded subgroup does not list processes: the domain above does.
		if err == nil {
			pids = parsePIDs(pids, b)
		} else if !isGone(err) && err != unix.EOPNOTSUPP {
			return fmt.Errorf("read cgroup.procs: %w", err)
		}
		return nil
	}, nil)
	if err != nil {
		return nil, fmt.Errorf("list group %q: %w", g.path, err)
	}
	slices.Sort(pids)
	return slices.Compact(pids), nil
}

// Populated reports whether anybody is in the group or below it. A killed
// process counts until it is dead; a zombie does not. A group somebody else
// removed is empty.
func (g *Group) Populated() (bool, error) {
	b, err := readAt(g.dir, "cgroup.events")
	if isGone(err) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("read cgroup.events of group %q: %w", g.path, err)
	}
	populated, ok := parseEvents(b)
	if !ok {
		return false, fmt.Errorf("read cgroup.events of group %q: no line populated", g.path)
	}
	return populated, nil
}

// Kill sends SIGKILL to everybody in the group and below it, cgroup-v2.rst:
// "Killing a cgroup tree will deal with concurrent forks appropriately and is
// protected against migrations." It does not wait for them to die. Linux before
// 6.14 lets a process escape that is being forked at that very moment. ErrNoKill comes
// back where CanKill says no, but for a group that is gone and thus empty.
func (g *Group) Kill() error {
	fd, err := unix.Openat(g.dir, "cgroup.kill", unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err == nil {
		_, err = unix.Write(fd, []byte("1"))
		unix.Close(fd)
	}
	if err == unix.ENOENT {
		if populated, e := g.Populated(); e != nil || populated {
			err = ErrNoKill
		}
	}
	if err != nil && !isGone(err) {
		return fmt.Errorf("kill group %q: %w", g.path, err)
	}
	return nil
}

// Remove removes the group, the subgroups the child made first. EBUSY comes
// back while anybody alive is in one of them, and where there are more subgroups
// than can go at once: then the next call goes on. Close is still to be called.
func (g *Group) Remove() error {
	err := g.walk(nil, func(parent int, name string) error {
		if err := unix.Unlinkat(parent, name, unix.AT_REMOVEDIR); err != nil && !isGone(err) {
			return fmt.Errorf("subgroup %q: %w", name, err)
		}
		return nil
	})
	if err == nil {
		err = unix.Unlinkat(g.parent, g.name, unix.AT_REMOVEDIR)
	} else if err == errTooMany {
		err = fmt.Errorf("%w: %w", err, unix.EBUSY)
	}
	if err != nil && !isGone(err) {
		return fmt.Errorf("remove group %q: %w", g.path, err)
	}
	return nil
}

// readAt reads a file of the group that dir is open on.
func readAt(dir int, name string) ([]byte, error) {
	fd, err := unix.Openat(dir, name, openRead, 0)
	if err != nil {
		return nil, err
	}
	return readAll(fd)
}

// isGone reports whether err says that the group was removed: its files are not
// found any more, or were open already.
func isGone(err error) bool { return err == unix.ENOENT || err == unix.ENODEV }
