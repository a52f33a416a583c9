package containertest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ownGroup, in a shell, is the container's group as the container sees it. In
// both namespaces: runtimes mount the hierarchy from the top of the namespace.
const ownGroup = `/sys/fs/cgroup$(sed 's/^0:://' /proc/self/cgroup)`

// The tests of the ground show what a container of each kind lets PID 1 do with
// its cgroup, by a shell: what relance counts on.

// Limits can be read everywhere.
func TestGroundReads(t *testing.T) {
	eachBox(t, func(t *testing.T, b box) {
		c := b.start(t, "sh", "-c", "cat "+ownGroup+"/memory.max "+ownGroup+"/pids.max; sed 's/^/own /' /proc/self/cgroup")
		c.stdout.Want(t, `^100663296$`)
		c.stdout.Want(t, `^64$`)
		path := strings.TrimPrefix(c.group, cgroupRoot)
		if !b.hostNS {
			path = "/"
		}
		c.stdout.Want(t, `^own 0::`+path+`$`)
		if status := c.end(t); status != 0 {
			t.Errorf("status %d", status)
		}
	})
}

// A writable group is PID 1's to divide: it moves into a leaf, after which the
// controllers can be given to groups beside it. The runtime can still enter: it
// finds its own way to the leaf, and takes all groups away at the end. With a
// read-only mount the first step is refused. The limits of the group itself are
// PID 1's only where it is not the root of a namespace.
func TestGroundLeaf(t *testing.T) {
	const script = `g=` + ownGroup + `
mkdir $g/leaf && echo 1 >$g/leaf/cgroup.procs && echo +memory +pids >$g/cgroup.subtree_control &&
mkdir $g/beside && echo 50M >$g/beside/memory.max && echo divided
echo 90M >$g/memory.max && echo lowered
exec sleep 1000`
	eachBox(t, func(t *testing.T, b box) {
		c := b.start(t, "sh", "-c", script)
		leaf := "leaf"
		if b.writable {
			c.stdout.Want(t, "^divided$")
			if b.hostNS {
				c.stdout.Want(t, "^lowered$")
			} else {
				c.stderr.Want(t, "Operation not permitted")
			}
		} else {
			c.stderr.Want(t, "^mkdir: .*Read-only file system")
			leaf = ""
		}
		if own := c.exec(t, "cat", "/proc/self/cgroup"); strings.HasSuffix(own, "leaf\n") != b.writable {
			t.Errorf("exec ran in %q", own)
		}
		procs, err := os.ReadFile(filepath.Join(c.group, leaf, "cgroup.procs"))
		if err != nil || strings.Count(string(procs), "\n") != 1 {
			t.Errorf("the host sees %q in %q: %v", procs, leaf, err)
		}
		c.kill(t, "KILL")
		if status := c.end(t); status != 128+9 {
			t.Errorf("status %d, want 137", status)
		}
	})
}
