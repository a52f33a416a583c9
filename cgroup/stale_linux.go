package cgroup

import (
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// A group is locked by the relance that made it (flock(2), on its folder), and
// the lock goes with that process, however it ends. So a group of ours that
// nobody has locked is stale, in whatever pid namespace its maker lived.

// Names gives the groups of one relance their names.
type Names struct {
	// PID is that of the relance, Twin tells those of several pid namespaces apart
	// that have the same one.
	PID, Twin int
}

// Group is the name of the group of a generation.
func (n Names) Group(gen int) string { return fmt.Sprintf("%s-%d", n.All(), gen) }

// All is the name of the group around those of all generations.
func (n Names) All() string {
	if n.Twin == 0 {
		return fmt.Sprintf("relance-%d", n.PID)
	}
	return fmt.Sprintf("relance-%d.%d", n.PID, n.Twin)
}

// IsGroupName reports whether name is that of the group of a generation.
func IsGroupName(name string) bool {
	maker, gen, ok := strings.Cut(strings.TrimPrefix(name, "relance-"), "-")
	return ok && isNumber(gen) && isMaker(name, maker)
}

// isAllName reports whether name is that of a group around those of generations.
func isAllName(name string) bool { return isMaker(name, strings.TrimPrefix(name, "relance-")) }

// isMaker reports whether a name begins as ours do, and what follows says whose it is.
func isMaker(name, maker string) bool {
	pid, twin, hasTwin := strings.Cut(maker, ".")
	return strings.HasPrefix(name, "relance-") && isNumber(pid) && (!hasTwin || isNumber(twin))
}

func isNumber(s string) bool {
	_, ok := figure([]byte(s))
	return ok
}

// Left is a stale group that is still there: it holds processes, of which PIDs
// are those that we can see, or could not be removed.
type Left struct {
	Path string
	PIDs []int
}

// RemoveStale removes the groups below p whose makers are dead, those around several
// with all that is in them, and returns those that still hold processes: these stay,
// since what runs in them may be at work.
func (p Parent) RemoveStale() ([]Left, error) {
	names, err := p.Subgroups()
	if err != nil {
		return nil, err
	}
	dir, err := unix.Open(p.path, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open group %q: %w", p.path, err)
	}
	defer unix.Close(dir)
	var left []Left
	for _, name := range names {
		if !IsGroupName(name) && !isAllName(name) {
			continue
		}
		fd, err := unix.Openat(dir, name, openDir, 0)
		if err != nil {
			continue // removed meanwhile, or another user's
		}
		g := &Group{path: filepath.Join(p.path, name), name: name, parent: dir, dir: fd}
		if unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) == nil {
			// A process of another pid namespace is in no list, and counts.
			if populated, err := g.Populated(); err != nil || populated {
				pids, _ := g.PIDs()
				left = append(left, Left{g.path, pids})
			} else if err := g.Remove(); err != nil {
				left = append(left, Left{g.path, nil})
			}
		}
		unix.Close(fd)
	}
	return left, nil
}

// lock takes the lock of a group that was just made. It fails where somebody
// took it for stale meanwhile and is about to remove it, or has.
func (g *Group) lock() error {
	if err := unix.Flock(g.dir, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return err
	}
	var own, named unix.Stat_t
	if err := unix.Fstat(g.dir, &own); err != nil {
		return err
	}
	if err := unix.Fstatat(g.parent, g.name, &named, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	if own.Ino != named.Ino {
		return unix.ENOENT
	}
	return nil
}
