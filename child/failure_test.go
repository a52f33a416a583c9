package child

import (
	"errors"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// What is said of a program that came to its end, from how its calls ended: the
// errno of each call of PATH=/a:/b, two for each folder: the file, and the shell
// on it if it is a script without #!.
func TestFailure(t *testing.T) {
	const (
		ok      = syscall.Errno(0)
		notHere = unix.ENOENT
		noRight = unix.EACCES
		script  = unix.ENOEXEC
	)
	for _, test := range []struct {
		name   string
		execs  [4]syscall.Errno
		want   string
		status int
	}{
		{"nowhere", [4]syscall.Errno{notHere, ok, notHere, ok}, `run "x": not found in PATH`, 127},
		{"a folder that is a file", [4]syscall.Errno{unix.ENOTDIR, ok, notHere, ok}, `run "x": not found in PATH`, 127},
		{"no right, then nowhere", [4]syscall.Errno{noRight, ok, notHere, ok}, `run "/a/x": permission denied`, 126},
		{"nowhere, then no right", [4]syscall.Errno{notHere, ok, noRight, ok}, `run "/b/x": permission denied`, 126},
		{"no right twice", [4]syscall.Errno{noRight, ok, noRight, ok}, `run "/a/x": permission denied`, 126},
		{"an errno that ends the search", [4]syscall.Errno{unix.ELOOP, ok, ok, ok}, `run "/a/x": too many levels of symbolic links`, 126},
		{"no right, then an end", [4]syscall.Errno{noRight, ok, unix.ETXTBSY, ok}, `run "/b/x": text file busy`, 126},
		// A binary for another machine, or a script, in an image without a shell.
		{"no shell", [4]syscall.Errno{script, notHere, ok, ok}, `run "/a/x": exec format error`, 126},
		{"nowhere, then no shell", [4]syscall.Errno{notHere, ok, script, notHere}, `run "/b/x": exec format error`, 126},
	} {
		s := Settings{Argv: []string{"x"}, Env: []string{"PATH=/a:/b"}}
		p, err := s.program(0, -1)
		if err != nil {
			t.Fatal(err)
		}
		for i, errno := range test.execs {
			p.calls[len(p.calls)-4+i].errno = uintptr(errno)
		}
		got := p.failure()
		if got.Error() != test.want || got.ExitStatus() != test.status {
			t.Errorf("%s: got %q, status %d; want %q, %d", test.name, got, got.ExitStatus(), test.want, test.status)
		}
	}
}

// A step before the exec that is refused is a failure of ours: 125.
func TestStepFailure(t *testing.T) {
	s := Settings{Argv: []string{"x"}, Nice: number(-5)}
	p, err := s.program(0, -1)
	if err != nil {
		t.Fatal(err)
	}
	p.calls[0].errno = uintptr(unix.EPERM)
	got := p.failure()
	if want := "set the nice value to -5: operation not permitted"; got.Error() != want || got.ExitStatus() != 125 || !errors.Is(got, unix.EPERM) {
		t.Errorf("got %q, status %d; want %q, 125", got, got.ExitStatus(), want)
	}
	p.reset()
	if got := p.failure(); got != nil {
		t.Errorf("after reset: got %q, want nothing", got)
	}
}

// The statuses of env(1) and the shell.
func TestStageErrorStatus(t *testing.T) {
	for _, test := range []struct {
		err  StageError
		want int
	}{
		{StageError{Errno: unix.ENOENT}, 125},
		{StageError{Exec: true, Errno: unix.ENOENT}, 127},
		{StageError{Exec: true, Errno: unix.ENOTDIR}, 127},
		{StageError{Exec: true, Errno: unix.EACCES}, 126},
		{StageError{Exec: true, Errno: unix.ENOEXEC}, 126},
		{StageError{Exec: true, Errno: unix.E2BIG}, 126},
	} {
		if got := test.err.ExitStatus(); got != test.want {
			t.Errorf("%+v: got %d, want %d", test.err, got, test.want)
		}
	}
}

// A word that no system call can take is refused before anything is started.
func TestZeroByte(t *testing.T) {
	for _, s := range []Settings{
		{Argv: []string{"x\x00y"}},
		{Argv: []string{"x", "\x00"}},
		{Argv: []string{"x"}, Env: []string{"A=\x00"}},
		{Argv: []string{"x"}, Env: []string{"A=1", "PATH=/\x00"}},
	} {
		if _, err := s.program(0, -1); err == nil {
			t.Errorf("%+v: no error", s)
		}
	}
}
