package report

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/restart"
)

// fakeJournal is a socket as journald has it.
func fakeJournal(t *testing.T, path string) (fd int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	ok(t, err)
	_ = os.Remove(path)
	ok(t, unix.Bind(fd, &unix.SockaddrUnix{Name: path}))
	return fd
}

// receive takes an entry apart, as journald does.
func receive(t *testing.T, fd int) map[string]string {
	t.Helper()
	buf := make([]byte, 1<<16)
	n, err := unix.Read(fd, buf)
	ok(t, err)
	return entryOf(t, buf[:n])
}

func entryOf(t *testing.T, b []byte) map[string]string {
	t.Helper()
	fields := map[string]string{}
	for len(b) > 0 {
		line, rest, found := bytes.Cut(b, []byte("\n"))
		if !found {
			t.Fatalf("no line feed: %q", b)
		}
		name, value, plain := strings.Cut(string(line), "=")
		if !plain {
			n := binary.LittleEndian.Uint64(rest)
			if uint64(len(rest)) < 8+n+1 || rest[8+n] != '\n' {
				t.Fatalf("%s: %d bytes of %q", name, n, rest)
			}
			value, rest = string(rest[8:8+n]), rest[8+n+1:]
		}
		if strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != "" || name == "" || name[0] == '_' || len(name) > 64 {
			t.Errorf("field %q", name)
		}
		if _, twice := fields[name]; twice {
			t.Errorf("%s twice", name)
		}
		fields[name], b = value, rest
	}
	return fields
}

