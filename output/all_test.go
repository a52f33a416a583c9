package output

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// Four that write what lines may be at worst, in the worst pieces and to both streams,
// are not mixed up anywhere, and not a byte is lost or added.
func TestWhole(t *testing.T) {
	t.Parallel()
	const writers = 4
	for _, to := range where(t) {
		for _, both := range []bool{false, true} {
			if both && to.name == "file" {
				continue // two positions in one file write over each other, as without relance
			}
			t.Run(fmt.Sprintf("%s, both %v", to.name, both), func(t *testing.T) {
				t.Parallel()
				fd, read := to.open(t)
				errs := -1
				if both {
					errs = again(t, fd)
				}
				c := carryAll(t, writers, fd, errs, nil)
				texts := make([][]byte, writers)
				done := make(chan struct{}, writers)
				for i, r := range c.each {
					texts[i] = hostile(i)
					go func() {
						defer func() { done <- struct{}{} }()
						end := r.end(1)
						if both && i%2 == 1 {
							end = r.end(2)
						}
						writePieces(t, end, texts[i], need.Much(3, 1)+i*i*1000)
					}()
				}
				for range writers {
					<-done
				}
				c.close()
				unix.Close(fd)
				unix.Close(errs)
				for i, got := range apart(t, read(), c.prefixes()) {
					compare(t, got, texts[i])
				}
			})
		}
	}
}

// Without that two halves of lines meet, and with it they do not: the order of the
// writes is the same.
func TestHalves(t *testing.T) {
	t.Parallel()
	for _, whole := range []bool{false, true} {
		rd, w := pipe(t)
		all := readAll(rd)
		c := carryAll(t, 2, w, -1, func(_ int, want *Want) { *want = Want{Silence: true, Whole: whole} })
		for _, text := range []string{"one ", "half\n"} {
			for _, r := range c.each {
				r.send(1, text)
				r.taken()
			}
		}
		if whole {
			c.outlets[2].leave()
		}
		for _, r := range c.each {
			r.close()
		}
		unix.Close(w)
		want := "one one half\nhalf\n"
		if whole {
			want = "one half\none half\n"
		}
		if got := string(all.all(t)); got != want {
			t.Errorf("whole %v: got %q", whole, got)
		}
	}
}

// A line is passed on as soon as it is whole, half a line when its generation has gone,
// and what follows begins a line of its own: that of another worker, of the next
// generation, or ours.
func TestEndOfGeneration(t *testing.T) {
	t.Parallel()
	rd, w := pipe(t)
	in := &lineReader{t, rd}
	c := carryAll(t, 2, w, w, nil)
	zero, one := c.each[0], c.each[1]
	zero.send(1, "a\nha")
	in.wants("0 | a\n")
	one.send(2, "b\n")
	in.wants("1 | b\n") // and nothing of the half
	zero.End()
	in.wants("0 | ha")
	if err := zero.Begin(2); err != nil {
		t.Fatal(err)
	}
	zero.send(1, "lf\n")
	in.wants("\n0 | lf\n")
	one.send(1, "last words")
	one.End()
	in.wants("1 | last words")
	if err := c.Tell("relance: told"); err != nil {
		t.Error(err)
	}
	in.wants("\nrelance: told\n")
	one.send(1, "x")
	one.End()
	one.End()
	in.wants("1 | x")
	zero.send(1, "end")
	c.close()
	unix.Close(w)
	in.wants("\n0 | end")
	if n, err := unix.Read(rd, make([]byte, 1)); n != 0 || err != nil {
		t.Errorf("%d bytes more, %v", n, err)
	}
	unix.Close(rd)
}

