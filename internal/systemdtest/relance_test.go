package systemdtest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The groups of the units; those of the user's manager are below its own.
const (
	ofSystem  = "/system.slice/vmtest-*.service"
	ofSession = "/user.slice/user-1000.slice/session-*.scope"
	ofUser    = "/user.slice/user-1000.slice/user@1000.service/app.slice/vmtest-*"
)

// places are the ways to start relance.
var places = []struct {
	name     string
	start    func(t *testing.T, properties []string, words ...string) *Unit
	delegate string // a property
	group    string // a pattern of the group relance is in
	// letBe is the property by which systemd leaves alone what the main process
	// leaves behind. Of a session that is what it does; the login, a service with
	// PAM, may not have it.
	letBe string
}{
	{"plain service", Service, "Delegate=no", ofSystem, "KillMode=process"},
	{"delegated service", Service, "Delegate=yes", ofSystem, "KillMode=process"},
	{"session", Session, "Delegate=no", ofSession, "KillMode=mixed"},
	{"service of the user", UserService, "Delegate=no", ofUser, "KillMode=process"},
	{"delegated service of the user", UserService, "Delegate=yes", ofUser, "KillMode=process"},
	{"scope of the user", UserScope, "Delegate=no", ofUser, "KillMode=process"},
	{"delegated scope of the user", UserScope, "Delegate=yes", ofUser, "KillMode=process"},
}

// A child that leaves when it is asked to is asked by systemctl stop, wherever
// relance runs, and nothing is left: no process, and no group of ours.
func TestStop(t *testing.T) {
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			u := place.start(t, []string{place.delegate}, Program(t, "relance"), "--", Program(t, "misbehave"), "drain", "0s")
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
// behind leaves with it: by relance, for systemd is told to let it be.
func TestEnd(t *testing.T) {
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			u := place.start(t, []string{place.delegate, place.letBe}, Program(t, "relance"), "--", "/bin/sh", "-c",
				Program(t, "misbehave")+" daemon --setsid --exit; echo pid=$$; exit 7")
			u.Out(t, "^ready")
			daemon := u.Child(t)
			child := u.Child(t)
			u.WaitFor(t, `gen 1: exit: status 7 .* left 1 process behind`)
			if status := u.End(t); status != 7 {
				t.Errorf("status %d, want 7", status)
			}
			wantNothingLeft(t, "", daemon, child)
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
// processes are gone, and that no group of a relance is anywhere, nor a scope.
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
	// systemd hears that a scope is empty, and removes it in its own time.
	isScope := func(name string) bool { return strings.HasSuffix(name, ".scope") }
	for late := time.Now().Add(patience); ; {
		left := Groups(t, "", "relance-[0-9]*")
		if len(left) == 0 {
			return
		}
		if !slices.ContainsFunc(left, isScope) || time.Now().After(late) {
			t.Errorf("groups left behind: %q", left)
			return
		}
	}
}
