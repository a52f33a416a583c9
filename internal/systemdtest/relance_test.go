package systemdtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// places are the ways to start relance: each is given its words.
var places = []struct {
	name  string
	start func(t *testing.T, words ...string) *Unit
	group string // a pattern of the group relance is in
}{
	{"plain service", func(t *testing.T, words ...string) *Unit {
		return Service(t, nil, words...)
	}, "/system.slice/vmtest-*.service"},
	{"delegated service", func(t *testing.T, words ...string) *Unit {
		return Service(t, []string{"Delegate=yes"}, words...)
	}, "/system.slice/vmtest-*.service"},
	{"session", Session, "/user.slice/user-1000.slice/session-*.scope"},
	{"service of the user", func(t *testing.T, words ...string) *Unit {
		return UserService(t, nil, words...)
	}, "/user.slice/user-1000.slice/user@1000.service/app.slice/vmtest-*.service"},
	{"scope of the user", func(t *testing.T, words ...string) *Unit {
		return UserScope(t, nil, words...)
	}, "/user.slice/user-1000.slice/user@1000.service/app.slice/vmtest-*.scope"},
}

// A child that leaves when it is asked to is asked by systemctl stop, wherever
// relance runs, and nothing is left: no process, and no group of ours.
func TestStop(t *testing.T) {
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			u := place.start(t, Program(t, "relance"), "--", Program(t, "misbehave"), "drain", "0s")
			child := u.Child(t)
			group := GroupOf(t, parent(t, child))
			if ok, err := filepath.Match(cgroupRoot+place.group, group); err != nil || !ok {
				t.Errorf("relance is in %s, want %s: %v", group, place.group, err)
			}
			u.Stop(t)
			u.Out(t, "^drained$")
			if status := u.End(t); status != 0 {
				t.Errorf("status %d, want 0", status)
			}
			if result := u.Property(t, "Result"); result != "success" {
				t.Errorf("systemd says %q, want success", result)
			}
			wantNothingLeft(t, group, child)
		})
	}
}

// The status of the command is that of the service, and a daemon that it leaves
// behind leaves with it, though systemd itself would wait for it to leave or
// kill it.
func TestEnd(t *testing.T) {
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			u := place.start(t, Program(t, "relance"), "--", "/bin/sh", "-c",
				"echo pid=$$; setsid sh -c 'echo pid=$$; exec sleep 1000' & read line < /proc/self/cgroup; echo $line; wait $! & exec "+
					Program(t, "misbehave")+" crash-after --status 7 1s")
			first, second := u.Child(t), u.Child(t)
			if status := u.End(t); status != 7 {
				t.Errorf("status %d, want 7", status)
			}
			wantNothingLeft(t, "", first, second)
		})
	}
}

// parent returns the pid of the parent of a process: of a child, relance.
func parent(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	var state string
	var ppid int
	if _, err := fmt.Sscan(rest, &state, &ppid); err != nil {
		t.Fatal(err)
	}
	return ppid
}

// wantNothingLeft checks that nobody is in the group (none: not asked), that the
// processes are gone, and that no group of a relance is anywhere.
func wantNothingLeft(t *testing.T, group string, pids ...int) {
	t.Helper()
	for _, pid := range pids {
		if err := unix.Kill(pid, 0); err != unix.ESRCH {
			t.Errorf("pid %d is still there: %v", pid, err)
		}
	}
	if group != "" {
		if left := Members(t, group); len(left) > 0 {
			t.Errorf("in %s there are still %q", group, left)
		}
	}
	if left := Groups(t, "", "relance-[0-9]*"); len(left) > 0 {
		t.Errorf("groups left behind: %q", left)
	}
}
