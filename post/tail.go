package post

import (
	"slices"
	"sync/atomic"
)

// Tail has the last lines that somebody has written. Keep may be called by two goroutines
// at once, and Last by others.
type Tail struct {
	lines int
	// both are of the generation that writes, and of the one before: it is asked for when
	// the next one may have written any number of lines already.
	both atomic.Pointer[[2]*ring]
}

// ring has the last lines of one generation.
type ring struct {
	gen int
	// slots are two more than lines are asked for, since two may be being written.
	slots []atomic.Pointer[kept]
	next  atomic.Uint64
}

// kept is one line.
type kept struct {
	number uint64
	text   string
}

// mostKept bounds the lines of one message, in bytes, and mostLine each of them.
const (
	mostKept = 32 << 10
	mostLine = 1000
)

// Keep keeps a line that generation gen has written.
func (t *Tail) Keep(gen int, line []byte) {
	r := t.ring(gen)
	if r == nil {
		return
	}
	n := r.next.Add(1)
	text := clip(string(line[:min(len(line), mostLine+4)]), mostLine)
	r.slots[n%uint64(len(r.slots))].Store(&kept{number: n, text: text})
}

// ring returns that of generation gen, which is made where it is the first line of a new
// one; nil: of one that is long over.
func (t *Tail) ring(gen int) *ring {
	for {
		both := t.both.Load()
		for _, r := range both {
			if r != nil && r.gen == gen {
				return r
			}
		}
		if newest := both[0]; newest != nil && gen < newest.gen {
			return nil
		}
		made := &ring{gen: gen, slots: make([]atomic.Pointer[kept], t.lines+2)}
		t.both.CompareAndSwap(both, &[2]*ring{made, both[0]})
	}
}

// last returns the last lines of generation gen.
func (t *Tail) last(gen int) (lines []string) {
	for _, r := range t.both.Load() {
		if r != nil && r.gen == gen {
			return r.last(t.lines)
		}
	}
	return nil
}

// last returns the last lines, so many at most.
func (r *ring) last(most int) (lines []string) {
	room := mostKept
	end := r.next.Load()
	for n := end; n > 0 && end-n < uint64(len(r.slots)) && len(lines) < most; n-- {
		k := r.slots[n%uint64(len(r.slots))].Load()
		if k == nil || k.number != n {
			continue // being written, or over already
		}
		if room -= len(k.text) + 1; room < 0 {
			break
		}
		lines = append(lines, k.text)
	}
	slices.Reverse(lines)
	return lines
}

// Tails are those of all generations that may live at once.
type Tails []*Tail

// NewTails returns n that have so many lines each.
func NewTails(n, lines int) Tails {
	var all Tails
	for range n {
		t := &Tail{lines: lines}
		t.both.Store(new([2]*ring))
		all = append(all, t)
	}
	return all
}

// Lines is how many lines each has.
func (ts Tails) Lines() int { return ts[0].lines }

// Last returns the last lines of generation gen.
func (ts Tails) Last(gen int) []string {
	for _, t := range ts {
		if lines := t.last(gen); lines != nil {
			return lines
		}
	}
	return nil
}
