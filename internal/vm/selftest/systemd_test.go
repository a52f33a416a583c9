package selftest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// withSystemd skips what only the machine with systemd has. The variable is
// also what says that it must have it.
func withSystemd(t *testing.T) {
	t.Helper()
	inVM(t)
	if os.Getenv("RELANCE_TEST_SYSTEMD") != "1" {
		t.Skip("needs the machine with systemd: RELANCE_TEST_SYSTEMD=1 go test -exec 'bin/vm/run -systemd'")
	}
}

// tool returns what a tool prints, and fails when it ends badly.
func tool(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(cmd.Args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestSystemdIsPID1(t *testing.T) {
	withSystemd(t)
	if comm := read(t, "/proc/1/comm"); comm != "systemd\n" {
		t.Fatalf("PID 1 is %q", comm)
	}
	// Its status is 1 when degraded.
	state, _ := exec.Command("systemctl", "is-system-running", "--wait").Output()
	switch strings.TrimSpace(string(state)) {
	case "running":
	case "degraded":
		t.Logf("degraded: %s", tool(t, exec.Command("systemctl", "--failed", "--no-legend", "--plain")))
	default:
		t.Errorf("the system is %q", state)
	}
	t.Log(tool(t, exec.Command("systemd-analyze", "time")))
}

// The test runs where an ordinary service does.
func TestSystemdService(t *testing.T) {
	withSystemd(t)
	const want = "0::/system.slice/relance-test.service\n"
	if got := read(t, "/proc/self/cgroup"); got != want {
		t.Errorf("in group %q, want %q", got, want)
	}
	if got := attribute(t, "/sys/fs/cgroup/system.slice/relance-test.service"); got != "" {
		t.Errorf("user.delegate is %q on a unit that delegates nothing", got)
	}
	have := strings.Fields(read(t, "/sys/fs/cgroup/cgroup.controllers"))
	for _, want := range []string{"cpu", "io", "memory", "pids"} {
		if !strings.Contains(" "+strings.Join(have, " ")+" ", " "+want+" ") {
			t.Errorf("no controller %s: %v", want, have)
		}
	}
}

// attribute returns the extended attribute by which systemd tells what it
// delegates, "" for none.
func attribute(t *testing.T, group string) string {
	t.Helper()
	buf := make([]byte, 64)
	n, err := syscall.Getxattr(group, "user.delegate", buf)
	if err == syscall.ENODATA {
		return ""
	}
	if err != nil {
		t.Fatalf("read user.delegate of %s: %v", group, err)
	}
	return string(buf[:n])
}

func TestSystemdDelegate(t *testing.T) {
	withSystemd(t)
	const name = "delegated.service"
	tool(t, exec.Command("systemd-run", "--unit="+name, "-p", "Delegate=yes", "sleep", "infinity"))
	defer exec.Command("systemctl", "stop", name).Run()
	group := tool(t, exec.Command("systemctl", "show", "--value", "-p", "ControlGroup", name))
	if got := attribute(t, filepath.Join("/sys/fs/cgroup", group)); got != "1" {
		t.Errorf("user.delegate of %s is %q, want 1", group, got)
	}
	// All of them, though the group of the test has few.
	have := read(t, filepath.Join("/sys/fs/cgroup", group, "cgroup.controllers"))
	if !strings.Contains(have, "cpu ") || !strings.Contains(have, "io ") {
		t.Errorf("delegated controllers: %s", have)
	}
}

// A login makes a session and a manager with a bus, for an ordinary user.
func TestSystemdUser(t *testing.T) {
	withSystemd(t)
	const script = `set -e
id -u
grep -q '^0::/user.slice/user-1000.slice/session-.*\.scope$' /proc/self/cgroup
test -S /run/user/1000/bus
systemctl --user is-system-running --wait
systemctl --user is-active dbus.socket
systemd-run --user --scope --quiet grep -o 'user@1000.service/app.slice' /proc/self/cgroup
`
	got := tool(t, exec.Command("systemd-run", "--quiet", "--wait", "--pipe", "-p", "PAMName=login", "-p", "User=user",
		"sh", "-c", script))
	if want := "1000\nrunning\nactive\nuser@1000.service/app.slice"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
