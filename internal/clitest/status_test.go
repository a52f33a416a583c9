package clitest

import (
	"fmt"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// Every exit status of the child is relance's own.
func TestExitStatus(t *testing.T) {
	t.Parallel()
	for status := 0; status < 256; status += need.Much(15, 1) {
		r := run(t, relance(), "--", "sh", "-c", fmt.Sprintf("exit %d", status))
		if r.status != status || r.out != "" || r.stderr != "" {
			t.Errorf("exit %d: got %+v", status, r)
		}
	}
}

// A signal that ends the child is 128+n, and without flags nothing more is said
// of it: also of XCPU and XFSZ, when no limit was set.
func TestDeathBySignal(t *testing.T) {
	t.Parallel()
	program := misbehave(t)
	for sig := 1; sig <= 64; sig++ {
		switch syscall.Signal(sig) {
		case unix.SIGCHLD, unix.SIGCONT, unix.SIGURG, unix.SIGWINCH:
			continue // ignored unless there is a handler
		case unix.SIGSTOP, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU:
			continue // these stop
		}
		r := run(t, relance(), "--", program, "--quiet", "die", strconv.Itoa(sig))
		if r.status != 128+sig || r.stderr != "" {
			t.Errorf("signal %d: got %+v, want status %d", sig, r, 128+sig)
		}
	}
}

// A signal from outside to the child alone is its end like any other.
func TestKilledChild(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--", raw(t), "print-signals")
	child := pidIn(t, r.out.want(t, `^ready pid=(\d+)$`))
	if err := syscall.Kill(child, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.wantEnd(137)
}

// A command that cannot be started, and a line that cannot be read, are told
// apart by the status, and say something on stderr.
func TestStartFailures(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		words  []string
		status int
	}{
		{[]string{"--", "no-such-command"}, 127},
		{[]string{"--", "/no/such/command"}, 127},
		{[]string{"--", "/etc/passwd/command"}, 127},
		{[]string{"--", ""}, 127},
		{[]string{"--", "/etc/passwd"}, 126},
		{[]string{"--", "/etc"}, 126},
		{[]string{"--nice", "20", "--", "true"}, 125},
		{[]string{"--"}, 125},
		{nil, 125},
	} {
		for _, verb := range [][]string{nil, {"run"}, {"exec"}} {
			words := append(append([]string{}, verb...), test.words...)
			r := runCmd(t, exec.Command(relance(), words...))
			if r.status != test.status || r.out != "" || r.stderr == "" {
				t.Errorf("relance %q: got %+v, want status %d and a line", words, r, test.status)
			}
		}
	}
}
