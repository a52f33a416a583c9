package clitest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// fullPipe is a pipe that nobody reads and that takes no more.
func fullPipe(t *testing.T) *os.File {
	t.Helper()
	r, w := pipe(t)
	t.Cleanup(func() { r.Close(); w.Close() })
	raw, err := w.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	// os.Pipe is non-blocking for this process; relance must find it blocking, as
	// a shell makes it.
	err = raw.Control(func(fd uintptr) {
		if err := unix.SetNonblock(int(fd), true); err != nil {
			t.Error(err)
		}
		for err == nil {
			_, err = unix.Write(int(fd), make([]byte, 4096))
		}
		for err = nil; err == nil; {
			_, err = unix.Write(int(fd), []byte{0})
		}
		if err := unix.SetNonblock(int(fd), false); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// slowEnd is what relance says where the end takes more than a second, for whatever reason: a busy
// machine is one.
var slowEnd = regexp.MustCompile(`(?m)^relance: (\S+: )?((mail by|webhook to) \S+: )?all has ended; .*\n?`)

// inTime is what was said, but for that.
func inTime(stderr string) string { return slowEnd.ReplaceAllString(stderr, "") }

// narrow lets a pipe hold a page, some tens of lines.
func narrow(t *testing.T, pipe *os.File) {
	t.Helper()
	if _, err := unix.FcntlInt(pipe.Fd(), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Fatal(err)
	}
}

// A stderr that nobody reads keeps neither relance nor the child waiting, and
// the status is right. Enough is said here to fill the queue as well.
func TestStderrFull(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(relance(), "--restart", "on-failure", "--backoff", "1us..1us", "--give-up", "300/1h",
		"--", "sh", "-c", "echo out; exit 5")
	cmd.Stderr = fullPipe(t)
	r := runCmd(t, cmd)
	if n := strings.Count(r.out, "out\n"); r.status != 5 || n != 300 {
		t.Errorf("status %d after %d runs, want 5 after 300", r.status, n)
	}
}

// The same for a log file that is a pipe: who reads it stalls, and then there is nobody.
func TestLogFilePipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	both, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer both.Close()
	narrow(t, both)
	loop := func() {
		t.Helper()
		r := run(t, relance(), "--log-file", path, "--restart", "on-failure", "--backoff", "1us..1us", "--give-up", "400/1h", "--", "sh", "-c", "echo out; exit 5")
		if n := strings.Count(r.out, "out\n"); r.status != 5 || n != 400 {
			t.Errorf("status %d after %d runs, want 5 after 400", r.status, n)
		}
	}
	loop() // more than the pipe and the queue hold
	cmd := exec.Command(relance(), "--log-file", path, "--restart", "on-failure", "--backoff", "1us..1us", "--give-up", "300/1h",
		"--", "sh", "-c", `[ -e "$0" ] || { echo up; read _; : >"$0"; }; exit 5`, path+".gone")
	gone, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	r := startCmd(t, cmd)
	r.out.want(t, "^up$")
	both.Close()
	gone.Close()
	r.wantEnd(5)
}

// A failed start is told by the status also where it cannot be said.
func TestStderrFullStartFailure(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(relance(), "--", "no-such-command")
	cmd.Stderr = fullPipe(t)
	if r := runCmd(t, cmd); r.status != 127 {
		t.Errorf("status %d, want 127", r.status)
	}
}

// What could not be written is counted, and the count is said when there is room.
func TestStderrLate(t *testing.T) {
	t.Parallel()
	r, w := pipe(t)
	defer r.Close()
	narrow(t, w)
	cmd := exec.Command(relance(), "--restart", "always", "--min-uptime", "0s", "--", "sh", "-c",
		"read n <runs; echo $((n + 1)) >runs; [ $n -lt 400 ] && exit 0; echo done; read line")
	cmd.Dir = t.TempDir()
	write(t, filepath.Join(cmd.Dir, "runs"), "1\n", 0o600)
	cmd.Stderr = w
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	said := newLines()
	first := newLines()
	go first.read(out)
	first.want(t, "^done$")
	go said.read(r)
	said.want(t, `^relance: .* (dropped|missing) here: nobody read`)
	if err := cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	in.Close()
	said.wantClosed(t)
	_ = cmd.Wait() // by TERM or by the end of its input: not what this is about
}
