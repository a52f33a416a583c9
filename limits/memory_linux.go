package limits

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// EffectiveMemory returns the bytes of memory that this process and all it
// starts may use at most: the smallest of
//
//   - memory.max of our cgroup v2 group and of each group above it, up to the
//     mount (cgroup-v2.rst: limits of all ancestors apply);
//   - memory.limit_in_bytes of our group in the memory controller of cgroup v1
//     and of each above it, where "no limit" is a huge number (hierarchical, as
//     every kernel is since 5.11 and systemd always asked for);
//   - MemTotal of /proc/meminfo: a limit above it limits nothing.
//
// source says where the number was found, for messages: "memory.max of
// /system.slice/x", "memory.limit_in_bytes of /docker/x", "MemTotal of
// /proc/meminfo". Of two equal limits the one nearest to us is named.
//
// In a container the mount shows the container's group as its top, which is
// looked at too. A group outside of the mount cannot be seen and is left out.
//
// root is put before all paths: "" on a real machine, a folder in tests.
//
// Files that do not exist are skipped: a group without the controller, the
// root group, no /sys; so is a mount that we may not look into, if there is
// another one. Everything else that cannot be read or understood is an error
// which names the file, since a limit that we overlook means the OOM killer
// later. Reads are bounded to 64 KiB; of a longer mountinfo the start is
// used and the usual mount points are tried too; any other longer file is an
// error.
func EffectiveMemory(root string) (bytes int64, source string, err error) {
	f, err := effectiveMemory(func(name string) (string, bool, error) {
		return readFile(filepath.Join(root, name))
	})
	if err != nil {
		return 0, "", fmt.Errorf("find effective memory: %w", err)
	}
	return f.limit, f.source, nil
}

// readFunc returns the text of a file, at most readMax bytes of it; cut reports
// whether there was more.
type readFunc func(name string) (text string, cut bool, err error)

func effectiveMemory(read readFunc) (finding, error) {
	f, err := smallestLimit(read)
	if err != nil {
		return finding{}, err
	}
	text, err := readWhole(read, "/proc/meminfo")
	switch {
	case gone(err) && f.source != "":
		return f, nil
	case gone(err):
		return finding{}, errors.New("no limit above us and no /proc/meminfo: mount /proc, or give a size instead of a percentage")
	case err != nil:
		return finding{}, err
	}
	total, err := parseMemTotal(text)
	if err != nil {
		return finding{}, fmt.Errorf("read /proc/meminfo: %w", err)
	}
	return f.smaller(finding{total, "MemTotal of /proc/meminfo"}), nil
}

// finding is a limit and where it was found; the zero finding is no limit.
type finding struct {
	limit  int64
	source string
}

// smaller returns the one that limits more; of equals, f.
func (f finding) smaller(other finding) finding {
	if f.source == "" || other.source != "" && other.limit < f.limit {
		return other
	}
	return f
}

// smallestLimit looks at the cgroups only.
func smallestLimit(read readFunc) (finding, error) {
	groups, mounts, err := ourGroups(read)
	if err != nil {
		return finding{}, err
	}
	var smallest finding
	for _, g := range groups {
		f, err := g.smallestLimit(read, mounts)
		if err != nil {
			return finding{}, err
		}
		smallest = smallest.smaller(f)
	}
	return smallest, nil
}

// smallestLimit returns the smallest limit of g and the groups above it. All
// mounts of a hierarchy show the same groups: one that we may not look into
// (a container's, below a folder of root) does no harm if another is open.
func (g group) smallestLimit(read readFunc, mounts []mount) (smallest finding, err error) {
	var denied error
	seen := false
	for _, m := range mounts {
		f, err := m.smallestLimit(read, g)
		switch {
		case errors.Is(err, fs.ErrPermission):
			denied = err
			continue
		case err != nil:
			return finding{}, err
		}
		seen = seen || len(m.above(g)) > 0
		smallest = smallest.smaller(f)
	}
	if denied != nil && !seen {
		return finding{}, denied
	}
	return smallest, nil
}

