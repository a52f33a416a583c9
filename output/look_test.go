package output

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// tally counts as requests.Counter does: what was served by each generation.
type tally [8]atomic.Int64

func (c *tally) serve(gen int, n int64) { c[gen].Add(n) }

// counting is for lines of both streams that a regexp matches.
func (c *tally) counting(expr string) Want {
	return Want{Stdout: true, Stderr: true, Matches: regexp.MustCompile(expr).Match, Count: c.serve}
}

// reaches waits until a generation has served so many.
func (c *tally) reaches(t *testing.T, gen int, n int64) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d lines of generation %d", n, gen), func() bool { return c[gen].Load() >= n })
}

// served compares what each generation has served, from the first one on.
func (c *tally) served(t *testing.T, want ...int64) {
	t.Helper()
	for gen := range c {
		var n int64
		if gen > 0 && gen <= len(want) {
			n = want[gen-1]
		}
		if got := c[gen].Load(); got != n {
			t.Errorf("generation %d: %d lines, want %d", gen, got, n)
		}
	}
}

// send writes to a descriptor of the command as this process.
func (r *rig) send(fd int, text string) {
	r.t.Helper()
	if _, err := unix.Write(r.end(fd), []byte(text)); err != nil {
		r.t.Fatal(err)
	}
}

// A thousand lines are a thousand, wherever they go and however they come, among
// all that lines may be; and the bytes are the same.
func TestCount(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	for i := range 1000 {
		fmt.Fprintf(&text, "GET /%d 200%s\n", i, [...]string{"", "\r"}[i%2])
		fmt.Fprintf(&text, "\x00\xff%s GET %d\n\n", strings.Repeat("y", i*7%501), i)
	}
	long := strings.Repeat("GET ", 10<<18)
	text.WriteString(long + "\nhalf a GET")
	path := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tees := range []bool{true, false} {
		for _, size := range []int{1, 13, 4097, 1 << 20} {
			for _, target := range []string{"pipe", "socket", "file"} {
				if size == 1 && target != "pipe" {
					continue
				}
				t.Run(fmt.Sprintf("%s by %d, tee %v", target, size, tees), func(t *testing.T) {
					t.Parallel()
					rd, w, file := -1, -1, filepath.Join(t.TempDir(), "file")
					if target == "file" {
						w = openFile(t, file, unix.O_WRONLY|unix.O_CREAT)
					} else {
						rd, w = between(t, target)
					}
					var all *reader
					if rd >= 0 {
						all = readAll(rd)
					}
					var c tally
					want := c.counting(`^GET /\d+ 200$|^half a GET$|^(GET )+$`)
					r := &rig{t: t}
					var err error
					if r.Carrier, err = open(w, -1, [3]bool{}, func(string) {}, want); err != nil {
						t.Fatal(err)
					}
					r.streams[0].look.tees = tees
					go r.streams[0].Run()
					if err := r.Begin(1); err != nil {
						t.Fatal(err)
					}
					// The long line is most of it, and takes long by a few bytes.
					count, most := text.Len()/size+1, need.Much(5_000, 20_000)
					if size > 1 {
						most = need.Much(most, count)
					}
					count = min(count, most)
					if state := r.run(`dd if="$1" bs=$2 count=$3 2>/dev/null`, path, fmt.Sprint(size), fmt.Sprint(count)); state != "exit status 0" {
						t.Error(state)
					}
					r.close()
					unix.Close(w)
					carried := text.Bytes()[:min(text.Len(), size*count)]
					if rd >= 0 {
						compare(t, all.all(t), carried)
					} else {
						compare(t, contents(t, file), carried)
					}
					lines := int64(1002)
					if len(carried) < text.Len() {
						lines = int64(len(regexp.MustCompile(`(?m)^GET /\d+ 200\r?$`).FindAll(carried, -1)))
					}
					c.served(t, lines)
				})
			}
		}
	}
}

