package limits

import (
	"errors"
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"
)

// This file parses what the kernel writes; memory_linux.go reads it. The rules
// are: a file is text of lines, each checked before use; a value that is not
// understood is an error where it could change the answer, and a skipped line
// where it only could have led us to a place we do not need (mountinfo).

// noLimit is where a number stops being a limit: without one, cgroup v1 reports
// the largest page count in bytes, 0x7ffffffffffff000 with 4 KiB pages.
const noLimit = 1 << 62

// group is our place in one cgroup hierarchy, a line of /proc/self/cgroup.
type group struct {
	v2   bool
	path string // from the root of our cgroup namespace, "/" first
}

// parseGroups returns our places in the hierarchies that can limit memory:
// cgroup v2 ("0::/path") and the memory controller of v1 ("4:memory:/path"),
// as in cgroups(7). Others are left out.
func parseGroups(text string) ([]group, error) {
	var groups []group
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		id, rest, _ := strings.Cut(line, ":")
		controllers, dir, ok := strings.Cut(rest, ":")
		if !ok || !allDigits(id) || !strings.HasPrefix(dir, "/") {
			return nil, fmt.Errorf("parse line %s: not ID:CONTROLLERS:/PATH", Quote(line))
		}
		switch {
		case id == "0" && controllers == "":
			groups = append(groups, group{v2: true, path: path.Clean(keepDots(dir))})
		case hasWord(controllers, "memory"):
			groups = append(groups, group{path: path.Clean(keepDots(dir))})
		}
	}
	return groups, nil
}

// keepDots makes a path relative, so that path.Clean keeps a leading "..": the
// kernel writes "/../x" for a group outside of our cgroup namespace
// (cgroup_namespaces(7)).
func keepDots(p string) string { return strings.TrimLeft(p, "/") }

// mount is one cgroup file system, a line of /proc/self/mountinfo.
type mount struct {
	v2    bool
	root  string // the group seen at point, as group.path
	point string // absolute path of the directory
}

// mountsMax bounds the mounts looked at: more than any machine has, little
// enough for a hostile file.
const mountsMax = 16

// parseMounts returns the cgroup2 mounts and the v1 mounts with the memory
// controller. Lines that are not as in proc_pid_mountinfo(5) are skipped.
func parseMounts(text string) []mount {
	var mounts []mount
	for line := range strings.Lines(text) {
		// 35 31 0:32 /root /point opts [tags...] - fstype source superopts
		before, after, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !ok || len(left) < 6 || len(right) < 3 || len(mounts) == mountsMax {
			continue
		}
		m := mount{v2: right[0] == "cgroup2", root: unescape(left[3]), point: unescape(left[4])}
		v1 := right[0] == "cgroup" && hasWord(right[2], "memory")
		if !m.v2 && !v1 || m.root == "" || m.root[0] != '/' || m.point == "" || m.point[0] != '/' {
			continue
		}
		m.root, m.point = path.Clean(keepDots(m.root)), path.Clean(m.point)
		mounts = append(mounts, m)
	}
	return mounts
}

// hasWord reports whether word is in a list with commas.
func hasWord(list, word string) bool {
	for w := range strings.SplitSeq(list, ",") {
		if w == word {
			return true
		}
	}
	return false
}

// unescape turns \040 and its like, which mountinfo uses for space, tab,
// newline and backslash, back into bytes.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// above returns the groups that limit us and can be seen in m, ours first, as
// paths relative to the mount point ("." is the mount point itself). It is
// empty if our group is not below the mount.
func (m mount) above(g group) []string {
	if m.v2 != g.v2 {
		return nil
	}
	rel, ok := relative(m.root, g.path)
	if !ok {
		return nil
	}
	dirs := []string{rel}
	for rel != "." {
		rel = rel[:max(strings.LastIndexByte(rel, '/'), 0)]
		if rel == "" {
			rel = "."
		}
		dirs = append(dirs, rel)
	}
	return dirs
}

// groupName returns the name of a group that above returned, as it stands in
// /proc/self/cgroup.
func (m mount) groupName(dir string) string {
	if p := path.Join(m.root, dir); p != "." {
		return "/" + p
	}
	return "/"
}

// relative returns the way from a group down to one below it, both clean and
// relative to the root of our cgroup namespace, which is ".". A group above
// that root is "..", and so on; the way down from there has no names, so "."
// stands for all of it.
func relative(from, to string) (rel string, ok bool) {
	ups, fromName := cutUps(from)
	toUps, toName := cutUps(to)
	switch {
	case fromName == "." && ups > toUps:
		return ".", true
	case ups != toUps:
		return "", false
	case fromName == ".":
		return toName, true
	case fromName == toName:
		return ".", true
	}
	if rel, ok = strings.CutPrefix(toName, fromName+"/"); !ok {
		return "", false
	}
	return rel, true
}

// cutUps counts and removes the ".." at the head of a clean relative path.
func cutUps(p string) (ups int, rest string) {
	for p == ".." || strings.HasPrefix(p, "../") {
		ups++
		p = strings.TrimPrefix(p[2:], "/")
	}
	if p == "" {
		p = "."
	}
	return ups, p
}

// parseLimit reads memory.max or memory.limit_in_bytes; limited is false for
// "max" and for the huge number that means no limit in v1.
func parseLimit(text string) (limit int64, limited bool, err error) {
	text = strings.TrimSuffix(text, "\n")
	if text == "max" {
		return 0, false, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	switch {
	case err != nil:
		return 0, false, fmt.Errorf("parse %s: not a number of bytes or max", Quote(text))
	case n == 0:
		return 0, false, errors.New("the limit is 0 bytes, so nothing could run: raise it")
	case n >= noLimit:
		return 0, false, nil
	}
	return int64(n), true, nil
}

// parseMemTotal returns the bytes of MemTotal in /proc/meminfo, where "kB" is
// 1024 bytes (proc_meminfo(5)).
func parseMemTotal(text string) (int64, error) {
	for line := range strings.Lines(text) {
		value, ok := strings.CutPrefix(line, "MemTotal:")
		if !ok {
			continue
		}
		fields := strings.Fields(value)
		if len(fields) != 2 || fields[1] != "kB" {
			return 0, fmt.Errorf("parse line %s: not MemTotal: N kB", Quote(strings.TrimSuffix(line, "\n")))
		}
		n, err := strconv.ParseUint(fields[0], 10, 64)
		if err != nil || n == 0 || n > math.MaxInt64/1024 {
			return 0, fmt.Errorf("parse line %s: not a number of kB above 0", Quote(strings.TrimSuffix(line, "\n")))
		}
		return int64(n) * 1024, nil
	}
	return 0, errors.New("no line MemTotal")
}
