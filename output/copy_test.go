package output

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	waits "relance/internal/await"
)

// Ten megabytes of anything arrive as they are, wherever they go.
func TestBytes(t *testing.T) {
	t.Parallel()
	path, text := garbage(t, 10<<20)
	folder := t.TempDir()
	fifo, file, log := filepath.Join(folder, "fifo"), filepath.Join(folder, "file"), filepath.Join(folder, "log")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	before := []byte("from before\n")
	if err := os.WriteFile(log, before, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		splices bool
		// to returns the descriptor to write to, and what reads what was written.
		to func(t *testing.T) (int, func() []byte)
	}{
		{"pipe", true, func(t *testing.T) (int, func() []byte) {
			r, w := pipe(t)
			all := readAll(r)
			return w, func() []byte { return all.all(t) }
		}},
		{"non-blocking pipe", true, func(t *testing.T) (int, func() []byte) {
			r, w := pipe(t)
			if err := unix.SetNonblock(w, true); err != nil {
				t.Fatal(err)
			}
			all := readAll(r)
			return w, func() []byte { return all.all(t) }
		}},
		{"FIFO", true, func(t *testing.T) (int, func() []byte) {
			r := openFile(t, fifo, unix.O_RDONLY|unix.O_NONBLOCK)
			w := openFile(t, fifo, unix.O_WRONLY)
			all := readAll(r)
			return w, func() []byte { return all.all(t) }
		}},
		{"file", false, func(t *testing.T) (int, func() []byte) {
			return openFile(t, file, unix.O_WRONLY|unix.O_CREAT), func() []byte { return contents(t, file) }
		}},
		{"file to append to", false, func(t *testing.T) (int, func() []byte) {
			return openFile(t, log, unix.O_WRONLY|unix.O_APPEND), func() []byte { return contents(t, log)[len(before):] }
		}},
		{"socket", false, func(t *testing.T) (int, func() []byte) {
			a, b := sockets(t, unix.SOCK_STREAM)
			all := readAll(b)
			return a, func() []byte { return all.all(t) }
		}},
		{"non-blocking socket", false, func(t *testing.T) (int, func() []byte) {
			a, b := sockets(t, unix.SOCK_STREAM|unix.SOCK_NONBLOCK)
			all := readAll(b)
			return a, func() []byte { return all.all(t) }
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fd, read := test.to(t)
			r := carry(t, fd, -1)
			if state := r.run(`cat "$1"`, path); state != "exit status 0" {
				t.Errorf("cat: %s", state)
			}
			r.close()
			unix.Close(fd)
			compare(t, read(), text)
			if got := r.Streams()[0].splices; got != test.splices {
				t.Errorf("splices: %v", got)
			}
		})
	}
}