// Each stream has its own lines, and those of the other one do not count unless
// they should.
func TestCountStreams(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		out, errs, silence bool
		want               int64
		carried            int
	}{
		{true, true, false, 30, 2}, {true, false, false, 10, 1}, {false, true, false, 20, 1},
		{true, false, true, 10, 2}, {false, true, true, 20, 2},
	} {
		outR, outW := pipe(t)
		errR, errW := pipe(t)
		out, errs := readAll(outR), readAll(errR)
		var c tally
		want := c.counting("x")
		want.Stdout, want.Stderr, want.Silence = test.out, test.errs, test.silence
		r := carryFor(t, outW, errW, want)
		if n := len(r.Ends()); n != test.carried {
			t.Errorf("%+v: carries %d", test, n)
		}
		for _, e := range r.Ends() {
			for i := range 10 * e.FD {
				// Halves of two lines that meet in no line.
				r.send(e.FD, fmt.Sprintf("x %d", i))
				r.send(e.FD, "\n")
			}
		}
		if test.silence {
			eventually(t, "silent", func() bool { return r.Silence() > 20*time.Millisecond })
		}
		r.close()
		unix.Close(outW)
		unix.Close(errW)
		c.served(t, test.want)
		out.all(t)
		errs.all(t)
	}
}

// What is written is counted although nobody reads it: until the command itself
// waits, it is served, and no reader may put off what follows from that.
func TestCountWhileStalled(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"pipe", "non-blocking pipe", "socket"} {
		rd, w := between(t, strings.TrimPrefix(target, "non-blocking "))
		if err := unix.SetNonblock(w, target == "non-blocking pipe"); err != nil {
			t.Fatal(err)
		}
		var c tally
		r := carryFor(t, w, -1, c.counting("^[xy]+$"))
		// Until the command would wait in its write.
		if err := unix.SetNonblock(r.end(1), true); err != nil {
			t.Fatal(err)
		}
		line := strings.Repeat("x", 1023) + "\n"
		var written int64
		full := func() bool {
			_, err := unix.Write(r.end(1), []byte(line))
			if err == nil {
				written++
			}
			return err == unix.EAGAIN
		}
		eventually(t, "stalled", func() bool {
			for !full() {
			}
			// What is taken until then makes room; all that was written has been looked at.
			return !ready(w, unix.POLLOUT) && c[1].Load() == written && full()
		})
		c.reaches(t, 1, written)
		c.served(t, written)
		// A little room, and each line is heard of at once.
		for range 200 {
			buf := make([]byte, 8<<10)
			if _, err := unix.Read(rd, buf); err != nil {
				t.Fatal(err)
			}
			for !full() {
				c.reaches(t, 1, written)
			}
		}
		c.served(t, written)
		all := readAll(rd)
		r.close()
		unix.Close(w)
		if n := len(all.all(t)); n == 0 {
			t.Error("nothing was left to read")
		}
		c.served(t, written)
	}
}

// The reader goes, and the command ends as ever; with a new reader all goes on.
func TestCountReaderGone(t *testing.T) {
	t.Parallel()
	path, rd, w := fifo(t)
	var c tally
	r := carryFor(t, w, -1, c.counting("^y$"))
	cmd := r.command("exec yes")
	r.start(cmd)
	c.reaches(t, 1, 1000)
	r.busyFor()
	unix.Close(rd)
	_ = cmd.Wait()
	if state := cmd.ProcessState.String(); state != "signal: broken pipe" {
		t.Errorf("without a reader: %s", state)
	}
	all := readAll(openFile(t, path, unix.O_RDONLY|unix.O_NONBLOCK))
	if err := r.Begin(2); err != nil {
		t.Error(err)
	}
	if state := r.run("echo y; echo n; echo y"); state != "exit status 0" {
		t.Errorf("with a new reader: %s", state)
	}
	r.close()
	unix.Close(w)
	if n := c[2].Load(); n != 2 || !bytes.HasSuffix(all.all(t), []byte("y\nn\ny\n")) {
		t.Errorf("%d lines", n)
	}
}
