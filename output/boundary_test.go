package output

import (
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// What one generation has written is never of the next, even if nobody has read it
// by then; half a line is all of it.
func TestBoundary(t *testing.T) {
	t.Parallel()
	for _, tees := range []bool{true, false} {
		rd, w := pipe(t)
		var c tally
		c2, err := open(w, -1, [3]bool{}, func(string) {}, c.counting("^(x|half)$"))
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{Carrier: c2, t: t}
		r.streams[0].look.tees = tees
		begin := func(gen int) {
			if err := r.Begin(gen); err != nil {
				t.Fatal(err)
			}
		}
		// Nobody carries yet, so all is in the pipe when the next one begins.
		begin(1)
		r.send(1, "x\nx\nhalf")
		begin(2)
		r.send(1, "x\nhalf")
		go r.streams[0].Run()
		c.reaches(t, 2, 1)
		// Here it has been taken by then.
		eventually(t, "taken", func() bool { return !readable(r.streams[0].read) && !r.streams[0].busy.Load() })
		begin(3)
		r.send(1, "x\n")
		c.reaches(t, 3, 1)
		begin(4) // writes nothing
		begin(5)
		r.send(1, "ha")
		r.send(1, "lf")
		r.close()
		// Who was over before anybody looked is nobody's concern, but not forgotten.
		c[1].Add(c[0].Swap(0))
		c.served(t, 3, 2, 1, 0, 1)
		unix.Close(w)
		compare(t, readAll(rd).all(t), []byte("x\nx\nhalfx\nhalfx\nhalf"))
	}
}

// How much was written is known at each moment, however much of it is being taken.
func TestWritten(t *testing.T) {
	t.Parallel()
	w := openFile(t, os.DevNull, unix.O_WRONLY)
	defer unix.Close(w)
	r := carry(t, w, -1)
	var total uint64
	for i := range 20_000 {
		r.send(1, "0123456789"[:i%10+1])
		total += uint64(i%10 + 1)
		if i%3 == 0 {
			continue // more than one at once
		}
		if got := r.streams[0].written(); got != total {
			t.Fatalf("%d bytes, %d were written", got, total)
		}
	}
	r.close()
}

// The same with many generations, while a reader stalls and while all is taken at
// once: each writes as many lines as its number says, and half a line.
func TestBoundaries(t *testing.T) {
	t.Parallel()
	for _, stalls := range []bool{true, false} {
		rd, w := pipe(t)
		var all *reader
		if !stalls {
			all = readAll(rd)
		} else if _, err := unix.Write(w, make([]byte, bufferSize)); err != nil {
			t.Fatal(err)
		}
		var served [200]atomic.Int64
		r := carryFor(t, w, -1, Want{
			Stdout: true, Matches: func(line []byte) bool { return len(line) > 0 },
			Count: func(gen int, n int64) { served[gen].Add(n) },
		})
		for now := 1; now < len(served); now++ {
			if err := r.Begin(now); err != nil {
				t.Fatal(err)
			}
			r.send(1, strings.Repeat("x\n", now)+"y")
		}
		if stalls {
			all = readAll(rd)
		}
		r.close()
		unix.Close(w)
		all.all(t)
		if n := served[199].Load(); n != 200 {
			t.Errorf("stalls %v: the last generation has %d lines", stalls, n)
		}
		// Those that are over may be taken for each other, but only for an earlier one.
		var got, written int64
		for gen := 199; gen > 0; gen-- {
			got, written = got+served[gen].Load(), written+int64(gen)+1
			if got > written {
				t.Errorf("stalls %v: from generation %d on %d lines, %d were written", stalls, gen, got, written)
			}
		}
		if got += served[0].Load(); got < written-198 || got > written {
			t.Errorf("stalls %v: %d lines in all, %d were written", stalls, got, written)
		}
	}
}
