package systemdtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// env makes a missing systemd a failure.
const env = "RELANCE_TEST_SYSTEMD"

// The ordinary user of the machine.
const (
	User    = "user"
	UID     = 1000
	runtime = "/run/user/1000"
)

// Require skips the test where the machine is not one with systemd that is made
// for tests; with RELANCE_TEST_SYSTEMD=1 it fails there instead. It returns when
// the system is up.
func Require(t testing.TB) {
	t.Helper()
	give := t.Skipf
	if os.Getenv(env) == "1" {
		give = t.Fatalf
	}
	if os.Getenv("RELANCE_TEST_VM") != "1" {
		give("needs the virtual machine: go test -exec 'bin/vm/run -systemd'")
	}
	if comm, err := os.ReadFile("/proc/1/comm"); err != nil || string(comm) != "systemd\n" {
		give("PID 1 is %q, not systemd: %v", comm, err)
	}
	if state, err := up(); err != nil {
		t.Fatalf("the system is %q: %v", state, err)
	}
}

// up waits until the boot has ended, once, and returns the state.
var up = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("systemctl", "is-system-running", "--wait").Output()
	state := strings.TrimSpace(string(out))
	if state == "running" || state == "degraded" {
		return state, nil // degraded has status 1
	}
	return state, err
})

// Program returns the path of a program under test: relance or misbehave.
func Program(t testing.TB, name string) string {
	t.Helper()
	Require(t)
	path := "/bin/" + name
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v; add it: vmrun -add $PWD/bin/%s=%s", err, name, path)
	}
	return path
}

// UserManager starts the manager of the user, and so the user's bus, whether
// there is a session or not. It stays.
func UserManager(t testing.TB) {
	t.Helper()
	Require(t)
	output(t, exec.Command("loginctl", "enable-linger", User))
	// That does not wait; this does.
	output(t, exec.Command("systemctl", "start", "user@1000.service"))
}

// AsUser makes cmd run as the user, who finds the own manager and bus. Its
// group is that of the test: for a real session see [Session].
func AsUser(cmd *exec.Cmd) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: UID, Gid: UID}}
	cmd.Dir = "/home/" + User
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "USER=" + User, "HOME=/home/" + User,
		"XDG_RUNTIME_DIR=" + runtime, "DBUS_SESSION_BUS_ADDRESS=unix:path=" + runtime + "/bus",
	}
	return cmd
}

// output returns what a tool printed; that it ends well is part of the test.
func output(t testing.TB, cmd *exec.Cmd) string {
	t.Helper()
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s%s", strings.Join(cmd.Args, " "), err, out, said.String())
	}
	return strings.TrimSpace(string(out))
}

// cgroupRoot is where systemd mounts cgroup2.
const cgroupRoot = "/sys/fs/cgroup"

// Groups returns the groups below a folder of the group tree, "" for all of it,
// whose names match a pattern of filepath.Match.
func Groups(t testing.TB, below, pattern string) []string {
	t.Helper()
	var found []string
	filepath.WalkDir(filepath.Join(cgroupRoot, strings.TrimPrefix(below, cgroupRoot)), func(name string, d os.DirEntry, err error) error {
		if err != nil {
			return nil // gone meanwhile
		}
		if ok, err := filepath.Match(pattern, d.Name()); err != nil {
			t.Fatal(err)
		} else if ok && d.IsDir() && name != below {
			found = append(found, name)
		}
		return nil
	})
	return found
}

// Members returns the pids in a group and in those below it.
func Members(t testing.TB, group string) []string {
	t.Helper()
	var pids []string
	filepath.WalkDir(group, func(name string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			text, _ := os.ReadFile(filepath.Join(name, "cgroup.procs"))
			pids = append(pids, strings.Fields(string(text))...)
		}
		return nil
	})
	return pids
}
