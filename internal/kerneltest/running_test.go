package kerneltest

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
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
	lines chan string
	out   *bufio.Scanner
}

// start runs relance with words, in a session of its own.
func start(t *testing.T, words ...string) *running {
	t.Helper()
	r := &running{Cmd: exec.Command(program(t, "RELANCE_TEST_BIN", "relance"), words...), lines: make(chan string, 1000)}
	r.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stderr, err := r.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := r.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.out = bufio.NewScanner(stdout)
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(r.lines)
		for in := bufio.NewScanner(stderr); in.Scan(); {
			r.lines <- in.Text()
		}
	}()
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
	want := regexp.MustCompile(pattern)
	for late := time.After(2 * time.Minute); ; {
		select {
		case line, ok := <-r.lines:
			if !ok {
				t.Fatalf("relance has ended without a line like %q", pattern)
			}
			t.Log(line)
			if m := want.FindStringSubmatch(line); m != nil {
				return m
			}
		case <-late:
			t.Fatalf("no line like %q", pattern)
		}
	}
}

// child returns the pid in the next line of the command.
func (r *running) child(t *testing.T) int {
	t.Helper()
	if !r.out.Scan() {
		t.Fatalf("the command has ended: %v", r.out.Err())
	}
	m := regexp.MustCompile(`pid=(\d+)`).FindStringSubmatch(r.out.Text())
	if m == nil {
		t.Fatalf("no pid in %q", r.out.Text())
	}
	pid, err := strconv.Atoi(m[1])
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
	for line := range r.lines { // until it has closed its end
		t.Log(line)
	}
	var exit *exec.ExitError
	if err := r.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return r.ProcessState.ExitCode()
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
