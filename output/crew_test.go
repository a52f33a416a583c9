package output

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// crew is several carriers at work that write to one place.
type crew struct {
	*All
	t    testing.TB
	each []*rig
}

// carryAll carries n generations to two descriptors; change may change what is wanted.
func carryAll(t testing.TB, n, out, errs int, change func(i int, w *Want)) *crew {
	t.Helper()
	said := make(chan string, 64)
	all, err := openAll(n, lookAt(out, errs, [3]bool{}), func(line string) { said <- line }, func(i int) Want {
		w := Want{Whole: true, Prefix: WorkerPrefix(i, n)}
		if change != nil {
			change(i, &w)
		}
		return w
	})
	if err != nil {
		t.Fatal(err)
	}
	c := &crew{All: all, t: t}
	for _, carrier := range all.Carriers {
		for _, s := range carrier.Streams() {
			go s.Run()
		}
		if err := carrier.Begin(1); err != nil {
			t.Fatal(err)
		}
		c.each = append(c.each, &rig{Carrier: carrier, t: t, said: said})
	}
	return c
}

func (c *crew) close() {
	c.t.Helper()
	for _, r := range c.each {
		r.close()
	}
	c.outlets[2].leave() // of relance itself, which does not in earnest
}

func (c *crew) prefixes() (all []string) {
	for i := range c.each {
		all = append(all, WorkerPrefix(i, len(c.each)))
	}
	return all
}

// aim is somewhere to write to: a descriptor, and what was written there once it is
// closed.
type aim struct {
	name string
	open func(t *testing.T) (fd int, read func() []byte)
}

// terminal is a pty: what is written to the second comes out of the first, and raw.
func terminal(t *testing.T) (master, slave int) {
	t.Helper()
	master = openFile(t, "/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY)
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave = openFile(t, fmt.Sprintf("/dev/pts/%d", n), unix.O_RDWR|unix.O_NOCTTY)
	mode, err := unix.IoctlGetTermios(slave, unix.TCGETS)
	if err == nil {
		mode.Oflag &^= unix.OPOST
		err = unix.IoctlSetTermios(slave, unix.TCSETS, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// where are the places to which several may write.
func where(t *testing.T) []aim {
	reads := func(rd int) func() []byte {
		all := readAll(rd)
		return func() []byte { return all.all(t) }
	}
	return []aim{
		{"pipe", func(t *testing.T) (int, func() []byte) {
			rd, w := pipe(t)
			return w, reads(rd)
		}},
		{"non-blocking pipe", func(t *testing.T) (int, func() []byte) {
			rd, w := pipe(t)
			if err := unix.SetNonblock(w, true); err != nil {
				t.Fatal(err)
			}
			return w, reads(rd)
		}},
		{"small pipe", func(t *testing.T) (int, func() []byte) {
			rd, w := pipe(t)
			if _, err := unix.FcntlInt(uintptr(w), unix.F_SETPIPE_SZ, 4096); err != nil {
				t.Fatal(err)
			}
			return w, reads(rd)
		}},
		{"socket", func(t *testing.T) (int, func() []byte) {
			w, rd := sockets(t, unix.SOCK_STREAM)
			return w, reads(rd)
		}},
		{"file", func(t *testing.T) (int, func() []byte) {
			path := filepath.Join(t.TempDir(), "file")
			return openFile(t, path, unix.O_WRONLY|unix.O_CREAT), func() []byte { return contents(t, path) }
		}},
		{"log", func(t *testing.T) (int, func() []byte) {
			path := filepath.Join(t.TempDir(), "log")
			return openFile(t, path, unix.O_WRONLY|unix.O_CREAT|unix.O_APPEND), func() []byte { return contents(t, path) }
		}},
		{"terminal", func(t *testing.T) (int, func() []byte) {
			master, slave := terminal(t)
			// Reading ends with EIO once nobody has the other end open.
			return slave, reads(master)
		}},
	}
}

// hostile is what a writer writes: lines of any kind.
func hostile(writer int) []byte {
	var text bytes.Buffer
	for i := range 60 {
		switch i % 5 {
		case 0:
			fmt.Fprintf(&text, "%d of %d\n", i, writer)
		case 1:
			text.WriteString("\n\n\x00\x00\n\r\n")
		case 2:
			fmt.Fprintf(&text, "%s\r\n", strings.Repeat(string(rune('a'+writer)), i*123))
		case 3:
			fmt.Fprintf(&text, "\x00\xff\xfe %s\n", strings.Repeat("z", 4096-i%16))
		case 4:
			fmt.Fprintf(&text, "%s\n", bytes.Repeat([]byte{0}, i%64))
		}
	}
	fmt.Fprintf(&text, "%s\n", strings.Repeat("long", maxWhole/4-1))
	return text.Bytes()
}

// again opens a file once more, as >log 2>>log does, or where it cannot be has it twice.
func again(t *testing.T, fd int) int {
	t.Helper()
	twice, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", fd), unix.O_WRONLY|unix.O_APPEND|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		twice, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	}
	if err != nil {
		t.Fatal(err)
	}
	return twice
}

// writePieces writes text in pieces of that size.
func writePieces(t testing.TB, fd int, text []byte, size int) {
	for len(text) > 0 {
		n, err := unix.Write(fd, text[:min(size, len(text))])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			t.Error(err)
			return
		}
		text = text[n:]
	}
}

// taken waits until all that was written has been passed on, or is held back.
func (r *rig) taken() {
	r.t.Helper()
	eventually(r.t, "taken", func() bool {
		for _, s := range r.streams {
			if readable(s.read) || s.busy.Load() {
				return false
			}
		}
		return true
	})
}

// lineReader reads what comes, as it comes.
type lineReader struct {
	t  *testing.T
	fd int
}

// wants reads until just that much has come, and nothing more is there.
func (l *lineReader) wants(text string) {
	l.t.Helper()
	got := ""
	for len(got) < len(text) {
		buf := make([]byte, len(text)-len(got))
		n, err := unix.Read(l.fd, buf)
		if err == unix.EINTR {
			continue
		}
		if n <= 0 {
			l.t.Fatalf("got %q, %v", got, err)
		}
		got += string(buf[:n])
	}
	if got != text {
		l.t.Fatalf("got %q, want %q", got, text)
	}
}
