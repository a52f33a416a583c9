package requests

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func TestStream(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	for _, c := range []struct {
		name, say        string
		want             []string
		served, inFlight int64
		closed           bool
	}{
		{"plain", "begin\nend\n", []string{"ok 10", "ok 9"}, 1, 0, false},
		{"with a version, and CRLF", "relance 1\r\nbegin\r\n", []string{"ok 10"}, 0, 1, false},
		{"ids", "begin a\nbegin b\nend a\n", []string{"ok 10", "ok 10", "ok 9"}, 1, 1, false},
		{"begun twice", "begin a\nbegin a\n", []string{"ok 10", "error " + badTwice}, 0, 1, false},
		{"ended only", "end a\nend\n", []string{"error " + badNone, "error " + badEmpty}, 0, 0, false},
		{"ended twice", "begin a\nend a\nend a\nbegin\nend\nend\n", []string{"ok 10", "ok 9", "error " + badNone, "ok 9", "ok 8", "error " + badEmpty}, 2, 0, false},
		{"a name is none of the plain", "begin\nend a\nbegin a\nend\n", []string{"ok 10", "error " + badNone, "ok 10", "ok 9"}, 1, 1, false},
		{"count", "count 3\nleft\ncount 0\ncount 20\nleft\n", []string{"ok 7", "ok 7", "ok 7", "ok 0", "ok 0"}, 23, 0, false},
		{"what is not known", "hello\n\ncount x\ncount 1\n", []string{"error " + badWord, "error " + badWord, "error " + badNumber, "ok 9"}, 1, 0, false},
		{"the version again", "relance 1\nrelance 1\nleft\n", []string{"error " + badHello, "ok 10"}, 0, 0, false},
		{"another version", "relance 2\ncount 1\n", []string{"error " + badVersion}, 0, 0, true},
		{"the longest line", long + "\nleft\n", []string{"error " + badWord, "ok 10"}, 0, 0, false},
		{"a longer one", "count 1\n" + long + "x\ncount 1\n", []string{"ok 9", "error " + badLong}, 1, 0, true},
		{"without an end", "count 1\n" + long + "x", []string{"ok 9", "error " + badLong}, 1, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := start(t)
			b.counter.Until(10)
			p := b.connect()
			p.ask(c.say, c.want...)
			if c.closed {
				p.ends()
			}
			b.figures(c.served, c.inFlight)
		})
	}
}

func TestStreamWhereNobodyCounts(t *testing.T) {
	b := start(t)
	b.connect().ask("begin\nend\nleft\n", "ok -", "ok -", "ok -")
}

// TestConnectionDies: what it was serving is served no more, and not counted; what it
// said before it left, without reading a reply, is.
func TestConnectionDies(t *testing.T) {
	b := start(t)
	p, other := b.connect(), b.connect()
	other.ask("begin a\n", "ok -")
	p.say("begin\nbegin\nbegin a\nend\nend") // the last has no end
	b.counter.Idle()
	p.CloseWrite()
	p.expect("ok -", "ok -", "ok -", "ok -")
	p.ends()
	b.figures(1, 1)
	if told(b.counter) != 0 {
		t.Error("told though one is in flight")
	}
	other.ask("end a\n", "ok -")
	if told(b.counter) != 1 {
		t.Error("not told that nothing is in flight")
	}
	unread := b.dial()
	unread.say(strings.Repeat("begin\nend\n", 2000))
	unread.Close()
	b.finish(2002)
}

// finish ends the generation, and checks what was served.
func (b *bench) finish(served int64) {
	b.Helper()
	b.End()
	b.figures(served, 0)
}

func TestDrain(t *testing.T) {
	b := start(t)
	p := b.connect()
	p.ask("begin\n", "ok -")
	b.Drain()
	p.expect("drain")
	b.Drain() // said once
	p.ask("end\n", "ok -")
	late := b.connect()
	late.expect("drain")
	late.ask("left\n", "ok -")
	b.begin(2)
	p.ends()
	late.ends()
	fresh := b.connect() // the next generation knows nothing of it
	fresh.ask("left\n", "ok -")
	b.figures(0, 0)
}

// Who holds is no request, and waited for like one when a stop is due: until its connection ends.
func TestHold(t *testing.T) {
	b := start(t)
	p, other := b.connect(), b.connect()
	p.ask("hold\nhold\n", "ok -", "ok -") // it is one
	other.ask("hold\nbegin\n", "ok -", "ok -")
	b.figures(0, 1)
	b.Drain()
	b.counter.Idle()
	p.expect("drain")
	other.expect("drain")
	b.figures(0, 3)
	other.ask("end\n", "ok -")
	other.CloseWrite()
	other.ends()
	b.figures(1, 1)
	if told(b.counter) != 0 {
		t.Error("told though one holds")
	}
	p.CloseWrite()
	p.ends()
	b.figures(1, 0)
	if told(b.counter) != 1 {
		t.Error("not told that nobody holds any more")
	}
}