// TestFields: each key of each report is a field of the journal, with the value that it
// has as JSON.
func TestFields(t *testing.T) {
	for _, l := range lines {
		e := EventOf(l.report, "web", noon)
		got := entryOf(t, e.Fields())
		want := map[string]string{"MESSAGE": e.text(), "SYSLOG_IDENTIFIER": "relance", "PRIORITY": priorities[e.Level]}
		for key, value := range decode(t, e.JSON()) {
			if key != "msg" && key != "level" {
				want["RELANCE_"+strings.ToUpper(key)] = fmt.Sprint(value)
			}
		}
		for name := range want {
			var a, b float64
			if n, _ := fmt.Sscan(got[name], &a); n == 1 {
				if n, _ = fmt.Sscan(want[name], &b); n == 1 && a == b {
					want[name] = got[name] // 1e+06 and 1000000
				}
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s:\n%v\nwant\n%v", l.name, got, want)
		}
		if got["PRIORITY"] == "" {
			t.Errorf("%s: no priority", l.name)
		}
	}
}

// FuzzFields: whatever a path or an error has in it, there is no field of its own in the
// entry.
func FuzzFields(f *testing.F) {
	for _, evil := range []string{"a\nPRIORITY=0", "\n", "a\x00b", "a=b", "\xff\n", strings.Repeat("\n", 99), ""} {
		f.Add(evil)
	}
	f.Fuzz(func(t *testing.T, evil string) {
		e := EventOf(restart.Report{Kind: restart.StartFailure, Gen: 1, Path: evil, Err: evil}, "", noon)
		got := entryOf(t, e.Fields())
		want := string([]rune(evil)) // each byte that is no UTF-8 is one mark, as in JSON
		if got["RELANCE_PATH"] != want || got["RELANCE_ERROR"] != want || got["PRIORITY"] != "3" || strings.Contains(got["MESSAGE"], "\n") {
			t.Errorf("%q: %q", evil, got)
		}
		if n := len(got); n != 10 && evil != "" || n > 10 {
			t.Errorf("%q: %d fields: %q", evil, n, got)
		}
	})
}

// TestJournalStopped: what a journal that has gone does not take goes to stderr, which is
// said once; one that is started again is found.
func TestJournalStopped(t *testing.T) {
	path := t.TempDir() + "/socket"
	if _, err := OpenJournal(path, nil); !errors.Is(err, unix.ENOENT) {
		t.Errorf("without a socket: %v", err)
	}
	fd := fakeJournal(t, path)
	r, w := smallPipe(t)
	j, err := OpenJournal(path, NewDescriptor(int(w.Fd()), false))
	ok(t, err)
	defer unix.Close(j.fd)
	put := func(msg string) {
		t.Helper()
		ok(t, j.Put(Event{Level: "info", Msg: msg, Name: "web"}))
	}
	put("one")
	if got := receive(t, fd); got["MESSAGE"] != "web: one" || got["PRIORITY"] != "6" {
		t.Errorf("%q", got)
	}
	unix.Close(fd) // the file stays, as of a journald that was killed
	put("two")
	ok(t, os.Remove(path))
	put("three")
	fd = fakeJournal(t, path)
	put("four")
	if got := receive(t, fd); got["MESSAGE"] != "web: four" {
		t.Errorf("%q", got)
	}
	unix.Close(fd)
	put("five")
	w.Close()
	text, err := io.ReadAll(r)
	ok(t, err)
	r.Close()
	j.stderr = NewDescriptor(-1, false)
	if err := j.Put(Event{}); err == nil || err.Error() != "send to "+path+": connection refused; stderr: bad file descriptor" {
		t.Error(err)
	}
	said := "relance: web: send to " + path + ": connection refused; the log goes to stderr meanwhile\n"
	if want := said + "relance: web: two\nrelance: web: three\n" + said + "relance: web: five\n"; string(text) != want {
		t.Errorf("stderr has\n%swant\n%s", text, want)
	}
}

// TestJournalStalls: a journal that reads nothing, its queue full of what others have
// sent, keeps only the writer waiting, which goes on when it reads.
func TestJournalStalls(t *testing.T) {
	path := t.TempDir() + "/socket"
	fd := fakeJournal(t, path)
	defer unix.Close(fd)
	other, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	ok(t, err)
	defer unix.Close(other)
	theirs := 0
	for ; ; theirs++ {
		if err := unix.Sendto(other, []byte("A=B\n"), 0, &unix.SockaddrUnix{Name: path}); err == unix.EAGAIN {
			break
		} else {
			ok(t, err)
		}
	}
	j, err := OpenJournal(path, nil)
	ok(t, err)
	defer unix.Close(j.fd)
	w := NewWriter(j, lostWords)
	const mine = 4 * queueLen
	for i := range mine {
		w.Tell(Event{Level: "info", Msg: fmt.Sprint(i)})
	}
	for range theirs {
		receive(t, fd)
	}
	next, lost := 0, 0
	for next < mine {
		var n int
		msg := receive(t, fd)["MESSAGE"]
		if k, _ := fmt.Sscanf(msg, "lost %d", &n); k == 1 {
			next, lost = next+n, lost+n
		} else if msg != fmt.Sprint(next) {
			t.Fatalf("%d: %s", next, msg)
		} else {
			next++
		}
	}
	w.Close(0)
	if next != mine || lost < mine-queueLen-1 {
		t.Errorf("%d of %d, %d of them lost", next, mine, lost)
	}
}

// TestIsJournal: the variable alone is nothing, since a child inherits it whatever its
// stderr is.
func TestIsJournal(t *testing.T) {
	r, w := smallPipe(t)
	var at unix.Stat_t
	ok(t, unix.Fstat(int(w.Fd()), &at))
	right := fmt.Sprintf("%d:%d", at.Dev, at.Ino)
	other, err := os.Open(os.DevNull)
	ok(t, err)
	defer other.Close()
	for _, c := range []struct {
		stream string
		fd     int
		want   bool
	}{
		{right, int(w.Fd()), true}, {right, int(r.Fd()), true}, // one pipe
		{right, int(other.Fd()), false},
		{"", int(w.Fd()), false},
		{"8:1", int(w.Fd()), false},
		{right + "0", int(w.Fd()), false},
		{right + ":1", int(w.Fd()), false},
		{right + "\n", int(w.Fd()), false},
		{right, -1, false},
	} {
		if got := IsJournal(c.stream, c.fd); got != c.want {
			t.Errorf("%q, %d: %v", c.stream, c.fd, got)
		}
	}
}