// Where the kernel refuses to splice, as to a file that is appended to, the bytes
// are copied.
func TestSpliceRefused(t *testing.T) {
	t.Parallel()
	path, text := garbage(t, 1<<20)
	log := filepath.Join(t.TempDir(), "log")
	w := openFile(t, log, unix.O_WRONLY|unix.O_CREAT|unix.O_APPEND)
	defer unix.Close(w)
	c, err := open(w, -1, [3]bool{}, nil, Want{Silence: true})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{Carrier: c, t: t}
	c.streams[0].splices = true
	go c.streams[0].Run()
	r.run(`cat "$1"`, path)
	r.close()
	compare(t, contents(t, log), text)
	if c.streams[0].splices {
		t.Error("still splices")
	}
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A device that only takes bytes is carried too: silence matters there as well.
func TestDevNull(t *testing.T) {
	t.Parallel()
	fd := openFile(t, os.DevNull, unix.O_WRONLY)
	defer unix.Close(fd)
	path, _ := garbage(t, 1<<20)
	r := carry(t, fd, fd)
	if state := r.run(`cat "$1"; cat "$1" >&2`, path); state != "exit status 0" {
		t.Error(state)
	}
	r.close()
}

// The two streams do not mix.
func TestTwoStreams(t *testing.T) {
	t.Parallel()
	outR, outW := pipe(t)
	errR, errW := pipe(t)
	out, errs := readAll(outR), readAll(errR)
	r := carry(t, outW, errW)
	r.run(`i=0; while [ $i -lt 500 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done`)
	r.close()
	unix.Close(outW)
	unix.Close(errW)
	compare(t, out.all(t), lines(500, "out"))
	compare(t, errs.all(t), lines(500, "err"))
}

// Where both are one open file, as after 2>&1, the order is kept.
func TestOrder(t *testing.T) {
	t.Parallel()
	rd, w := pipe(t)
	all := readAll(rd)
	dup, err := unix.FcntlInt(uintptr(w), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		t.Fatal(err)
	}
	r := carry(t, w, dup)
	if ends := r.Ends(); len(ends) != 2 || ends[0].From != ends[1].From {
		t.Errorf("ends %v", ends)
	}
	r.run(`i=0; while [ $i -lt 500 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done`)
	r.close()
	unix.Close(w)
	unix.Close(dup)
	compare(t, all.all(t), lines(500, "out", "err"))
}

// Descriptors that others have too are left as they are, and the two ends of our
// pipe do not share what we set on ours.
func TestFlags(t *testing.T) {
	t.Parallel()
	for _, set := range []int{0, unix.O_NONBLOCK} {
		rd, w := pipe(t)
		if err := unix.SetNonblock(w, set != 0); err != nil {
			t.Fatal(err)
		}
		r := carry(t, w, -1)
		r.run("echo x")
		flags, err := unix.FcntlInt(uintptr(w), unix.F_GETFL, 0)
		if err != nil || flags&unix.O_NONBLOCK != set {
			t.Errorf("target: flags %#x, %v", flags, err)
		}
		flags, err = unix.FcntlInt(uintptr(r.end(1)), unix.F_GETFL, 0)
		if err != nil || flags&unix.O_NONBLOCK != 0 {
			t.Errorf("the command's end: flags %#x, %v", flags, err)
		}
		// Ours: it waits in poll(2) only, whoever else reads from the pipe.
		flags, err = unix.FcntlInt(uintptr(r.Streams()[0].read), unix.F_GETFL, 0)
		if err != nil || flags&unix.O_NONBLOCK == 0 {
			t.Errorf("our end: flags %#x, %v", flags, err)
		}
		r.close()
		unix.Close(rd)
		unix.Close(w)
	}
}

// A process that keeps the pipe open is not waited for.
func TestKept(t *testing.T) {
	t.Parallel()
	rd, w := pipe(t)
	all := readAll(rd)
	r := carry(t, w, -1)
	pid := filepath.Join(t.TempDir(), "pid")
	r.run(`sleep 1000 & echo $! >"$1"; echo done`, pid)
	r.close()
	kill(t, contents(t, pid))
	unix.Close(w)
	if text := string(all.all(t)); text != "done\n" {
		t.Errorf("got %q", text)
	}
}

// Nor is one that writes for ever listened to for ever: what was there when the
// end came is all there is, although the pipe is never empty.
func TestKeptAndWritten(t *testing.T) {
	t.Parallel()
	rd, w := pipe(t)
	r := carry(t, w, -1)
	pid := filepath.Join(t.TempDir(), "pid")
	r.run(`yes & echo $! >"$1"`, pid)
	r.busyFor()
	total := make(chan int)
	go func() {
		defer unix.Close(rd)
		waits.Seen(r.streams[0].closing.Load) // what is read before the end is as much as there is time for
		buf, sum := make([]byte, 4096), 0
		for {
			time.Sleep(time.Millisecond) // slower than any writer
			n, err := unix.Read(rd, buf)
			if n <= 0 && err != unix.EINTR {
				break
			}
			sum += n
		}
		total <- sum
	}()
	r.close()
	kill(t, contents(t, pid))
	unix.Close(w)
	// One pipe full in each of the two.
	if n := <-total; n < 64<<10 || n > 256<<10 {
		t.Errorf("got %d bytes", n)
	}
}