// TestGenerations: nothing that the last one says counts for the next.
func TestGenerations(t *testing.T) {
	b := start(t)
	old, p := b.env, b.connect()
	p.ask("begin\ncount 5\n", "ok -", "ok -")
	b.notify("X_RELANCE_REQUESTS=5\nX_RELANCE_BEGIN=a", "READY=1")
	if n := b.next(); n.Gen != 1 || n.Kind != Ready {
		t.Errorf("%+v", n)
	}
	b.figures(10, 2)
	b.begin(2)
	p.ends()
	b.figures(0, 0)
	if err := notify(old["NOTIFY_SOCKET"], "X_RELANCE_REQUESTS=1"); err == nil {
		t.Error("the old socket is still there")
	}
	for name := range old {
		if old[name] == b.env[name] || !strings.HasPrefix(b.env[name], "@relance/") {
			t.Errorf("%s: %s, then %s", name, old[name], b.env[name])
		}
	}
	b.notify("X_RELANCE_END=a", "X_RELANCE_REQUESTS=1")
	b.figures(1, 0)
	// Many in a row, of which Run may never see some; none leaves anything behind.
	before := openFiles(t)
	for gen := 3; gen < 200; gen++ {
		b.begin(gen)
	}
	b.notify("X_RELANCE_REQUESTS=2", "READY=1")
	b.figures(2, 0)
	if n := b.next(); n.Gen != 199 {
		t.Errorf("%+v", n)
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

// TestEnd: what was said before the end is counted, however late it is read.
func TestEnd(t *testing.T) {
	for round := range 50 {
		b := start(t)
		p := b.connect()
		conn := b.talker()
		p.say(strings.Repeat("begin\nend\n", 1000) + "begin\n")
		for range 5 {
			if _, err := unix.Write(conn, []byte("X_RELANCE_REQUESTS=1")); err != nil {
				t.Fatal(err)
			}
		}
		b.End()
		b.figures(1005, 0)
		if !b.now.Load().ended.Load() {
			t.Errorf("round %d: not at its end", round)
		}
		b.End() // again: nothing
	}
}

// TestEndDoesNotWaitForEver: where the owner takes no News, Run is behind.
func TestEndDoesNotWaitForEver(t *testing.T) {
	b := start(t)
	b.endWait = endWait
	b.begin(2)
	for i := 0; len(b.news) < cap(b.news); i++ {
		b.notify(fmt.Sprintf("STATUS=%d", i))
	}
	conn := b.talker()
	for i := range 5 {
		if _, err := unix.Write(conn, fmt.Appendf(nil, "STATUS=more %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	over := make(chan struct{})
	go func() { b.End(); close(over) }()
	select {
	case <-over:
	case <-time.After(patience):
		t.Error("End waits for ever")
	}
}

// TestPaddedAddress: who fills the address up with NUL bytes is heard as well.
func TestPaddedAddress(t *testing.T) {
	b := start(t)
	name := b.env["RELANCE_SOCKET"]
	for _, c := range []struct {
		length int
		err    error
	}{{len(name), nil}, {len(unix.RawSockaddrUnix{}.Path), nil}, {len(name) + 1, unix.ECONNREFUSED}} {
		to := unix.RawSockaddrUnix{Family: unix.AF_UNIX}
		for i := 1; i < len(name); i++ {
			to.Path[i] = int8(name[i])
		}
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&to)), unsafe.Offsetof(to.Path)+uintptr(c.length))
		if (c.err != nil || errno != 0) && errno != c.err {
			t.Errorf("%d bytes: %v, want %v", c.length, errno, c.err)
		}
		if c.err == nil {
			var greeting [len(hello)]byte
			if n, err := unix.Read(fd, greeting[:]); err != nil || string(greeting[:n]) != hello {
				t.Errorf("%d bytes: %q, %v", c.length, greeting[:n], err)
			}
		}
	}
}

// TestFolder: sockets with paths are for each user, work as the others do, and are gone
// with their generation.
func TestFolder(t *testing.T) {
	folder := t.TempDir()
	old := unix.Umask(0o077)
	defer unix.Umask(old)
	there := func() (names []string) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, filepath.Join(folder, e.Name()))
		}
		return names
	}
	b := startIn(t, folder)
	for gen := 2; gen < 5; gen++ {
		names := there()
		if want := slices.Sorted(maps.Values(b.env)); !slices.Equal(names, want) {
			t.Errorf("there are %q, want %q", names, want)
		}
		for _, name := range names {
			var st unix.Stat_t
			if err := unix.Stat(name, &st); err != nil || st.Mode&0o777 != 0o666 {
				t.Errorf("%s: mode %o, %v", name, st.Mode, err)
			}
		}
		b.connect().ask("begin\nend\n", "ok -", "ok -")
		b.notify("X_RELANCE_REQUESTS=2")
		b.figures(3, 0)
		if gen == 3 {
			b.End()
			if names := there(); len(names) != 0 {
				t.Errorf("after the end there are %q", names)
			}
		}
		b.begin(gen)
	}
	b.Close()
	if names := there(); len(names) != 0 {
		t.Errorf("at the end there are %q", names)
	}
	if said := b.heard(); said != "" {
		t.Errorf("said %s", said)
	}
	// Where one cannot be made, nothing stays of the other.
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Begin(5); !errors.Is(err, unix.ENOENT) {
		t.Errorf("in no folder: %v", err)
	}
}

// TestLongestFolder: what is allowed has room in an address.
func TestLongestFolder(t *testing.T) {
	s := Server{folder: "/" + strings.Repeat("x", MaxFolder-1)}
	for _, what := range []string{"notify", "stream"} {
		name, err := s.address(what, 1<<31)
		if most := len(name) - len(fmt.Sprint(unix.Getpid())) + len("4194304"); err != nil || most >= len(unix.RawSockaddrUnix{}.Path) {
			t.Errorf("%d bytes, %v", most, err)
		}
	}
}
