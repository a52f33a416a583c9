package post

import (
	"slices"
	"sync/atomic"
)

// Tail has the last lines that somebody has written. Keep may be called by two goroutines
// at once, and Last by others.
type Tail struct {
	// slots have twice as many as are asked for: the next generation may have written some
	// before anybody wants to see those of the last one.
	slots []atomic.Pointer[kept]
	next  atomic.Uint64
}

// kept is one line.
type kept struct {
	number uint64
	gen    int
	text   string
}

// mostKept bounds the lines of one message, in bytes, and mostLine each of them.
const (
	mostKept = 32 << 10
	mostLine = 1000
)

// Keep keeps a line that generation gen has written.
func (t *Tail) Keep(gen int, line []byte) {
	n := t.next.Add(1)
	text := clip(string(line[:min(len(line), mostLine+4)]), mostLine)
	t.slots[n%uint64(len(t.slots))].Store(&kept{number: n, gen: gen, text: text})
}

// last returns the last lines of generation gen.
func (t *Tail) last(gen int) (lines []string) {
	room := mostKept
	end := t.next.Load()
	for n := end; n > 0 && end-n < uint64(len(t.slots)) && len(lines) < len(t.slots)/2; n-- {
		k := t.slots[n%uint64(len(t.slots))].Load()
		if k == nil || k.number != n || k.gen != gen {
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
		all = append(all, &Tail{slots: make([]atomic.Pointer[kept], 2*lines)})
	}
	return all
}

// Lines is how many lines each has.
func (ts Tails) Lines() int { return len(ts[0].slots) / 2 }

// Last returns the last lines of generation gen.
func (ts Tails) Last(gen int) []string {
	for _, t := range ts {
		if lines := t.last(gen); lines != nil {
			return lines
		}
	}
	return nil
}