// smallestLimit returns the smallest limit of what m shows of g and above it.
func (m mount) smallestLimit(read readFunc, g group) (smallest finding, err error) {
	file := "memory.limit_in_bytes"
	if g.v2 {
		file = "memory.max"
	}
	for _, dir := range m.above(g) {
		n, limited, err := readLimit(read, path.Join(m.point, dir, file))
		if err != nil {
			return finding{}, err
		}
		if limited {
			smallest = smallest.smaller(finding{n, file + " of " + printable(m.groupName(dir))})
		}
	}
	return smallest, nil
}

// usualMounts is where cgroups are when mountinfo cannot tell us.
var usualMounts = []mount{
	{v2: true, root: ".", point: "/sys/fs/cgroup"},
	{v2: true, root: ".", point: "/sys/fs/cgroup/unified"}, // hybrid hosts
	{v2: false, root: ".", point: "/sys/fs/cgroup/memory"},
}

// ourGroups returns our places in the hierarchies, and where those are mounted.
func ourGroups(read readFunc) ([]group, []mount, error) {
	text, err := readWhole(read, "/proc/self/cgroup")
	if gone(err) {
		return nil, nil, nil // a kernel without cgroups, or no /proc
	}
	if err != nil {
		return nil, nil, err
	}
	groups, err := parseGroups(text)
	if err != nil {
		return nil, nil, fmt.Errorf("read /proc/self/cgroup: %w", err)
	}
	text, cut, err := read("/proc/self/mountinfo")
	switch {
	case gone(err):
		return groups, usualMounts, nil
	case err != nil:
		return nil, nil, err
	case cut: // of the last line, half is skipped as malformed
		return groups, append(parseMounts(text), usualMounts...), nil
	}
	return groups, parseMounts(text), nil
}

func readLimit(read readFunc, name string) (limit int64, limited bool, err error) {
	text, err := readWhole(read, name)
	if gone(err) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	limit, limited, err = parseLimit(text)
	if err != nil {
		return 0, false, fmt.Errorf("read %s: %w", printable(name), err)
	}
	return limit, limited, nil
}

// readWhole is read for a file that must not be longer than readMax.
func readWhole(read readFunc, name string) (string, error) {
	text, cut, err := read(name)
	if err == nil && cut {
		err = fmt.Errorf("read %s: longer than %s", printable(name), FormatSize(readMax))
	}
	return text, err
}

// gone reports whether a file is not there. A file of a group that was removed
// after we had opened it gives ENODEV.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ENODEV)
}

// nameMax is how much of a name is shown: more than the deepest pod needs. The
// kernel allows 4096 bytes.
const nameMax = 512

// printable returns a name for messages: as it is, or quoted if it has bytes
// that would change a terminal or a log; of a very long one, the end.
func printable(name string) string {
	if len(name) > nameMax {
		return printable("..." + name[len(name)-nameMax+len("..."):])
	}
	if q := strconv.Quote(name); q != `"`+name+`"` {
		return q
	}
	return name
}

// readMax is more than any file here has on a sane machine, mountinfo apart.
const readMax = 64 << 10

// readFile is the readFunc of the real machine. It does not wait: a FIFO where
// a file should be is an error.
func readFile(name string) (text string, cut bool, err error) {
	defer func() {
		if pe, ok := err.(*fs.PathError); ok {
			err = fmt.Errorf("%s %s: %w", pe.Op, printable(pe.Path), pe.Err)
		}
	}()
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", false, err
	}
	if !info.Mode().IsRegular() {
		return "", false, fmt.Errorf("read %s: not a file but %s", printable(name), info.Mode().Type())
	}
	data, err := io.ReadAll(io.LimitReader(f, readMax+1))
	if err != nil {
		return "", false, err
	}
	if len(data) > readMax {
		return string(data[:readMax]), true, nil
	}
	return string(data), false, nil
}
