package tree

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestV2Path(t *testing.T) {
	for text, want := range map[string]string{
		"0::/\n":                                 "/",
		"0::/a/b\n":                              "/a/b",
		"0::/a/b":                                "/a/b",
		"0::/../../x\n":                          "/../../x",
		"9:name=systemd:/0::/x\n0::/a b\n":       "/a b",
		"0::/relance-7-1 (deleted)\n":            "/relance-7-1",
		"4:memory:/x\n1:name=0::/y:/\n":          "",
		"":                                       "",
		"0::":                                    "",
		"10::/x\n":                               "",
		"4:memory:/a (deleted)\n0::/b (deleted)": "/b",
	} {
		if got := v2Path([]byte(text)); string(got) != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

var someLives = []life{
	{gen: 1, group: "relance-7-1", mark: "RELANCE_GENERATION=1"},
	{gen: 2},
	{gen: 12, group: "relance-7-12", mark: "RELANCE_GENERATION=12"},
}

func TestGroupOf(t *testing.T) {
	for _, c := range []struct {
		path, around string
		want         int
	}{
		{"/relance-7-1", "/", 1},
		{"/relance-7-12", "/", 12},
		{"/relance-7-12/below/it", "/", 12},
		{"/app.service/relance-7-1", "/app.service/relance", 1},
		{"/../other/relance-7-1", "/..", 1},
		{"/relance-7-123", "/", 0},
		{"/xrelance-7-1", "/", 0},
		{"/relance-7", "/", 0},
		{"/", "/", 0},
		{"", "", 0},
		{"/user.slice", "/relance-7-1", 0},
		{"/relance-7-1", "", 1}, // ours is not known
		// A relance within, of the same number in another pid namespace.
		{"/relance-7-12/relance-7-1", "/", 12},
		// And one around us.
		{"/relance-7-1/box/relance-7-12", "/relance-7-1/box", 12},
		{"/relance-7-1/box", "/relance-7-1/box", 0},
		{"/relance-7-1/box/else", "/relance-7-1/box", 0},
		{"/relance-7-1", "/relance-7-1/box", 0},
		{"/x/relance-7-1", "/relance-7-1", 1},
	} {
		if got := groupOf([]byte(c.path), []byte(c.around), someLives); got != c.want {
			t.Errorf("%q around %q: %d, want %d", c.path, c.around, got, c.want)
		}
	}
}

func FuzzGroupOf(f *testing.F) {
	f.Add([]byte("4:memory:/x\n0::/relance-7-1/below\n"), []byte("0::/\n"))
	f.Add([]byte("0::/relance-7-1/box/relance-7-12 (deleted)\n"), []byte("0::/relance-7-1/box\n"))
	f.Add([]byte("0:://relance-7-12//\n"), []byte(""))
	f.Fuzz(func(t *testing.T, b, own []byte) {
		path := v2Path(b)
		if bytes.IndexByte(path, '\n') >= 0 || !bytes.Contains(b, path) {
			t.Fatalf("%q of %q", path, b)
		}
		gen := groupOf(path, v2Path(own), someLives)
		i := slices.IndexFunc(someLives, func(l life) bool { return l.gen == gen })
		if gen != 0 && !bytes.Contains(append(path, '/'), []byte("/"+someLives[i].group+"/")) && !bytes.HasPrefix(path, []byte(someLives[i].group)) {
			t.Fatalf("%q gives %d", path, gen)
		}
	})
}

// pieces reads text so many bytes at a time.
func pieces(text []byte, size int) func([]byte) (int, error) {
	return func(b []byte) (int, error) {
		n := copy(b[:min(size, len(b))], text)
		text = text[n:]
		return n, nil
	}
}

func TestMarkOf(t *testing.T) {
	const one, twelve = "RELANCE_GENERATION=1\x00", "RELANCE_GENERATION=12\x00"
	for text, want := range map[string]int{
		one:                    1,
		twelve:                 12,
		"A=b\x00" + one + "C=": 1,
		"A=b\x00" + strings.Repeat("x", 500) + "\x00" + twelve: 12,
		one + one:                         1,
		"":                                0,
		"RELANCE_GENERATION=1":            0, // cut off
		"RELANCE_GENERATION=2\x00":        0, // of one that is over
		" " + one:                         0,
		"X" + one:                         0,
		one + twelve:                      0, // whoever wrote that
		"\x00\x00\x00":                    0,
		strings.Repeat("x", 1000) + one:   0, // within an entry that does not fit
		strings.Repeat("x", 64) + one:     0,
		strings.Repeat("x", 63) + one:     0,
		strings.Repeat("x", 128) + one:    0,
		strings.Repeat("A\x00", 99) + one: 1,
	} {
		for size := 1; size < 70; size++ {
			if got, err := markOf(make([]byte, 64), someLives, pieces([]byte(text), size)); got != want || err != nil {
				t.Errorf("%.60q in pieces of %d: %d, %v, want %d", text, size, got, err, want)
			}
		}
	}
	failing := func([]byte) (int, error) { return 0, errors.New("EIO") }
	if gen, err := markOf(make([]byte, 64), someLives, failing); gen != 0 || err == nil {
		t.Errorf("it fails: %d, %v", gen, err)
	}
}

// An environment without end is not read to its end.
func TestMarkOfIsBounded(t *testing.T) {
	total := 0
	endless := func(b []byte) (int, error) {
		total += len(b)
		return len(b), nil
	}
	if gen, err := markOf(make([]byte, bufSize), someLives, endless); gen != 0 || err != nil || total > maxEnviron+bufSize {
		t.Errorf("%d, %v after %d bytes", gen, err, total)
	}
}

// In whatever pieces it comes, what counts are the entries that fit.
func FuzzMarkOf(f *testing.F) {
	f.Add([]byte("A=b\x00RELANCE_GENERATION=1\x00C=d\x00"), uint8(3))
	f.Add([]byte("RELANCE_GENERATION=1\x00RELANCE_GENERATION=12\x00"), uint8(64))
	f.Add(append(bytes.Repeat([]byte("x"), 200), "\x00RELANCE_GENERATION=12\x00"...), uint8(7))
	f.Fuzz(func(t *testing.T, text []byte, size uint8) {
		const room = 64
		want, several := 0, false
		entries := bytes.Split(text, []byte{0})
		for _, e := range entries[:len(entries)-1] {
			for _, l := range someLives {
				if l.mark != "" && string(e) == l.mark {
					several = several || want != 0 && want != l.gen
					want = l.gen
				}
			}
		}
		if several {
			want = 0
		}
		if got, err := markOf(make([]byte, room), someLives, pieces(text, int(size)+1)); got != want || err != nil {
			t.Fatalf("%q in pieces of %d: %d, %v, want %d", text, size, got, err, want)
		}
	})
}
