package output

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	waits "relance/internal/await"
)

const patience = waits.Patience

// rig is a carrier at work, and what it said.
type rig struct {
	*Carrier
	t    testing.TB
	said chan string
	over sync.Once
}

// carry opens a carrier for two descriptors and runs it.
func carry(t *testing.T, out, errs int) *rig {
	t.Helper()
	return carryFor(t, out, errs, Want{Silence: true})
}

// carryFor is carry for that.
func carryFor(t testing.TB, out, errs int, want Want) *rig {
	t.Helper()
	r := &rig{t: t, said: make(chan string, 16)}
	c, err := open(out, errs, [3]bool{}, func(line string) { r.said <- line }, want)
	if err != nil {
		t.Fatal(err)
	}
	r.Carrier = c
	for _, s := range c.Streams() {
		go s.Run()
	}
	if err := c.Begin(1); err != nil {
		t.Fatal(err)
	}
	return r
}

// close closes the carrier, which must not take long.
func (r *rig) close() {
	r.t.Helper()
	r.over.Do(func() {
		done := make(chan struct{})
		go func() { r.Close(); close(done) }()
		select {
		case <-done:
		case <-time.After(patience):
			r.t.Fatal("Close does not return")
		}
	})
}

// end is the descriptor that stands for fd in the command.
func (r *rig) end(fd int) int {
	for _, e := range r.Ends() {
		if e.FD == fd {
			return e.From
		}
	}
	r.t.Fatalf("descriptor %d is not carried", fd)
	return -1
}

// command is a shell script whose output is carried.
func (r *rig) command(script string, args ...string) *exec.Cmd {
	cmd := exec.Command("sh", append([]string{"-c", script, "sh"}, args...)...)
	for _, e := range r.Ends() {
		fd, err := unix.FcntlInt(uintptr(e.From), unix.F_DUPFD_CLOEXEC, 3)
		if err != nil {
			r.t.Fatal(err)
		}
		f := os.NewFile(uintptr(fd), "output")
		r.t.Cleanup(func() { f.Close() })
		if e.FD == 1 {
			cmd.Stdout = f
		} else {
			cmd.Stderr = f
		}
	}
	return cmd
}

// start starts a command, and lets nothing but it have the ends it was given.
func (r *rig) start(cmd *exec.Cmd) {
	r.t.Helper()
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	for _, f := range []any{cmd.Stdout, cmd.Stderr} {
		if f, ok := f.(*os.File); ok && f != nil {
			f.Close()
		}
	}
}

// run runs a script to its end and returns how it ended.
func (r *rig) run(script string, args ...string) string {
	r.t.Helper()
	cmd := r.command(script, args...)
	r.start(cmd)
	_ = cmd.Wait() // told by the state
	return cmd.ProcessState.String()
}

// pipe returns the ends of a pipe that blocks, as a shell makes it.
func pipe(t testing.TB) (r, w int) {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	return fds[0], fds[1]
}

func sockets(t *testing.T, kind int) (a, b int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return fds[0], fds[1]
}

// between is a pipe or a socket: where it is read, and what to write to.
func between(t *testing.T, kind string) (rd, w int) {
	t.Helper()
	if kind == "socket" {
		w, rd = sockets(t, unix.SOCK_STREAM)
		return rd, w
	}
	return pipe(t)
}

// fifo is a pipe with a name, under which another reader can open it.
func fifo(t *testing.T) (path string, rd, w int) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, openFile(t, path, unix.O_RDONLY|unix.O_NONBLOCK), openFile(t, path, unix.O_WRONLY)
}

func openFile(t *testing.T, path string, flags int) int {
	t.Helper()
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

// reader reads fd to its end, in a goroutine.
type reader struct {
	text []byte
	done chan struct{}
}

func readAll(fd int) *reader {
	r := &reader{done: make(chan struct{})}
	go func() {
		defer close(r.done)
		f := os.NewFile(uintptr(fd), "reader")
		defer f.Close()
		r.text, _ = io.ReadAll(f)
	}()
	return r
}

// all is what was read, once the writers have gone.
func (r *reader) all(t testing.TB) []byte {
	t.Helper()
	select {
	case <-r.done:
	case <-time.After(patience):
		t.Fatal("the reader has not come to an end")
	}
	return r.text
}

// garbage is a file of random bytes, and what is in it.
func garbage(t testing.TB, size int) (path string, text []byte) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, uint64(size)))
	text = make([]byte, 0, size+8)
	for len(text) < size {
		v := random.Uint64()
		text = append(text, byte(v), byte(v>>8), byte(v>>16), byte(v>>24), byte(v>>32), byte(v>>40), byte(v>>48), byte(v>>56))
	}
	text = text[:size]
	path = filepath.Join(t.TempDir(), "garbage")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, text
}

func compare(t testing.TB, got, want []byte) {
	t.Helper()
	if sha256.Sum256(got) == sha256.Sum256(want) {
		return
	}
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	t.Errorf("%d bytes, want %d; the first difference is at %d", len(got), len(want), at)
}

// stalled waits until the reader takes no more, which is no silence, however long.
func (r *rig) stalled() {
	r.t.Helper()
	eventually(r.t, "stalled, and not silent for a while", func() bool {
		for began := clock(); clock() < began+50*time.Millisecond; {
			if r.Silence() != 0 {
				return false // not yet: something is still taken
			}
		}
		return true
	})
}

// broke waits until the descriptor that stands for fd is broken, and nobody can read any more
// what is written to it: the stream is known to be before its end is closed, and whoever starts
// a process, as other tests do meanwhile, has that in a copy for a while, up to the exec.
func (r *rig) broke(fd int) {
	r.t.Helper()
	eventually(r.t, "broken", func() bool {
		for _, s := range r.streams {
			if s.write == r.end(fd) {
				return s.broken.Load() && ready(s.write, unix.POLLERR)
			}
		}
		return false
	})
}

var eventually = waits.Until

// lines is n numbered lines, alternately with the words.
func lines(n int, words ...string) []byte {
	var b bytes.Buffer
	for i := range n {
		for _, word := range words {
			fmt.Fprintf(&b, "%s %d\n", word, i)
		}
	}
	return b.Bytes()
}
