package kerneltest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/internal/heard"
)

// program returns the path of a program under test: that in the variable, or
// the one the virtual machine has in /bin.
func program(t *testing.T, variable, name string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		path = "/bin/" + name
	}
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("RELANCE_TEST_CGROUP") == "1" {
			t.Fatalf("%s is not set, and %v", variable, err)
		}
		t.Skip("needs a kernel of its own: make check-kernel")
	}
	return path
}

func misbehave(t *testing.T) string { return program(t, "RELANCE_TEST_MISBEHAVE", "misbehave") }

// running is a relance under test.
type running struct {
	*exec.Cmd
	lines *heard.Lines // of relance
	said  *heard.Lines // of the command
}

// start runs relance with words, in a session of its own.
func start(t *testing.T, words ...string) *running {
	t.Helper()
	return startWith(t, &syscall.SysProcAttr{}, words...)
}

// startIn is start in another group.
func startIn(t *testing.T, g *cgroup.Group, words ...string) *running {
	t.Helper()
	return startWith(t, &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: g.FD()}, words...)
}

// startWith is start with more to set.
func startWith(t *testing.T, attr *syscall.SysProcAttr, words ...string) *running {
	t.Helper()
	r := &running{Cmd: exec.Command(program(t, "RELANCE_TEST_BIN", "relance"), words...)}
	attr.Setsid = true
	r.SysProcAttr = attr
	stderr, err := r.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := r.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	r.lines, r.said = heard.Of("relance", stderr), heard.Of("command", stdout)
	t.Cleanup(func() {
		if r.ProcessState == nil {
			r.Process.Kill()
			r.Wait()
		}
	})
	return r
}

// waitFor returns the next line of relance that matches, in its groups.
func (r *running) waitFor(t *testing.T, pattern string) []string {
	t.Helper()
	return r.lines.Want(t, pattern)
}

// out returns the next line of the command that matches, in its groups.
func (r *running) out(t *testing.T, pattern string) []string {
	t.Helper()
	return r.said.Want(t, pattern)
}

// child returns the pid in the next line of the command that has one.
func (r *running) child(t *testing.T) int {
	t.Helper()
	pid, err := strconv.Atoi(r.out(t, `pid=(\d+)`)[1])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// end sends a signal to relance and returns its exit status.
func (r *running) end(t *testing.T, sig os.Signal) int {
	t.Helper()
	if err := r.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	status, _ := r.ended(t)
	return status
}

// ended waits for the end of relance and returns its exit status, and the lines
// that it had still to say.
func (r *running) ended(t *testing.T) (int, []string) {
	t.Helper()
	rest := r.lines.Rest(t) // until it has closed its end
	r.said.Rest(t)
	var exit *exec.ExitError
	if err := r.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return r.ProcessState.ExitCode(), rest
}

// groupOf returns the cgroup2 folder of a process.
func groupOf(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			mount := "/sys/fs/cgroup"
			if _, err := os.Stat(mount + "/unified"); err == nil {
				mount += "/unified"
			}
			return filepath.Join(mount, path)
		}
	}
	t.Fatalf("no cgroup2 in %q", text)
	return ""
}

func gone(pid int) bool { return unix.Kill(pid, 0) == unix.ESRCH }
