package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

var (
	// ErrNotCgroup2 says that no cgroup2 is mounted, or the kernel has none.
	ErrNotCgroup2 = errors.New("no cgroup v2 mounted")
	// ErrNotVisible says that one is mounted, but does not show the group we
	// are in: it was mounted in another cgroup namespace.
	ErrNotVisible = errors.New("our own cgroup is not below any cgroup v2 mount")
	// ErrNoKill says that the kernel is older than Linux 5.14.
	ErrNoKill = errors.New("no cgroup.kill, which Linux has since 5.14")
	// ErrNoController says that a controller is not handed down to the group.
	ErrNoController = errors.New("the controller is not enabled there")
)

// The places where almost everybody mounts it; the second is systemd's hybrid.
var usual = []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}

// Parent is the group relance is in, where groups can perhaps be made.
type Parent struct {
	path string
	// own is the path in the hierarchy, as /proc/self/cgroup tells it, top the
	// folder where the mount begins.
	own, top string
}

// NamespaceRoot reports whether p is the root of our cgroup namespace, as the
// group of a container is.
func (p Parent) NamespaceRoot() bool { return p.own == "/" }

// Hierarchical returns the path of p in the hierarchy: "/system.slice/x.service".
func (p Parent) Hierarchical() string { return p.own }

// Top returns the group at which the mount begins.
func (p Parent) Top() Parent { return Parent{path: p.top, own: "/", top: p.top} }

// Path returns the folder of the parent.
func (p Parent) Path() string { return p.path }

// Find returns our own group in the mounted cgroup2. Root is the folder that
// proc and sys are in: "/" but for tests. Whether a group can be made there only
// Create can tell.
func Find(root string) (Parent, error) { return find(root, statCgroup2) }

// find is Find with the question whether a folder is on cgroup2 left open.
//
// On most hosts it is five calls: /proc/self/cgroup is read, and one statfs(2)
// asks for the folder that must then be ours. At the root of a cgroup namespace
// that proof is not enough, the mount may show another root: there, and where
// the folder is not found, mountinfo is read, four calls more.
func find(root string, isCgroup2 func(path string) error) (Parent, error) {
	b, err := readFile(filepath.Join(root, "proc/self/cgroup"))
	if errors.Is(err, fs.ErrNotExist) {
		return Parent{}, fmt.Errorf("%w: no /proc/self/cgroup", ErrNotCgroup2)
	} else if err != nil {
		return Parent{}, fmt.Errorf("read /proc/self/cgroup: %w", err)
	}
	own, ok := ownPath(b)
	if !ok {
		return Parent{}, fmt.Errorf("%w: no line of it in /proc/self/cgroup", ErrNotCgroup2)
	}
	if own != "/" && !strings.HasPrefix(own, "/..") {
		for _, point := range usual {
			if path := filepath.Join(root, point, own); isCgroup2(path) == nil {
				return Parent{path, own, filepath.Join(root, point)}, nil
			}
		}
	}

	b, err = readFile(filepath.Join(root, "proc/self/mountinfo"))
	if err != nil {
		return Parent{}, fmt.Errorf("read /proc/self/mountinfo: %w", err)
	}
	mounts := parseMounts(b)
	if len(mounts) == 0 {
		return Parent{}, ErrNotCgroup2
	}
	// The same group may be shown twice: read-only is the worse sight.
	slices.SortStableFunc(mounts, func(a, b mount) int { return a.order() - b.order() })
	err = ErrNotVisible
	for _, m := range mounts {
		at, ok := locate(own, m)
		if !ok {
			continue
		}
		path := filepath.Join(root, at)
		if e := isCgroup2(path); e == nil {
			return Parent{path, own, filepath.Join(root, m.point)}, nil
		} else {
			err = fmt.Errorf("%w: %s: %w", ErrNotVisible, path, e)
		}
	}
	return Parent{}, err
}

func (m mount) order() int {
	if m.readOnly {
		return 1
	}
	return 0
}

// statCgroup2 returns nil if path is on cgroup2.
func statCgroup2(path string) error {
	var st unix.Statfs_t
	if err := retry(func() error { return unix.Statfs(path, &st) }); err != nil {
		return err
	}
	if st.Type != unix.CGROUP2_SUPER_MAGIC {
		return ErrNotCgroup2
	}
	return nil
}

// retry calls f again when a signal came in between.
func retry(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}

// maxFile bounds what is read of one file. A machine full of containers has
// thousands of mounts, and a group may hold thousands of processes.
const maxFile = 4 << 20

// readFile reads a file of /proc.
func readFile(path string) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return readAll(fd)
}

// readAll reads fd to its end and closes it. Such files come in pieces that
// leave room in the buffer, so only an empty read is the end.
func readAll(fd int) ([]byte, error) {
	defer unix.Close(fd)
	b := make([]byte, 0, 4096)
	for len(b) < maxFile {
		if len(b) == cap(b) {
			b = slices.Grow(b, cap(b))
		}
		n, err := unix.Read(fd, b[len(b):cap(b)])
		switch {
		case err == unix.EINTR:
		case err != nil:
			return nil, err
		case n == 0:
			return b, nil
		default:
			b = b[:len(b)+n]
		}
	}
	return nil, unix.EFBIG
}
