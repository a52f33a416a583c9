package output

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestWorkerPrefix(t *testing.T) {
	for _, test := range []struct {
		worker, workers int
		want            string
	}{{1, 1, "1 | "}, {3, 9, "3 | "}, {3, 10, "3  | "}, {10, 10, "10 | "}, {7, 100, "7   | "}} {
		if got := WorkerPrefix(test.worker, test.workers); got != test.want {
			t.Errorf("%d of %d: %q, want %q", test.worker, test.workers, got, test.want)
		}
	}
}

// board is a sheet with several who write to it, and what has become of it.
type board struct {
	sheet
	who  []assembler
	room int
	text bytes.Buffer
	// writes are how long each write was.
	writes []int
}

func newBoard(room int, prefixes ...string) *board {
	b := &board{room: room}
	for _, prefix := range prefixes {
		b.who = append(b.who, assembler{prefix: prefix, most: maxWhole})
	}
	return b
}

func (b *board) put(i int) func([]byte) error {
	return func(text []byte) error {
		return b.sheet.put(&b.who[i], text, make([]byte, 0, b.room), func(out []byte) error {
			b.writes = append(b.writes, len(out))
			b.text.Write(out)
			return nil
		})
	}
}

func (b *board) add(i int, text string) { _ = b.who[i].add([]byte(text), b.put(i)) }
func (b *board) end(i int)              { _ = b.who[i].end(b.put(i)) }

// What is passed on when: a line when it is whole, half a line when its generation is
// over, and a line feed only if something follows.
func TestAssembler(t *testing.T) {
	type step struct {
		who  int
		text string // empty: the end
		want string // all that is there then
	}
	long := strings.Repeat("x", maxWhole)
	for name, steps := range map[string][]step{
		"pieces":      {{0, "a", ""}, {0, "b\nc", "0|ab\n"}, {0, "\n\n", "0|ab\n0|c\n0|\n"}},
		"two":         {{0, "a", ""}, {1, "b", ""}, {0, "a\n", "0|aa\n"}, {1, "b\n", "0|aa\n1|bb\n"}},
		"end":         {{0, "a", ""}, {0, "", "0|a"}, {0, "", "0|a"}},
		"end, itself": {{0, "a", ""}, {0, "", "0|a"}, {0, "b\n", "0|a\n0|b\n"}},
		"end, other":  {{0, "a", ""}, {0, "", "0|a"}, {1, "b", "0|a"}, {1, "\n", "0|a\n1|b\n"}, {0, "c\n", "0|a\n1|b\n0|c\n"}},
		"end, half":   {{0, "a", ""}, {0, "", "0|a"}, {1, "b", "0|a"}, {1, "", "0|a\n1|b"}},
		"other bytes": {{0, "\x00\r\n\xff", "0|\x00\r\n"}, {0, "\n", "0|\x00\r\n0|\xff\n"}},
		"long":        {{0, long[1:], ""}, {0, "\n", "0|" + long[1:] + "\n"}},
		"too long": {
			{0, long[1:], ""}, {0, "x", "0|" + long}, {0, "y", "0|" + long}, {0, "z\nb\n", "0|" + long + "yz\n0|b\n"},
		},
		"too long, other": {
			{0, long, "0|" + long}, {1, "b\n", "0|" + long + "\n1|b\n"}, {0, "yz\n", "0|" + long + "\n1|b\n0|yz\n"},
		},
		"too long, other, ends": {
			{0, long, "0|" + long}, {1, "b\n", "0|" + long + "\n1|b\n"}, {0, "\n", "0|" + long + "\n1|b\n"},
			{0, "\n", "0|" + long + "\n1|b\n0|\n"},
		},
		"too long, ends": {
			{0, long, "0|" + long}, {0, "\nb\n", "0|" + long + "\n0|b\n"}, {1, "c\n", "0|" + long + "\n0|b\n1|c\n"},
		},
		"too long, end": {{0, long, "0|" + long}, {0, "", "0|" + long}, {0, "b\n", "0|" + long + "\n0|b\n"}},
	} {
		for _, room := range []int{64, atomicWrite, largeWrite} {
			b := newBoard(room, "0|", "1|")
			for i, s := range steps {
				if s.text == "" {
					b.end(s.who)
				} else {
					b.add(s.who, s.text)
				}
				if got := b.text.String(); got != s.want {
					t.Errorf("%s, step %d: %.60q and %d bytes, want %.60q and %d", name, i, got, len(got), s.want, len(s.want))
				}
			}
		}
	}
}

