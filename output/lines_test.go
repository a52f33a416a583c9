package output

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// matched returns the lines that a splitter shows when it is fed those pieces, cut
// by cut.
func matched(most int, text []byte, cuts ...int) []string {
	var got []string
	l := splitter{most: most, matches: func(line []byte) bool { got = append(got, string(line)); return true }}
	var n int64
	for _, cut := range cuts {
		cut = min(cut, len(text))
		n += l.feed(text[:cut])
		text = text[cut:]
	}
	n += l.feed(text)
	n += l.end()
	n += l.end() // nothing is left
	if n != int64(len(got)) {
		got = append(got, "counted otherwise")
	}
	return got
}

// plain is the same, the plain way.
func plain(most int, text []byte) []string {
	var want []string
	all := bytes.Split(text, []byte("\n"))
	for i, line := range all {
		if i == len(all)-1 && len(line) == 0 {
			break // ended by the last newline
		}
		if len(line) > most {
			line = line[:most]
		} else {
			line = bytes.TrimSuffix(line, []byte("\r"))
		}
		want = append(want, string(line))
	}
	return want
}

func TestSplitter(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	for _, test := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"a", []string{"a"}},
		{"a\nb\n", []string{"a", "b"}},
		{"\n\n", []string{"", ""}},
		{"a\r\nb\rc\r\n\r\r\n", []string{"a", "b\rc", "\r"}},
		{"\r\n\r", []string{"", ""}},
		{"\x00\n\xff\xfe\n\xc3", []string{"\x00", "\xff\xfe", "\xc3"}},
		{long + "\nb\n", []string{long, "b"}},
		{long + "y\nb\n", []string{long, "b"}},
		{long + "\r\nb\r\n", []string{long, "b"}},
		{long[1:] + "\r\nb", []string{long[1:], "b"}},
		{long[1:] + "\ry\nb", []string{long[1:] + "\r", "b"}},
		{long + long, []string{long}},
	} {
		for size := range 4 {
			var cuts []int
			for n := 0; size > 0 && n < len(test.text); n += size {
				cuts = append(cuts, size)
			}
			if got := matched(maxLine, []byte(test.text), cuts...); !slices.Equal(got, test.want) {
				t.Errorf("%.40q by %d: got %.40q", test.text, size, got)
			}
			if got := plain(maxLine, []byte(test.text)); !slices.Equal(got, test.want) {
				t.Errorf("%.40q: the plain way gives %.40q", test.text, got)
			}
		}
	}
}

// A line of ten megabytes is as good as its beginning, and takes no more room.
func TestLongLine(t *testing.T) {
	text := append(bytes.Repeat([]byte("x"), 10<<20), "\nGET\n"...)
	l := splitter{most: maxLine, matches: regexp.MustCompile("^x+$|GET").Match}
	random := rand.New(rand.NewPCG(1, 2))
	var n int64
	for len(text) > 0 {
		cut := min(len(text), random.IntN(100_000))
		n += l.feed(text[:cut])
		text = text[cut:]
	}
	if n != 2 || cap(l.part) > 2*maxLine {
		t.Errorf("%d match, room for %d bytes", n, cap(l.part))
	}
}

func FuzzSplitter(f *testing.F) {
	for _, text := range []string{"", "a\nb", "a\r\nb\r\n", "\r\n\r", "\x00\n\xff\n", "GET / 200\nGET / 500\n\n"} {
		f.Add([]byte(text), uint64(1))
	}
	f.Add([]byte("\r\r\r\r\r\r\r\r\r\n\r"), uint64(7))
	f.Add([]byte("xxxxxxxx\r\nx\nxxxxxxxxx\r\n"), uint64(3))
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		most, piece := 1+random.IntN(16), 1+random.IntN(1+len(text))
		var cuts []int
		for range random.IntN(1 + len(text)) {
			cuts = append(cuts, random.IntN(1+piece))
		}
		want := plain(most, text)
		if got := matched(most, text, cuts...); !slices.Equal(got, want) {
			t.Errorf("at most %d, cut by %v: got %.80q, want %.80q", most, cuts, got, want)
		}
	})
}
