package files

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The clock of a file system may stand still between two writes of as many bytes.
func TestQuickWrites(t *testing.T) {
	s := newScene(t)
	s.write("a", "one")
	s.watch("a")
	f, err := os.OpenFile(s.at("a"), os.O_WRONLY, 0)
	s.must(err)
	defer f.Close()
	for i := range 200 {
		_, err := f.WriteAt([]byte{byte(i)}, 0)
		s.must(err)
		s.examined("a")
	}
	s.examined()
}

// A file whose times tell is not read again.
func TestSettled(t *testing.T) {
	s := newScene(t)
	s.write("a", "one")
	var st unix.Stat_t
	s.must(lstat(s.at("a"), &st))
	take := func(now time.Time, old fingerprint) (fingerprint, bool) {
		p := &pass{now: now, content: 100}
		return p.take(s.at("a"), &st, old), p.content != 100
	}
	young, read := take(time.Now(), fingerprint{})
	if !read || !young.read || young.sure {
		t.Errorf("just written: read %v, %+v", read, young)
	}
	old, read := take(time.Now().Add(time.Hour), young)
	if !read || !old.sure || !same(young, old) {
		t.Errorf("looked at an hour later: read %v, %+v", read, old)
	}
	if again, read := take(time.Now().Add(time.Hour), old); read || again != old {
		t.Errorf("looked at again: read %v, %+v", read, again)
	}
	// No time for it now: what was known of it stays, and it is looked at again.
	if late := (&pass{}).take(s.at("a"), &st, young); !late.read || late.sum != young.sum || late.sure {
		t.Errorf("not looked at: %+v, was %+v", late, young)
	}
	st.Ctim.Nsec ^= 1
	if _, read := take(time.Now().Add(time.Hour), old); !read {
		t.Error("its times are others, and it was not read")
	}
}

func TestSame(t *testing.T) {
	base := fingerprint{id: fileID{1, 2}, size: 3, mtime: unix.Timespec{Sec: 4}, kind: unix.S_IFREG, sum: 5, read: true}
	with := func(change func(*fingerprint)) fingerprint { f := base; change(&f); return f }
	unread := func(f fingerprint) fingerprint { f.read, f.sum = false, 0; return f }
	fifo := with(func(f *fingerprint) { f.kind = unix.S_IFIFO })
	moved := with(func(f *fingerprint) { f.id.ino++; f.mtime.Sec++; f.ctime.Sec++ })
	for name, c := range map[string]struct {
		a, b fingerprint
		want bool
	}{
		"itself":                  {base, base, true},
		"another file, read":      {base, moved, true},
		"another file, not read":  {unread(base), unread(moved), false},
		"another file, as old":    {unread(base), with(func(f *fingerprint) { f.id.ino++; f.read = false }), false},
		"another file, read once": {base, unread(moved), false},
		"another sum":             {base, with(func(f *fingerprint) { f.sum++ }), false},
		"another size":            {base, with(func(f *fingerprint) { f.size++ }), false},
		"read for the first time": {unread(base), base, true},
		"another mode":            {unread(base), unread(with(func(f *fingerprint) { f.ctime.Sec++ })), true},
		"a fifo":                  {base, fifo, false},
		"another fifo":            {fifo, with(func(f *fingerprint) { f.kind = unix.S_IFIFO; f.id.ino++ }), false},
		"a fifo written to":       {fifo, with(func(f *fingerprint) { f.kind = unix.S_IFIFO; f.mtime.Sec++ }), true},
	} {
		if same(c.a, c.b) != c.want || same(c.b, c.a) != c.want {
			t.Errorf("%s: %v", name, !c.want)
		}
	}
}

// A large file is not read: what counts is that somebody wrote to it.
func TestLarge(t *testing.T) {
	s := newScene(t)
	s.write("a", "")
	s.write("b", "")
	s.must(os.Truncate(s.at("a"), mostRead+1))
	s.must(os.Truncate(s.at("b"), mostRead))
	s.watch("a", "b")
	if a, b := s.w.words[0].prints[s.at("a")], s.w.words[1].prints[s.at("b")]; a.read || !b.read {
		t.Errorf("read: %v and %v", a.read, b.read)
	}
	s.must(os.Chmod(s.at("a"), 0o600))
	s.change()
	s.touch("a")
	s.touch("b")
	s.change("a")
}

// What is too much for one pass is left for the next, and is no change.
func TestMuch(t *testing.T) {
	s := newScene(t)
	s.mkdir("d")
	for _, name := range []string{"a", "b", "c"} {
		s.write("d/"+name, "four")
	}
	s.watch("d")
	w := s.w.words[0]
	look := func(content int64, want ...string) {
		t.Helper()
		p := &pass{w: s.w, now: time.Now().Add(time.Hour), armed: map[armKey]int32{}, content: content}
		if got := p.look(w); len(got) != 0 || p.err != nil {
			t.Errorf("changed: %q, %v", got, p.err)
		}
		if p.content != 0 {
			t.Errorf("%d bytes left to read", p.content)
		}
		for _, name := range want {
			if f := w.prints[s.at("d/"+name)]; !f.read {
				t.Errorf("%s is not read", name)
			}
		}
	}
	w.prints = map[string]fingerprint{} // as at the start
	p := &pass{w: s.w, now: time.Now().Add(time.Hour), armed: map[armKey]int32{}, content: 8}
	if got := p.look(w); len(got) != 3 || w.prints[s.at("d/c")].read {
		t.Errorf("%q: %+v", got, w.prints)
	}
	look(4, "a", "b", "c")
}

