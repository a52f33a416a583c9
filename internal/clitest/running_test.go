package clitest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"relance/internal/await"
)

const patience = await.Patience

// running is a program that a test has started.
type running struct {
	t    testing.TB
	cmd  *exec.Cmd
	pid  int
	out  *lines
	errs *lines
	done chan struct{}
}

// start starts a program; its output can be waited for line by line. What is
// left of it when the test ends is killed. A stdout that the command has already
// is left to the test.
func start(t testing.TB, words ...string) *running {
	t.Helper()
	return startCmd(t, exec.Command(words[0], words[1:]...))
}

func startCmd(t testing.TB, cmd *exec.Cmd) *running {
	t.Helper()
	r := &running{t: t, cmd: cmd, out: newLines(), errs: newLines(), done: make(chan struct{})}
	errR, errW := pipe(t)
	cmd.Stderr = errW
	if cmd.Stdout == nil {
		outR, outW := pipe(t)
		cmd.Stdout = outW
		defer outW.Close()
		defer func() { go r.out.read(outR) }()
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	errW.Close()
	r.pid = cmd.Process.Pid
	go r.errs.read(errR)
	go func() {
		// Only the end of the process is waited for, not that of its output,
		// which what it left behind may keep open.
		_ = cmd.Wait()
		close(r.done)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // mostly gone
		<-r.done
		if t.Failed() {
			t.Logf("%q\nstderr:\n%s\nstdout:\n%s", cmd.Args, r.errs.all(), r.out.all()) // relance's lines first: the output may be long
		}
	})
	return r
}

func pipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

// signal sends sig to the program itself.
func (r *running) signal(sig syscall.Signal) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(sig); err != nil {
		r.t.Fatalf("signal %d: %v", sig, err)
	}
}

// wantEnd waits for the end and compares the exit status; -n is the death by
// signal n.
func (r *running) wantEnd(status int) {
	r.t.Helper()
	if got := r.end(); got != status {
		r.t.Fatalf("%q: status %d, want %d", r.cmd.Args, got, status)
	}
}

// end waits for the end and returns the exit status.
func (r *running) end() int {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(patience):
		r.t.Fatalf("%q has not ended", r.cmd.Args)
	}
	return statusOf(r.cmd.ProcessState)
}

func statusOf(s *os.ProcessState) int {
	status := s.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return -int(status.Signal())
	}
	return status.ExitStatus()
}

// result is how a program ended that ran to its end.
type result struct {
	status      int
	out, stderr string
}

// run runs a program to its end.
func run(t testing.TB, words ...string) result {
	t.Helper()
	return runCmd(t, exec.Command(words[0], words[1:]...))
}

func runCmd(t testing.TB, cmd *exec.Cmd) result {
	t.Helper()
	var out, errs bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &errs
	}
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%q: %v", cmd.Args, err)
	}
	return result{statusOf(cmd.ProcessState), out.String(), errs.String()}
}

// pidIn is the pid that the first group of a pattern matched.
func pidIn(t testing.TB, groups []string) int {
	t.Helper()
	pid, err := strconv.Atoi(groups[1])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

var eventually = await.Until
