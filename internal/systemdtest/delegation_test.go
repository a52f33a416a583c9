package systemdtest

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// subgroup is a shell that moves to a subgroup of its group, as DelegateSubgroup=
// of newer systemds does for a service, and becomes its arguments.
const subgroup = `g=/sys/fs/cgroup$(sed 's/^0:://' /proc/self/cgroup) && mkdir $g/sub && echo $$ >$g/sub/cgroup.procs && exec "$@"`

// Right below the group of a unit that is handed over groups can be made beside
// ours; where it is not, that we could make a subgroup proves nothing.
func TestSubgroup(t *testing.T) {
	const right = `a group of its own for each generation below \S+/vmtest-\d+\.service, delegated by systemd$`
	for name, want := range map[string]string{
		"delegated service":             right,
		"delegated service of the user": right,
		"service of the user":           `; not possible: own group: ` + noDelegate,
	} {
		for _, place := range places {
			if place.name != name {
				continue
			}
			t.Run(name, func(t *testing.T) {
				u := place.start(t, []string{place.delegate}, "/bin/sh", "-c", subgroup, "sh", Program(t, "relance"),
					"--memory-high", "48M", "--", Program(t, "misbehave"), "drain", "0s")
				u.WaitFor(t, want)
				child := u.Child(t)
				u.Stop(t)
				u.End(t)
				wantNothingLeft(t, "", child)
			})
		}
	}
}

// An older systemd marks what it hands over so that only root can read it; anybody
// else asks.
func TestUnmarked(t *testing.T) {
	for delegate, want := range map[string]string{"Delegate=yes": delegated, "Delegate=no": aroundUs + noDelegate} {
		t.Run(delegate, func(t *testing.T) {
			relance, misbehave := Program(t, "relance"), Program(t, "misbehave")
			gate := filepath.Join("/home", User, "gate")
			if err := unix.Mkfifo(gate, 0o644); err != nil {
				t.Fatal(err)
			}
			defer os.Remove(gate)
			u := Service(t, []string{delegate, "User=" + User}, "/bin/sh", "-c",
				"echo pid=$$; read line <"+gate+"; exec "+relance+" --memory-high 48M -- "+misbehave+" drain 0s")
			group := GroupOf(t, u.Child(t))
			if err := unix.Removexattr(group, "user.delegate"); (err == nil) != (want == delegated) {
				t.Errorf("the mark of %s: %v", group, err)
			}
			if err := os.WriteFile(gate, []byte("go\n"), 0); err != nil {
				t.Fatal(err)
			}
			u.WaitFor(t, want)
			child := u.Child(t)
			u.Stop(t)
			u.End(t)
			wantNothingLeft(t, "", child)
		})
	}
}
