package output

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func kill(t *testing.T, pid []byte) {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(string(pid)))
	if err == nil {
		err = unix.Kill(n, unix.SIGKILL)
	}
	if err != nil {
		t.Error(err)
	}
}

// While the reader stalls the command waits in its write, it is not silent, and
// nothing is lost.
func TestStalledReader(t *testing.T) {
	t.Parallel()
	path, text := garbage(t, 1<<20)
	for _, nonblocking := range []bool{false, true} {
		for _, target := range []string{"pipe", "socket"} {
			rd, w := between(t, target)
			if err := unix.SetNonblock(w, nonblocking); err != nil {
				t.Fatal(err)
			}
			r := carry(t, w, -1)
			cmd := r.command(`cat "$1"`, path)
			r.start(cmd)
			r.stalled()
			all := readAll(rd)
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
			// And then it is: what was seen before was not for want of a clock.
			eventually(t, "silent", func() bool { return r.Silence() > 20*time.Millisecond })
			r.close()
			unix.Close(w)
			compare(t, all.all(t), text)
		}
	}
}

// What is no silence, one by one: bytes that are still in the pipe, and bytes that
// were taken and cannot be written.
func TestNoSilence(t *testing.T) {
	t.Parallel()
	const long = 20 * time.Millisecond
	t.Run("in the pipe", func(t *testing.T) {
		t.Parallel()
		w := openFile(t, os.DevNull, unix.O_WRONLY)
		defer unix.Close(w)
		c, err := open(w, -1, [3]bool{}, nil, Want{Silence: true})
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "silent", func() bool { return c.Silence() > long })
		if _, err := unix.Write(c.streams[0].write, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if silence := c.Silence(); silence != 0 {
			t.Errorf("silent for %v", silence)
		}
		go c.streams[0].Run()
		c.Close()
	})
	t.Run("in our hands", func(t *testing.T) {
		t.Parallel()
		w, rd := sockets(t, unix.SOCK_STREAM)
		for {
			_, err := unix.SendmsgN(w, make([]byte, 4096), nil, nil, unix.MSG_DONTWAIT)
			if err == unix.EAGAIN {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		r := carry(t, w, -1)
		r.run("echo x")
		eventually(t, "taken", func() bool {
			n, err := unix.IoctlGetInt(r.streams[0].read, unix.TIOCINQ)
			return n == 0 && err == nil
		})
		r.stalled()
		if n, err := unix.IoctlGetInt(r.streams[0].read, unix.TIOCINQ); n != 0 || err != nil {
			t.Errorf("%d bytes are in the pipe, %v", n, err)
		}
		readAll(rd)
		r.close()
		unix.Close(w)
	})
}

// A command can be killed while a reader stalls: a pipe that the kernel keeps
// locked for as long would not let it die.
func TestKillWhileStalled(t *testing.T) {
	t.Parallel()
	w, rd := sockets(t, unix.SOCK_STREAM)
	r := carry(t, w, -1)
	cmd := r.command("exec cat /dev/zero")
	r.start(cmd)
	r.stalled()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	dead := make(chan error, 1)
	go func() { dead <- cmd.Wait() }()
	select {
	case <-dead:
	case <-time.After(patience):
		t.Fatal("not dead")
	}
	readAll(rd)
	r.close()
	unix.Close(w)
}

// The reader goes: the next write of the command ends in SIGPIPE, and nothing is
// said of that, for the bare command would not say it either.
func TestReaderGone(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"pipe", "socket"} {
		rd, w := between(t, target)
		r := carry(t, w, -1)
		if state := r.run("echo x"); state != "exit status 0" {
			t.Errorf("%s: with a reader: %s", target, state)
		}
		unix.Close(rd)
		r.broke(1)
		for range 2 {
			if state := r.run("echo x"); state != "signal: broken pipe" {
				t.Errorf("%s: %s", target, state)
			}
			// Nor is there anything to mend.
			if err := r.Begin(2); err != nil {
				t.Error(err)
			}
		}
		if silence := r.Silence(); silence != 0 {
			t.Errorf("%s: silent for %v, and nobody can tell", target, silence)
		}
		r.close()
		unix.Close(w)
		if len(r.said) > 0 {
			t.Errorf("%s: %q", target, <-r.said)
		}
	}
}

// A reader that goes while the command waits for it.
func TestReaderGoneWhileStalled(t *testing.T) {
	t.Parallel()
	rd, w := pipe(t)
	r := carry(t, w, -1)
	cmd := r.command("exec cat /dev/zero")
	r.start(cmd)
	r.busyFor()
	unix.Close(rd)
	_ = cmd.Wait()
	if state := cmd.ProcessState.String(); state != "signal: broken pipe" {
		t.Error(state)
	}
	r.close()
	unix.Close(w)
}

// The last reader of a FIFO goes, and another comes: the next generation is read.
func TestFIFOAgain(t *testing.T) {
	t.Parallel()
	path, rd, w := fifo(t)
	r := carry(t, w, -1)
	unix.Close(rd)
	cmd := r.command("exec yes")
	r.start(cmd)
	_ = cmd.Wait()
	if state := cmd.ProcessState.String(); state != "signal: broken pipe" {
		t.Errorf("without a reader: %s", state)
	}
	if err := r.Begin(2); err != nil || !r.Streams()[0].broken.Load() {
		t.Errorf("mended without a reader: %v", err)
	}
	all := readAll(openFile(t, path, unix.O_RDONLY|unix.O_NONBLOCK))
	if err := r.Begin(2); err != nil {
		t.Error(err)
	}
	if state := r.run("echo again"); state != "exit status 0" {
		t.Errorf("with a new reader: %s", state)
	}
	r.close()
	unix.Close(w)
	if got := string(all.all(t)); got != "again\n" {
		t.Errorf("read %q", got)
	}
}

// Between two writes nobody need read a FIFO. The control: for a pipe that is the end.
func TestFIFOReaderReturns(t *testing.T) {
	t.Parallel()
	path, rd, w := fifo(t)
	of, other := pipe(t)
	r, control := carry(t, w, -1), carry(t, other, -1)
	unix.Close(rd)
	unix.Close(of)
	eventually(t, "broken", func() bool { return control.Streams()[0].broken.Load() })
	all := readAll(openFile(t, path, unix.O_RDONLY|unix.O_NONBLOCK))
	if state := r.run("echo again"); state != "exit status 0" {
		t.Errorf("with a new reader: %s", state)
	}
	for _, r := range []*rig{r, control} {
		r.close()
	}
	unix.Close(w)
	unix.Close(other)
	if got := string(all.all(t)); got != "again\n" {
		t.Errorf("read %q", got)
	}
}

// A device that is full: the command gets SIGPIPE, a line says why, and the next
// generation may try again.
func TestFull(t *testing.T) {
	t.Parallel()
	w := openFile(t, "/dev/full", unix.O_WRONLY)
	defer unix.Close(w)
	r := carry(t, w, -1)
	for range 2 {
		if state := r.run("exec yes"); state != "signal: broken pipe" {
			t.Error(state)
		}
		const want = "pass on stdout: no space left on device; closed, and who writes to it gets SIGPIPE"
		if got := <-r.said; got != want {
			t.Errorf("said %q", got)
		}
		if err := r.Begin(2); err != nil || r.Streams()[0].broken.Load() {
			t.Errorf("not mended: %v", err)
		}
	}
	r.close()
}

// A stream for which there is no new pipe: that is told, its writers get SIGPIPE, the
// other one goes on, and the next generation tries again. Not parallel: nobody in this
// process can open anything meanwhile.
func TestNoNewPipe(t *testing.T) {
	full, null := openFile(t, "/dev/full", unix.O_WRONLY), openFile(t, os.DevNull, unix.O_WRONLY)
	defer unix.Close(full)
	defer unix.Close(null)
	r := carry(t, full, null)
	broken := &r.Streams()[0].broken
	if state := r.run("exec yes"); state != "signal: broken pipe" {
		t.Error(state)
	}
	<-r.said
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	err := r.Begin(2)
	if back := unix.Setrlimit(unix.RLIMIT_NOFILE, &old); back != nil {
		t.Fatal(back)
	}
	const want = "make a new pipe for stdout: too many open files; who writes to it gets SIGPIPE until the next generation"
	if err == nil || err.Error() != want || !broken.Load() {
		t.Errorf("got %v", err)
	}
	if state := r.run("echo x >&2 && exec yes"); state != "signal: broken pipe" {
		t.Error(state)
	}
	if err := r.Begin(3); err != nil || broken.Load() {
		t.Errorf("not mended when it could be: %v", err)
	}
	r.close()
}

// Of a stream whose reader has gone nobody knows whether the command still writes to
// it, and then the silence of the other one says nothing.
func TestSilenceOfHalf(t *testing.T) {
	t.Parallel()
	rd, w := pipe(t)
	null := openFile(t, os.DevNull, unix.O_WRONLY)
	defer unix.Close(w)
	defer unix.Close(null)
	r := carry(t, w, null)
	eventually(t, "silent", func() bool { return r.Silence() > 0 })
	unix.Close(rd)
	eventually(t, "broken", func() bool { return r.Streams()[0].broken.Load() })
	if silence := r.Silence(); silence != 0 {
		t.Errorf("silent for %v, and nobody can tell", silence)
	}
	r.close()
}

// Silence counts from the last byte, of either stream, or from the start of the
// generation.
func TestSilence(t *testing.T) {
	t.Parallel()
	out, errs := openFile(t, os.DevNull, unix.O_WRONLY), openFile(t, os.DevNull, unix.O_WRONLY)
	defer unix.Close(out)
	defer unix.Close(errs)
	r := carry(t, out, errs)
	const long = 50 * time.Millisecond
	for _, then := range []func(){
		func() { r.run("echo x") },
		func() { r.run("echo x >&2") },
		func() {
			if err := r.Begin(2); err != nil {
				t.Error(err)
			}
		},
	} {
		eventually(t, "silent", func() bool { return r.Silence() > long })
		before := clock()
		then()
		eventually(t, "heard", func() bool {
			silence := r.Silence()
			return silence <= clock()-before
		})
	}
	r.close()
}
