package output

import "golang.org/x/sys/unix"

// outlet is what all carriers write to that descriptor 1 or 2 stands for. It is one
// for both if they are one file: what is written to it belongs to one at a time.
type outlet struct {
	*turn
	sheet
	// users are the streams that are not closed yet, and relance itself. The owner's.
	users int
}

// leave is called when one of those who write to it never will again.
func (o *outlet) leave() {
	if o.users--; o.users == 0 {
		o.turn.close()
	}
}

// whole is what a stream has in addition whose lines stay whole.
type whole struct {
	assembler
	*outlet
	// out is where the bytes of a write are put together.
	out []byte
	// ends are after how many bytes the generations end that were told to, until is
	// the first of them. told is the last, the owner's.
	ends        chan uint64
	until, told uint64
	known       bool
}

const (
	// atomicWrite is what a pipe takes in one piece, and takes at once when poll(2) says
	// that there is room (PIPE_BUF of pipe(7)).
	atomicWrite = 4096
	// largeWrite is for where there is no such bound.
	largeWrite = 16 << 10
	// maxEnds bounds the generations that end while a reader stalls, whose last lines
	// are kept apart from those of the next.
	maxEnds = 64
)

func newWhole(o *outlet, prefix string, to kind) *whole {
	o.users++
	size := largeWrite
	if to.waits() {
		size = atomicWrite
	}
	return &whole{
		assembler: assembler{prefix: prefix, most: maxWhole}, outlet: o, out: make([]byte, 0, size), ends: make(chan uint64, maxEnds),
	}
}

// over says that a generation is, for the owner, if it has written anything. It waits
// for nobody; one that there is no room for is not told from the next.
func (s *Stream) over(at uint64) {
	w := s.whole
	if at == w.told || len(w.ends) == cap(w.ends) {
		return
	}
	w.told = at
	w.ends <- at
	ring(s.wake)
}

// boundary is after how many bytes the next generation to end does, if one is known.
func (w *whole) boundary() (at uint64, known bool) {
	if !w.known && len(w.ends) > 0 {
		w.until, w.known = <-w.ends, true
	}
	return w.until, w.known
}

// restart is called before the first byte of a pipe: what was told of the one before,
// and what was held back of it, nobody needs any more.
func (w *whole) restart() {
	w.forget()
	w.known = false
}

// assemble passes on what b, the last that was taken out of the pipe, makes whole, and
// what a generation that is over has not ended.
func (c *copier) assemble(b []byte) error {
	w, at := c.whole, c.taken.taken()-uint64(len(b))
	for {
		until, known := w.boundary()
		if !known || until > at+uint64(len(b)) {
			return w.add(b, c.put)
		}
		old := until - min(at, until)
		err := w.add(b[:old], c.put)
		if err == nil {
			err = w.end(c.put)
		}
		if err != nil {
			return err
		}
		b, at, w.known = b[old:], at+old, false
	}
}

// put writes lines of this stream when it is its turn.
func (c *copier) put(b []byte) error {
	w := c.whole
	w.take(func(bell int) { c.wait(bell, unix.POLLIN) })
	defer w.give()
	return w.sheet.put(&w.assembler, b, w.out, c.write)
}