// The loop waits for Examine, so it reads a few MB of content and no more, however much
// was written. What it has not read is judged by the time of the last write, and what
// it has not read of the first look it reads by and by.
func TestBoundOfExamine(t *testing.T) {
	s := newScene(t)
	s.mkdir("d")
	const n = 4
	block := strings.Repeat("x", mostRead/2)
	for i := range n {
		s.write(fmt.Sprintf("d/%d", i), block)
	}
	s.watch("d")
	prints := func() map[string]fingerprint { return s.w.words[0].prints }
	for name, f := range prints() {
		if !f.read {
			t.Errorf("%s is not read at the start, when nothing runs", name)
		}
	}
	for i := range n {
		s.touch(fmt.Sprintf("d/%d", i))
	}
	before := readBytes(t)
	s.examined("d/2", "d/3")
	if got := readBytes(t) - before; got < mostRead || got > mostRead+1<<20 {
		t.Errorf("%d bytes are read", got)
	}
	s.write("d/0", "")
	s.write("d/1", "")
	s.examined("d/0", "d/1") // and there is time for the others
	for name, f := range prints() {
		if !f.read {
			t.Errorf("%s is not read yet", name)
		}
	}
}

// readBytes is how much this process has read so far, from files and elsewhere.
func readBytes(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Fatal(err)
	}
	var n int64
	if _, err := fmt.Sscanf(string(text), "rchar: %d", &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// encode writes a record as the kernel does, with zeros up to a multiple of 16.
func encode(r record) []byte {
	size := 0
	if r.name != "" {
		size = (len(r.name) + 16) / 16 * 16
	}
	b := make([]byte, unix.SizeofInotifyEvent+size)
	binary.NativeEndian.PutUint32(b, uint32(r.wd))
	binary.NativeEndian.PutUint32(b[4:], r.mask)
	binary.NativeEndian.PutUint32(b[12:], uint32(size))
	copy(b[unix.SizeofInotifyEvent:], r.name)
	return b
}

func TestSift(t *testing.T) {
	for name, c := range map[string]struct {
		in   []byte
		news bool
	}{
		"nothing":            {nil, false},
		"overflow":           {encode(record{wd: -1, mask: unix.IN_Q_OVERFLOW}), true},
		"the folder":         {encode(record{wd: 1, mask: unix.IN_MOVE_SELF}), true},
		"a name of ours":     {encode(record{wd: 1, mask: unix.IN_CREATE, name: "a"}), true},
		"a neighbour":        {encode(record{wd: 1, mask: unix.IN_CREATE, name: "b"}), false},
		"any name":           {encode(record{wd: 2, mask: unix.IN_CREATE, name: "b"}), true},
		"a leaving":          {encode(record{wd: 2, mask: unix.IN_CREATE, name: "b~"}), false},
		"an unknown watch":   {encode(record{wd: 3, mask: unix.IN_CREATE, name: "b~"}), true},
		"the end of a watch": {encode(record{wd: 2, mask: unix.IN_IGNORED}), false},
		"half a record":      {encode(record{wd: 1, mask: unix.IN_CREATE, name: "b"})[:20], true},
		"two":                {append(encode(record{wd: 1, name: "b"}), encode(record{wd: 1, name: "a"})...), true},
	} {
		w := &Watch{armed: map[int32]*place{1: {names: map[string]struct{}{"a": {}}}, 2: {every: true}}}
		if got := w.sift(c.in); got != c.news {
			t.Errorf("%s: news: %v", name, got)
		}
		if _, ok := w.armed[2]; ok == (name == "the end of a watch") {
			t.Errorf("%s: armed: %v", name, ok)
		}
	}
}

func FuzzCut(f *testing.F) {
	f.Add([]byte{})
	f.Add(encode(record{wd: 1, mask: unix.IN_CREATE, name: "a"}))
	f.Add(append(encode(record{wd: -1, mask: unix.IN_Q_OVERFLOW}), encode(record{wd: 1, name: strings.Repeat("x", 255)})...))
	f.Add(encode(record{wd: 1, name: "cut off"})[:20])
	huge := encode(record{wd: 1})
	binary.NativeEndian.PutUint32(huge[12:], 1<<32-1)
	f.Add(huge)
	f.Fuzz(func(t *testing.T, b []byte) {
		whole := b
		for len(b) > 0 {
			r, rest, ok := cut(b)
			if !ok {
				break
			}
			if used := len(b) - len(rest); used < unix.SizeofInotifyEvent+len(r.name) || strings.ContainsRune(r.name, 0) {
				t.Fatalf("%+v from %d bytes", r, used)
			}
			if again, none, ok := cut(encode(r)); !ok || again != r || len(none) != 0 {
				t.Fatalf("%+v comes back as %+v", r, again)
			}
			b = rest
		}
		w := &Watch{armed: map[int32]*place{1: {every: true}}}
		w.sift(whole)
	})
}
