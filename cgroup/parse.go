package cgroup

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

// ownPath returns our cgroup v2 path from /proc/self/cgroup, cgroups(7): "For
// the cgroup v2 hierarchy this field is empty": the line that begins with 0::.
// Relative to the root of the cgroup namespace, it may begin with /.. as well.
func ownPath(b []byte) (string, bool) {
	for line := range bytes.Lines(b) {
		if p, ok := bytes.CutPrefix(line, []byte("0::/")); ok {
			// " (deleted)" stays: such a group is not found, and that is right.
			return "/" + string(trimNewline(p)), true
		}
	}
	return "", false
}

// mount is one cgroup2 mount.
type mount struct {
	root     string // which group it shows, relative to our cgroup namespace
	point    string
	readOnly bool
}

// parseMounts returns the cgroup2 mounts of /proc/self/mountinfo,
// proc_pid_mountinfo(5):
//
//	41 31 0:38 /root /mount/point rw,relatime shared:1 - cgroup2 source rw
func parseMounts(b []byte) (mounts []mount) {
	for line := range bytes.Lines(b) {
		if !bytes.Contains(line, []byte(" - cgroup2 ")) {
			continue
		}
		head, tail, _ := strings.Cut(string(line), " - ")
		f, super := strings.Fields(head), strings.Fields(tail)
		if len(f) < 6 || len(super) < 3 || super[0] != "cgroup2" || f[3][0] != '/' || f[4][0] != '/' {
			continue
		}
		mounts = append(mounts, mount{
			root: unescape(f[3]), point: unescape(f[4]),
			readOnly: hasOption(f[5], "ro") || hasOption(super[2], "ro"),
		})
	}
	return mounts
}

func hasOption(list, name string) bool { return slices.Contains(strings.Split(list, ","), name) }

// unescape undoes the kernel's \ooo, which stands for space, tab, newline and
// backslash.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && isOctal(s[i+1:i+4]) && s[i+1] < '4' {
			out = append(out, (s[i+1]-'0')<<6|(s[i+2]-'0')<<3|(s[i+3]-'0'))
			i += 3
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}

func isOctal(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '7' {
			return false
		}
	}
	return true
}

// locate returns the folder of the group own under m, and whether m shows it.
// A mount shows its root and what is below: in a container that shares the
// host's cgroup namespace own is /docker/x/y and the root /docker/x. What lies
// outside the namespace begins with /.. on both sides, and names that lie
// between a root above the namespace and the namespace are not to be known.
func locate(own string, m mount) (string, bool) {
	rest, ok := cutRoot(own, m.root)
	if !ok || slices.Contains(strings.Split(rest, "/"), "..") {
		return "", false
	}
	return path.Join(m.point, rest), true
}

// cutRoot returns own relative to root, by whole names.
func cutRoot(own, root string) (string, bool) {
	own, root = strings.Trim(own, "/"), strings.Trim(root, "/")
	switch {
	case root == "":
		return own, true
	case own == root:
		return "", true
	}
	return strings.CutPrefix(own, root+"/")
}

// parseEvents returns what cgroup.events says of populated, cgroup-v2.rst: "1
// if the cgroup or its descendants contains any live processes; otherwise, 0."
func parseEvents(b []byte) (populated, ok bool) {
	for line := range bytes.Lines(b) {
		if v, found := bytes.CutPrefix(line, []byte("populated ")); found {
			switch string(trimNewline(v)) {
			case "1":
				populated, ok = true, true
			case "0":
				populated, ok = false, true
			}
		}
	}
	return populated, ok
}

// parsePIDs adds the pids of cgroup.procs to pids. Zero stands for a process of
// another pid namespace, which we can neither name nor signal.
func parsePIDs(pids []int, b []byte) []int {
	for line := range bytes.Lines(b) {
		n := 0
		for _, c := range trimNewline(line) {
			if c < '0' || c > '9' || n > (maxPID-9)/10 {
				n = 0
				break
			}
			n = n*10 + int(c-'0')
		}
		if n > 0 {
			pids = append(pids, n)
		}
	}
	return pids
}

const maxPID = 1<<31 - 1

func trimNewline(b []byte) []byte { return bytes.TrimSuffix(b, []byte("\n")) }
