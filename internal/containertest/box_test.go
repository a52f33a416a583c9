package containertest

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"relance/internal/heard"
)

// box is a kind of container.
type box struct {
	runtime  string   // runc or crun
	writable bool     // the cgroup mount; runtimes make it read-only by default
	hostNS   bool     // the host's cgroup namespace rather than its own
	memory   int64    // limit in bytes; 0 is none
	pids     int64    // limit; 0 is none
	env      []string // more variables
}

// String is the name of a box as a test has it, such as crun-ro-private.
func (b box) String() string {
	words := []string{b.runtime, "ro", "private"}
	if b.writable {
		words[1] = "rw"
	}
	if b.hostNS {
		words[2] = "host"
	}
	return strings.Join(words, "-")
}

// eachBox runs a test in every kind of container there is, as subtests. Each
// has 96 MiB and place for 64 threads.
func eachBox(t *testing.T, test func(t *testing.T, b box)) {
	needContainers(t)
	for _, runtime := range []string{"crun", "runc"} {
		for _, writable := range []bool{false, true} {
			for _, hostNS := range []bool{false, true} {
				b := box{runtime: runtime, writable: writable, hostNS: hostNS, memory: 96 << 20, pids: 64}
				t.Run(b.String(), func(t *testing.T) { test(t, b) })
			}
		}
	}
}

// container is one that runs.
type container struct {
	stdout, stderr *heard.Lines // of its PID 1; the runtime complains on stderr too
	parent         string       // a group of the host that outlives the container
	group          string       // the container's group, as the host sees it
	runtime        string
	state          string // a folder of its own for the runtime's notes
	run            *exec.Cmd
}

// id can be the same for all: each has a state folder of its own.
const id = "box"

// start starts a container with words as its PID 1, and sees to its end.
func (b box) start(t *testing.T, words ...string) *container {
	t.Helper()
	needContainers(t)
	delegateToNamespaces(t)
	c := &container{parent: makeGroup(t), runtime: b.runtime, state: t.TempDir()}
	c.group = filepath.Join(c.parent, id)
	bundle := t.TempDir()
	writeBundle(t, bundle, strings.TrimPrefix(c.group, cgroupRoot), b, words)
	c.run = c.command("run", "--bundle", bundle, id)
	var err error
	if c.stdout, c.stderr, err = startWithLines(c.run); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.run.ProcessState != nil {
			return
		}
		// A test that has failed: not one of its processes may disturb the next.
		if out, err := c.command("delete", "--force", id).CombinedOutput(); err != nil {
			t.Logf("%s delete: %v: %s", c.runtime, err, out)
			c.run.Process.Kill()
		}
		c.finish(t)
		t.Logf("%v; OOM kills: %d", c.run.ProcessState, c.memoryEvents(t, "oom_kill"))
	})
	return c
}

// command is one of the runtime's.
func (c *container) command(words ...string) *exec.Cmd {
	return exec.Command(c.runtime, append([]string{"--root", c.state}, words...)...)
}

// kill sends a signal to PID 1 of the container, as `docker stop` does.
func (c *container) kill(t *testing.T, signal string) {
	t.Helper()
	if out, err := c.command("kill", id, signal).CombinedOutput(); err != nil {
		t.Fatalf("%s kill %s: %v: %s", c.runtime, signal, err, out)
	}
}

// exec runs a command in the running container and returns what it said.
func (c *container) exec(t *testing.T, words ...string) string {
	t.Helper()
	out, err := c.command(append([]string{"exec", id}, words...)...).CombinedOutput()
	if err != nil {
		t.Errorf("%s exec %q: %v: %s", c.runtime, words, err, out)
	}
	return string(out)
}

// visitor is a process that has come into a container and stays.
type visitor struct {
	stdin          io.Writer
	stdout, stderr *heard.Lines
}

// enter runs a command in the running container, which may stay there until the
// container ends.
func (c *container) enter(t *testing.T, words ...string) visitor {
	t.Helper()
	cmd := c.command(append([]string{"exec", id}, words...)...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, err := startWithLines(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		stdout.Rest(t)
		stderr.Rest(t)
		cmd.Wait() // its status is not that of the test
	})
	return visitor{stdin, stdout, stderr}
}

// end waits until the container has ended and returns its status: 128+n after
// signal n. Nothing of it is left, or the test fails.
func (c *container) end(t *testing.T) int {
	t.Helper()
	c.finish(t)
	if _, err := os.Stat(c.group); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the container has ended, and its group %s is there: %v", c.group, err)
	}
	if out, err := c.command("list", "--quiet").Output(); err != nil || len(out) != 0 {
		t.Errorf("%s still knows of %q: %v", c.runtime, out, err)
	}
	return c.run.ProcessState.ExitCode()
}

// finish reads all that is left to read and waits for the runtime.
func (c *container) finish(t *testing.T) {
	t.Helper()
	c.stdout.Rest(t)
	c.stderr.Rest(t)
	var exit *exec.ExitError
	if err := c.run.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
}

// memoryEvents returns a counter of memory.events, over the whole life of the
// container; it can be asked after its end too.
func (c *container) memoryEvents(t *testing.T, name string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.parent, "memory.events"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if count, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.Atoi(strings.TrimSpace(count))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("no %s in memory.events: %s", name, text)
	return 0
}

// startWithLines starts a command and reads what it says.
func startWithLines(cmd *exec.Cmd) (stdout, stderr *heard.Lines, err error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	complaints, err := cmd.StderrPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	return heard.Of("stdout", out), heard.Of("stderr", complaints), nil
}
