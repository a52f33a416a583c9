package systemdtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"relance/internal/await"
	"relance/internal/heard"
)

const patience = await.Patience

// Unit is a command that systemd runs for a test.
type Unit struct {
	// Name is that of the unit, as vmtest-1.service.
	Name string

	user     bool // the manager is the user's
	tool     *exec.Cmd
	stdout   *heard.Lines
	stderr   *heard.Lines
	toolDone chan error
}

// Service runs words as a service of the system, as root in a fresh unit with
// these properties, such as "Delegate=yes".
func Service(t *testing.T, properties []string, words ...string) *Unit {
	t.Helper()
	Require(t)
	u := newUnit("service", false)
	u.start(t, exec.Command("systemd-run", u.words([]string{"--wait", "--pipe"}, properties, escaped(words))...))
	return u
}

// Session runs words in a session of the user, made by PAM as for a login: the
// command is in session-N.scope, and the user's manager and bus are there. The
// unit is the service that plays login; the properties are its own.
func Session(t *testing.T, properties []string, words ...string) *Unit {
	t.Helper()
	return Service(t, append([]string{
		"PAMName=login", "User=" + User, "WorkingDirectory=~",
		// Else pam_systemd takes what has no terminal for a job of cron.
		"Environment=XDG_SESSION_CLASS=user",
	}, properties...), words...)
}

// UserService runs words as a service of the user's manager.
func UserService(t *testing.T, properties []string, words ...string) *Unit {
	t.Helper()
	UserManager(t)
	u := newUnit("service", true)
	u.start(t, AsUser(exec.Command("systemd-run", u.words([]string{"--user", "--wait", "--pipe"}, properties, escaped(words))...)))
	return u
}

// UserScope runs words in a scope of the user's manager, as a desktop starts
// programs.
func UserScope(t *testing.T, properties []string, words ...string) *Unit {
	t.Helper()
	UserManager(t)
	u := newUnit("scope", true)
	u.start(t, AsUser(exec.Command("systemd-run", u.words([]string{"--user", "--scope"}, properties, words)...)))
	return u
}

var made atomic.Int64

func newUnit(kind string, user bool) *Unit {
	return &Unit{Name: fmt.Sprintf("vmtest-%d.%s", made.Add(1), kind), user: user, toolDone: make(chan error, 1)}
}

// words returns those of systemd-run.
func (u *Unit) words(flags, properties, command []string) []string {
	all := append(flags, "--quiet", "--unit="+u.Name)
	for _, p := range properties {
		all = append(all, "--property="+p)
	}
	return slices.Concat(all, []string{"--"}, command)
}

// escaped keeps systemd from taking $ for its own variables, as it does in the
// words of a service.
func escaped(words []string) []string {
	var all []string
	for _, w := range words {
		all = append(all, strings.ReplaceAll(w, "$", "$$"))
	}
	return all
}

// start starts systemd-run and the readers of its output, which is that of the
// command.
func (u *Unit) start(t *testing.T, tool *exec.Cmd) {
	t.Helper()
	u.tool = tool
	stdout, err := tool.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := tool.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tool.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { u.clean(t) })
	u.stdout, u.stderr = heard.Of(u.Name+", command", stdout), heard.Of(u.Name+", relance", stderr)
	go func() {
		<-u.stdout.End()
		<-u.stderr.End()
		u.toolDone <- tool.Wait() // it closes the pipes
	}()
}

// WaitFor returns the next line of stderr, which is relance's, that matches, in
// its groups.
func (u *Unit) WaitFor(t *testing.T, pattern string) []string {
	t.Helper()
	return u.stderr.Want(t, pattern)
}

// Out returns the next line of stdout, which is the child's, that matches, in its
// groups.
func (u *Unit) Out(t *testing.T, pattern string) []string {
	t.Helper()
	return u.stdout.Want(t, pattern)
}

// Child returns the pid in the next "pid=N" of stdout.
func (u *Unit) Child(t *testing.T) int {
	t.Helper()
	pid, err := strconv.Atoi(u.Out(t, `pid=(\d+)`)[1])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// Systemctl runs systemctl with words on the manager of the unit.
func (u *Unit) Systemctl(t testing.TB, words ...string) string {
	t.Helper()
	return output(t, u.systemctl(words...))
}

func (u *Unit) systemctl(words ...string) *exec.Cmd {
	if u.user {
		return AsUser(exec.Command("systemctl", append([]string{"--user"}, words...)...))
	}
	return exec.Command("systemctl", words...)
}

// Property returns a property of the unit, as systemctl show prints it.
func (u *Unit) Property(t testing.TB, name string) string {
	t.Helper()
	return u.Systemctl(t, "show", "--value", "--property="+name, u.Name)
}

// Group returns the folder of the unit's group.
func (u *Unit) Group(t testing.TB) string {
	t.Helper()
	group := u.Property(t, "ControlGroup")
	if group == "" {
		t.Fatalf("%s has no group", u.Name)
	}
	return filepath.Join(cgroupRoot, group)
}

// GroupOf returns the folder of the group a process is in.
func GroupOf(t testing.TB, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		t.Fatal(err)
	}
	path, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "0::")
	if !ok || strings.Contains(path, "\n") {
		t.Fatalf("not unified: %q", text)
	}
	return filepath.Join(cgroupRoot, path)
}

// Stop is systemctl stop: it returns when the unit has stopped.
func (u *Unit) Stop(t *testing.T) {
	t.Helper()
	u.Systemctl(t, "stop", u.Name)
}

// End waits until the command has ended and returns its exit status, where 255
// stands for a signal.
func (u *Unit) End(t *testing.T) int {
	t.Helper()
	select {
	case err := <-u.toolDone:
		u.toolDone <- err
		u.stderr.Rest(t)
		return u.tool.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatalf("%s has not ended", u.Name)
		return 0
	}
}

// clean removes what is left of the unit, and says what systemd knows of it if
// the test has failed.
func (u *Unit) clean(t *testing.T) {
	if t.Failed() {
		said, _ := exec.Command("journalctl", "--no-pager", "--lines=30").CombinedOutput()
		t.Logf("the end of the journal:\n%s", said)
	}
	// A unit that is gone is what we want.
	u.systemctl("kill", "--signal=KILL", u.Name).Run()
	u.systemctl("stop", u.Name).Run()
	u.systemctl("reset-failed", u.Name).Run()
	select {
	case err := <-u.toolDone:
		u.toolDone <- err
	case <-time.After(patience):
		t.Errorf("%s: something still holds its output", u.Name)
		u.tool.Process.Kill()
	}
}