// Without anybody to say that it has ended, a generation has when the next one begins.
// The end of one is known although bytes of both are in the pipe.
func TestEndInThePipe(t *testing.T) {
	t.Parallel()
	rd, w := pipe(t)
	all := readAll(rd)
	a, err := openAll(1, lookAt(w, -1, [3]bool{}), func(string) {}, func(int) Want { return Want{Whole: true} })
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{Carrier: a.Carriers[0], t: t}
	for gen := range maxEnds + 5 {
		if err := r.Begin(gen + 1); err != nil {
			t.Fatal(err)
		}
		r.send(1, fmt.Sprintf("x\n%d", gen))
	}
	go r.streams[0].Run()
	r.close()
	unix.Close(w)
	var want bytes.Buffer
	for gen := range maxEnds + 5 {
		// Later ends than there is room for are forgotten, and nothing else.
		fmt.Fprintf(&want, "x\n%d", gen)
		if gen < maxEnds {
			want.WriteByte('\n')
		}
	}
	compare(t, all.all(t), want.Bytes())
}

// One who never ends a line keeps nobody waiting, and is in nobody's line.
func TestNoLineFeed(t *testing.T) {
	t.Parallel()
	rd, w := pipe(t)
	all := readAll(rd)
	c := carryAll(t, 2, w, -1, nil)
	text := bytes.Repeat([]byte{0}, 1<<20)
	done := make(chan struct{})
	go func() {
		defer close(done)
		writePieces(t, c.each[0].end(1), text, 100_000)
	}()
	for i := range 100 {
		c.each[1].send(1, fmt.Sprintln(i))
		c.each[1].taken()
	}
	<-done
	c.close()
	unix.Close(w)
	both := apart(t, all.all(t), c.prefixes())
	compare(t, bytes.ReplaceAll(both[0], []byte("\n"), nil), text)
	var want bytes.Buffer
	for i := range 100 {
		fmt.Fprintln(&want, i)
	}
	compare(t, bytes.TrimSuffix(both[1], []byte("\n")), bytes.TrimSuffix(want.Bytes(), []byte("\n")))
}

// Nobody else's stdout and stderr are touched by what is only for lines.
func TestAllOpens(t *testing.T) {
	t.Parallel()
	null := openFile(t, os.DevNull, unix.O_WRONLY)
	datagram, other := sockets(t, unix.SOCK_DGRAM)
	master, tty := terminal(t)
	_, good := pipe(t)
	t.Cleanup(func() {
		for _, fd := range []int{null, datagram, other, master, tty, good} {
			unix.Close(fd)
		}
	})
	const rest = ", which relance does not stand between"
	for _, test := range []struct {
		out, errs int
		closed    [3]bool
		prefix    string
		carried   int
		err, said string
	}{
		{good, good, [3]bool{}, "", 2, "", ""},
		{tty, tty, [3]bool{}, "0 | ", 2, "", ""},
		{tty, null, [3]bool{}, "", 1, "", ""},
		{null, null, [3]bool{}, "0 | ", 0, "", ""},
		{datagram, datagram, [3]bool{}, "", 0, "", ""},
		{datagram, good, [3]bool{}, "", 1, "", ""},
		{datagram, good, [3]bool{}, "0 | ", 1, "", "stdout is a socket that keeps messages apart" + rest + ": its lines have no prefix"},
		{datagram, good, [3]bool{1: true}, "0 | ", 1, "", ""},
		{good, good, [3]bool{1: true, 2: true}, "0 | ", 0, "", ""},
		{datagram, datagram, [3]bool{}, "0 | ", 0, "stdout and stderr are a socket that keeps messages apart" + rest + "; redirect one to a file or a pipe", ""},
	} {
		said := ""
		all, err := openAll(3, lookAt(test.out, test.errs, test.closed), func(line string) { said += line }, func(int) Want {
			return Want{Whole: true, Prefix: test.prefix}
		})
		if err != nil || test.err != "" {
			if err == nil || err.Error() != test.err {
				t.Errorf("%+v: got %v", test, err)
			}
			continue
		}
		if said != test.said {
			t.Errorf("%+v: said %q", test, said)
		}
		for _, c := range all.Carriers {
			if n := len(c.Ends()); n != test.carried {
				t.Errorf("%+v: %d are carried", test, n)
			}
			for _, s := range c.Streams() {
				go s.Run()
			}
			c.Close()
		}
		all.outlets[2].leave()
	}
}
