package output

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// One at a time, and each in the order in which it came.
func TestTurn(t *testing.T) {
	t.Parallel()
	const writers, rounds = 8, 2000
	turns, err := newTurn(writers)
	if err != nil {
		t.Fatal(err)
	}
	defer turns.close()
	wait := func(fd int) { await(fd, unix.POLLIN) }
	var inside atomic.Int32
	total, done := 0, make(chan struct{}, writers)
	for range writers {
		go func() {
			for range rounds {
				turns.take(wait)
				if inside.Add(1) != 1 {
					t.Error("two at once")
				}
				total++
				inside.Add(-1)
				turns.give()
			}
			done <- struct{}{}
		}()
	}
	for range writers {
		<-done
	}
	if total != writers*rounds {
		t.Errorf("%d turns, want %d", total, writers*rounds)
	}

	var order []int
	turns.take(wait)
	for i := range writers - 1 {
		before := turns.next.Load()
		go func() {
			turns.take(wait)
			order = append(order, i)
			turns.give()
			done <- struct{}{}
		}()
		eventually(t, "queued", func() bool { return turns.next.Load() > before })
	}
	turns.give()
	for range writers - 1 {
		<-done
	}
	if !slices.IsSorted(order) || len(order) != writers-1 {
		t.Errorf("in the order %v", order)
	}
}

// While the reader of stdout stalls, all wait who write to it, and nobody else: not
// who writes to stderr, and not the owner. Then nothing is lost.
func TestAllStalled(t *testing.T) {
	t.Parallel()
	for _, nonblocking := range []bool{false, true} {
		rd, w := pipe(t)
		errR, errW := pipe(t)
		if err := unix.SetNonblock(w, nonblocking); err != nil {
			t.Fatal(err)
		}
		in := &lineReader{t, errR}
		c := carryAll(t, 3, w, errW, func(_ int, want *Want) { want.Silence = true })
		texts := [][]byte{lines(30_000, "a"), lines(30_000, "b"), nil}
		done := make(chan struct{}, 2)
		for i, r := range c.each[:2] {
			go func() {
				writePieces(t, r.end(1), texts[i], 1000)
				done <- struct{}{}
			}()
		}
		for _, r := range c.each[:2] {
			r.stalled()
		}
		c.each[2].send(2, "an error\n")
		in.wants("2 | an error\n")
		eventually(t, "silent", func() bool { return c.each[2].Silence() > 0 })
		// Half a line behind all that waits, and the next generation.
		c.each[2].send(1, "half")
		c.each[2].End()
		if err := c.each[2].Begin(2); err != nil {
			t.Error(err)
		}
		c.each[2].send(1, "next\n")
		all := readAll(rd)
		<-done
		<-done
		c.close()
		unix.Close(w)
		unix.Close(errW)
		unix.Close(errR)
		texts[2] = []byte("half\nnext\n")
		for i, got := range apart(t, all.all(t), c.prefixes()) {
			compare(t, got, texts[i])
		}
	}
}

// What one has written is counted also while another one has the turn and waits for
// the reader.
func TestCountWhileAnotherStalls(t *testing.T) {
	t.Parallel()
	for _, nonblocking := range []bool{false, true} {
		rd, w := pipe(t)
		if err := unix.SetNonblock(w, nonblocking); err != nil {
			t.Fatal(err)
		}
		var counts [2]tally
		c := carryAll(t, 2, w, -1, func(i int, want *Want) {
			prefix := want.Prefix
			*want = counts[i].counting("^x")
			want.Whole, want.Prefix = true, prefix
		})
		noisy, quiet := c.each[0], c.each[1]
		done := make(chan struct{})
		go func() {
			defer close(done)
			writePieces(t, noisy.end(1), lines(30_000, "y"), 1000)
		}()
		noisy.busyFor()
		for i := range 100 {
			quiet.send(1, "x\n")
			counts[1].reaches(t, 1, int64(i)+1)
		}
		// And so is what the noisy one writes, which waits in its own turn.
		all := readAll(rd)
		<-done
		noisy.send(1, "x\n")
		counts[0].reaches(t, 1, 1)
		c.close()
		unix.Close(w)
		for i, got := range apart(t, all.all(t), c.prefixes()) {
			want := append(lines(30_000, "y"), "x\n"...)
			if i == 1 {
				want = []byte(strings.Repeat("x\n", 100))
			}
			compare(t, got, want)
		}
	}
}