// As many lines as fit are one write, and a line that fits is never in two.
func TestWrites(t *testing.T) {
	b := newBoard(64, "0| ")
	var want []int
	for n := range 60 {
		b.add(0, strings.Repeat("x", n)+"\n")
		want = append(want, n+4)
	}
	if fmt.Sprint(b.writes) != fmt.Sprint(want) {
		t.Errorf("one by one: %v", b.writes)
	}
	b = newBoard(64, "0| ")
	b.add(0, strings.Repeat("xxxx\n", 20)+strings.Repeat("y", 130)+"\n")
	if got := fmt.Sprint(b.writes); got != "[64 64 32 64 64 6]" {
		t.Errorf("at once: %v", got)
	}
}

// What could not be written changes nothing of what was before.
func TestPutFails(t *testing.T) {
	b := newBoard(64, "0|", "1|")
	b.add(0, "a")
	b.end(0)
	fail := func([]byte) error { return fmt.Errorf("gone") }
	if err := b.sheet.put(&b.who[1], []byte("b\n"), make([]byte, 0, 64), fail); err == nil {
		t.Error("no error")
	}
	b.add(1, "c\n")
	if got := b.text.String(); got != "0|a\n1|c\n" {
		t.Errorf("got %q", got)
	}
}

// Whatever several write, and in whatever pieces: each line is of one of them, and
// all lines of one are what it has written, but that a line may have been broken where
// it was too long, or its generation ended.
func FuzzWhole(f *testing.F) {
	f.Add([]byte("a\nb\n\n\x00c"), uint64(1), uint8(3))
	f.Add([]byte("\n\n\n\n"), uint64(2), uint8(2))
	f.Add(bytes.Repeat([]byte("xyz"), 50), uint64(3), uint8(4))
	f.Add([]byte("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\ny\n"), uint64(4), uint8(2))
	f.Fuzz(func(t *testing.T, text []byte, seed uint64, writers uint8) {
		random := rand.New(rand.NewPCG(seed, 0))
		count := 1 + int(writers%4)
		var prefixes []string
		for i := range count {
			prefixes = append(prefixes, fmt.Sprintf("%d| ", i))
		}
		b := newBoard(8+random.IntN(200), prefixes...)
		most := 1 + random.IntN(50)
		for i := range b.who {
			b.who[i].most = most
		}
		written, ends := make([][]byte, count), make([]int, count)
		for step := 1 + random.IntN(len(text)+1); len(text) > 0; {
			i, n := random.IntN(count), min(len(text), 1+random.IntN(step))
			b.add(i, string(text[:n]))
			written[i] = append(written[i], text[:n]...)
			text = text[n:]
			if len(b.who[i].held) >= most {
				t.Fatalf("%d bytes are held back", len(b.who[i].held))
			}
			if random.IntN(8) == 0 {
				b.end(i)
				ends[i]++
			}
		}
		for i := range count {
			b.end(i)
		}
		for _, n := range b.writes {
			if n > b.room || n == 0 {
				t.Errorf("a write of %d bytes, there is room for %d", n, b.room)
			}
		}
		for i, got := range apart(t, b.text.Bytes(), prefixes) {
			added := bytes.Count(got, []byte("\n")) - bytes.Count(written[i], []byte("\n"))
			if most := 1 + ends[i] + len(written[i])/most; added < 0 || added > most {
				t.Errorf("of %d: %d line feeds were added, %d at most", i, added, most)
			}
			if got, want := bytes.ReplaceAll(got, []byte("\n"), nil), bytes.ReplaceAll(written[i], []byte("\n"), nil); !bytes.Equal(got, want) {
				t.Errorf("of %d: %.60q, want %.60q", i, got, want)
			}
		}
	})
}

// apart takes lines apart by who has written them, and the prefixes off.
func apart(t testing.TB, all []byte, prefixes []string) [][]byte {
	t.Helper()
	got := make([][]byte, len(prefixes))
	for line := range bytes.Lines(all) {
		who := -1
		for i, prefix := range prefixes {
			if bytes.HasPrefix(line, []byte(prefix)) {
				who = i
			}
		}
		if who < 0 {
			t.Fatalf("a line of nobody: %.60q", line)
		}
		got[who] = append(got[who], line[len(prefixes[who]):]...)
	}
	return got
}
