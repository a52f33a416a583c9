package signals

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Signals come with their sender; those that carry a value come all, each once,
// and of a standard signal none is invented.
func TestSource(t *testing.T) {
	for _, sig := range []unix.Signal{unix.SIGHUP, unix.SIGTERM, unix.SIGINT, unix.SIGUSR1, unix.SIGWINCH, unix.SIGTSTP, unix.SIGCHLD, 35, 64} {
		if err := unix.Kill(os.Getpid(), sig); err != nil {
			t.Fatal(err)
		}
		got := next()
		if got.Number != sig || got.Sender != os.Getpid() || got.UID != os.Getuid() || got.FromKernel || got.Queued {
			t.Errorf("kill %s: got %+v", Name(sig), got)
		}
	}

	const n = 300 // more than Run reads at once
	for i := range n {
		if err := Queue(os.Getpid(), 40, uint64(i)); err != nil {
			t.Fatal(err)
		}
	}
	// Two threads may take two of them at one moment, and either write first.
	var seen [n]bool
	for range n {
		got := next()
		if got.Number != 40 || !got.Queued || got.Value >= n || seen[got.Value] {
			t.Fatalf("queued signal: got %+v", got)
		}
		seen[got.Value] = true
	}

	// SIGPIPE from a write into a broken pipe looks as if we had sent it.
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	unix.Close(fds[0])
	unix.Write(fds[1], []byte("x"))
	if got := next(); got.Number != unix.SIGPIPE || got.Sender != os.Getpid() {
		t.Errorf("broken pipe: got %+v", got)
	}
}