// busyFor waits until the target takes no more, where silence is not asked for.
func (r *rig) busyFor() {
	r.t.Helper()
	s := r.streams[0]
	eventually(r.t, "stalled", func() bool {
		return s.busy.Load() && !ready(s.target, unix.POLLOUT)
	})
}

// The reader goes: whoever writes next ends in SIGPIPE, one as the other, and nothing
// is said of it.
func TestAllReaderGone(t *testing.T) {
	t.Parallel()
	rd, w := pipe(t)
	c := carryAll(t, 2, w, -1, nil)
	for _, r := range c.each {
		if state := r.run("printf half"); state != "exit status 0" {
			t.Errorf("with a reader: %s", state)
		}
	}
	unix.Close(rd)
	for _, r := range c.each {
		r.broke(1)
		if state := r.run("echo x"); state != "signal: broken pipe" {
			t.Error(state)
		}
		r.End()
		if err := r.Begin(2); err != nil {
			t.Error(err)
		}
	}
	c.close()
	unix.Close(w)
	if len(c.each[0].said) > 0 {
		t.Errorf("said %q", <-c.each[0].said)
	}
}

// The same while one waits for the reader and the other for its turn. Where another
// reader comes, it finds what is left in the pipe, and then what is written for it.
func TestAllReaderGoneWhileStalled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	rd := openFile(t, path, unix.O_RDONLY|unix.O_NONBLOCK)
	w := openFile(t, path, unix.O_WRONLY)
	c := carryAll(t, 2, w, -1, nil)
	ended := make(chan string, 2)
	for _, r := range c.each {
		cmd := r.command("printf half; exec yes")
		r.start(cmd)
		go func() {
			_ = cmd.Wait()
			ended <- cmd.ProcessState.String()
		}()
		if r == c.each[0] {
			r.busyFor()
		} else {
			turns := r.streams[0].whole.turn
			eventually(t, "queued", func() bool { return turns.next.Load() == turns.now.Load()+2 })
		}
	}
	unix.Close(rd)
	for range c.each {
		if state := <-ended; state != "signal: broken pipe" {
			t.Error(state)
		}
	}
	all := readAll(openFile(t, path, unix.O_RDONLY|unix.O_NONBLOCK))
	for i, r := range c.each {
		eventually(t, "broken", func() bool { return r.streams[0].broken.Load() })
		r.End()
		if err := r.Begin(2); err != nil {
			t.Error(err)
		}
		r.send(1, fmt.Sprintln(i))
		r.taken()
	}
	c.close()
	unix.Close(w)
	got := apart(t, all.all(t), c.prefixes())
	if !bytes.HasSuffix(got[0], []byte("y\n0\n")) || string(got[1]) != "1\n" {
		t.Errorf("got %.60q at the end, and %.60q", got[0][max(0, len(got[0])-60):], got[1])
	}
}

// The other end of a terminal goes.
func TestHangUp(t *testing.T) {
	t.Parallel()
	master, slave := terminal(t)
	c := carryAll(t, 2, slave, slave, nil)
	unix.Close(master)
	for _, r := range c.each {
		r.broke(1)
		if state := r.run("echo x"); state != "signal: broken pipe" {
			t.Error(state)
		}
	}
	c.close()
	unix.Close(slave)
	if len(c.each[0].said) > 0 {
		t.Errorf("said %q", <-c.each[0].said)
	}
}

// A file that is full breaks each carrier, which is said, and mended for the next
// generation.
func TestAllFull(t *testing.T) {
	t.Parallel()
	w := openFile(t, "/dev/full", unix.O_WRONLY)
	c := carryAll(t, 2, w, -1, nil)
	for _, r := range c.each {
		if state := r.run("exec yes"); state != "signal: broken pipe" {
			t.Error(state)
		}
		if got := <-r.said; !strings.HasPrefix(got, "pass on stdout: no space left on device") {
			t.Errorf("said %q", got)
		}
		r.End()
		if err := r.Begin(2); err != nil || r.streams[0].broken.Load() {
			t.Errorf("not mended: %v", err)
		}
	}
	c.close()
	unix.Close(w)
}
