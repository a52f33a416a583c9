package output

import (
	"bytes"
	"fmt"
	"strconv"
)

// maxWhole is how long a line may be that is kept until it is whole. A longer one is
// passed on in pieces, so that no child decides how much memory is used.
const maxWhole = 64 << 10

// WorkerPrefix is what stands in front of the lines of a worker, one of so many: its
// number, as wide as the last one's, and what sets it off: "3 | ", "3  | ".
func WorkerPrefix(worker, workers int) string {
	return fmt.Sprintf("%-*d | ", len(strconv.Itoa(workers)), worker)
}

// assembler makes lines of what one stream carries, which comes in any pieces. A
// line ends with LF.
type assembler struct {
	prefix string
	// most is how much of a line is held back.
	most int
	// held is the beginning of a line whose end has not come, shorter than that.
	held []byte
	// within says that what was passed on last did not end its line.
	within bool
}

// add takes the next bytes and gives pass what is to be passed on now: lines, or a
// piece of a line that is too long. It holds back the rest.
func (a *assembler) add(b []byte, pass func([]byte) error) error {
	for len(a.held) > 0 && len(b) > 0 {
		n := bytes.IndexByte(b, '\n') + 1
		ends := n > 0
		if !ends {
			n = len(b)
		}
		if room := a.most - len(a.held); n > room {
			n, ends = room, false
		}
		a.held, b = append(a.held, b[:n]...), b[n:]
		if !ends && len(a.held) < a.most {
			return nil
		}
		if err := a.flush(pass); err != nil {
			return err
		}
	}
	n := bytes.LastIndexByte(b, '\n') + 1
	if len(b)-n >= a.most {
		n = len(b)
	}
	if n > 0 {
		if err := pass(b[:n]); err != nil {
			return err
		}
	}
	a.held = append(a.held, b[n:]...)
	return nil
}

// flush passes on what is held back.
func (a *assembler) flush(pass func([]byte) error) error {
	if len(a.held) == 0 {
		return nil
	}
	err := pass(a.held)
	a.held = a.held[:0]
	return err
}

// end is the end of a generation: what it has not ended is all of that line.
func (a *assembler) end(pass func([]byte) error) error {
	err := a.flush(pass)
	a.within = false
	return err
}

// forget is for when nobody takes what was held back.
func (a *assembler) forget() { a.held, a.within = a.held[:0], false }

// sheet is what several assemblers write to.
type sheet struct {
	// open is whose line has not ended there; nil: nobody's.
	open *assembler
}

// put writes what a passes on: each line behind its prefix, and never in the line of
// another one. That is ended with a line feed before, and goes on as a line of its
// own. Out is where the bytes of each write are put together; it decides how many they
// are.
func (s *sheet) put(a *assembler, b, out []byte, write func([]byte) error) error {
	goesOn := a.within && s.open == a
	if a.within && !goesOn && b[0] == '\n' {
		a.within, b = false, b[1:] // it was ended with one already
	}
	out = out[:0]
	if s.open != nil && !goesOn && len(b) > 0 {
		out = append(out, '\n')
	}
	for starts := !goesOn; len(b) > 0; {
		out, b, starts = fill(out, a.prefix, b, starts)
		if err := write(out); err != nil {
			return err
		}
		out = out[:0]
		if a.within = !starts; a.within {
			s.open = a
		} else {
			s.open = nil
		}
	}
	return nil
}

// fill adds to out as many whole lines of b as there is room for, or else a piece of
// the first. Starts says that b begins a line, and afterwards that the rest does. The
// room is more than a line feed and the prefix take.
func fill(out []byte, prefix string, b []byte, starts bool) (filled, rest []byte, begins bool) {
	for len(b) > 0 {
		n := bytes.IndexByte(b, '\n') + 1
		ends := n > 0
		if !ends {
			n = len(b)
		}
		before := ""
		if starts {
			before = prefix
		}
		room := cap(out) - len(out) - len(before)
		if n > room && len(out) > 1 {
			break // it may fit the next time
		}
		if n > room {
			n, ends = room, false
		}
		out = append(append(out, before...), b[:n]...)
		b, starts = b[n:], ends
		if n == room {
			break
		}
	}
	return out, b, starts
}
