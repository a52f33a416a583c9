package signals

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Signals come with their sender; those that carry a value keep order, number
// and value, and of a standard signal none is invented.
func TestSource(t *testing.T) {
	runtime.LockOSThread()
	s, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	out := make(chan Signal)
	go s.Run(out)

	for _, sig := range []unix.Signal{unix.SIGHUP, unix.SIGTERM, unix.SIGINT, unix.SIGUSR1, unix.SIGWINCH, unix.SIGTSTP, unix.SIGCHLD, 35, 64} {
		if err := unix.Kill(os.Getpid(), sig); err != nil {
			t.Fatal(err)
		}
		got := <-out
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
	for i := range n {
		if got := <-out; got.Number != 40 || !got.Queued || got.Value != uint64(i) {
			t.Fatalf("queued signal %d: got %+v", i, got)
		}
	}

	// SIGPIPE from a write into a broken pipe looks as if we had sent it.
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	unix.Close(fds[0])
	unix.Write(fds[1], []byte("x"))
	if got := <-out; got.Number != unix.SIGPIPE || got.Sender != os.Getpid() {
		t.Errorf("broken pipe: got %+v", got)
	}
}
