package output

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// What is not carried, and how that is told.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	tty := openFile(t, "/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY)
	null, zero := openFile(t, os.DevNull, unix.O_RDONLY), openFile(t, "/dev/zero", unix.O_WRONLY)
	path := openFile(t, os.DevNull, unix.O_PATH)
	datagram, other := sockets(t, unix.SOCK_DGRAM)
	var packets [2]int
	if err := unix.Pipe2(packets[:], unix.O_CLOEXEC|unix.O_DIRECT); err != nil {
		t.Fatal(err)
	}
	_, good := pipe(t)
	t.Cleanup(func() {
		for _, fd := range []int{tty, null, zero, path, datagram, other, packets[0], packets[1]} {
			unix.Close(fd)
		}
	})
	const rest = ", which relance does not stand between; redirect one to a file or a pipe"
	for _, test := range []struct {
		out, errs int
		closed    [3]bool
		want      string
	}{
		{tty, tty, [3]bool{}, "stdout and stderr are a terminal"},
		{tty, -1, [3]bool{}, "stdout is a terminal and stderr is closed"},
		{good, good, [3]bool{1: true, 2: true}, "stdout and stderr are closed"},
		{good, tty, [3]bool{1: true}, "stdout is closed and stderr is a terminal"},
		{null, path, [3]bool{}, "stdout and stderr are not open for writing"},
		{datagram, zero, [3]bool{}, "stdout is a socket that keeps messages apart and stderr is a device"},
		{packets[1], packets[1], [3]bool{}, "stdout and stderr are open for direct I/O"},
	} {
		if _, err := open(test.out, test.errs, test.closed, nil, Want{Silence: true}); err == nil || err.Error() != test.want+rest {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	// One that can be is enough.
	for _, test := range []struct {
		out, errs int
		closed    [3]bool
		fd        int
	}{{tty, good, [3]bool{}, 2}, {good, tty, [3]bool{}, 1}, {good, good, [3]bool{1: true}, 2}} {
		c, err := open(test.out, test.errs, test.closed, nil, Want{Silence: true})
		if err != nil {
			t.Error(err)
			continue
		}
		if ends := c.Ends(); len(ends) != 1 || ends[0].FD != test.fd {
			t.Errorf("ends %v, want %d", ends, test.fd)
		}
		for _, s := range c.Streams() {
			go s.Run()
		}
		c.Close()
	}
}

// What is one open file, where the kernel tells and where it does not.
func TestSame(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	open := func(flags int) int { return openFile(t, file, flags|unix.O_WRONLY|unix.O_CREAT) }
	dup := func(fd int) int {
		fd, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
		if err != nil {
			t.Fatal(err)
		}
		return fd
	}
	one, further, appending := open(0), open(0), open(unix.O_APPEND)
	if _, err := unix.Seek(further, 5, unix.SEEK_SET); err != nil {
		t.Fatal(err)
	}
	_, w := pipe(t)
	_, w2 := pipe(t)
	for _, test := range []struct {
		name string
		a, b int
		// looks is what is taken for it where the kernel does not tell.
		same, looks bool
	}{
		{"a file", one, dup(one), true, true},
		{"opened twice", one, open(0), false, true},
		{"opened twice to append", appending, open(unix.O_APPEND), false, true},
		{"once to append", one, appending, false, false},
		{"at another position", one, further, false, false},
		{"a pipe", w, dup(w), true, true},
	} {
		if got := sameOpenFile(test.a, test.b); got != test.same {
			t.Errorf("%s: %v", test.name, got)
		}
		for name, ask := range map[string]func(int, int) (bool, bool){"fcntl": askFcntl, "kcmp": askKcmp} {
			// An old kernel, or a container, need not know.
			if got, known := ask(test.a, test.b); known && got != test.same {
				t.Errorf("%s, by %s: %v", test.name, name, got)
			}
		}
		if got := looksSame(test.a, test.b); got != test.looks {
			t.Errorf("%s, by its looks: %v", test.name, got)
		}
	}
	if sameOpenFile(w, w2) {
		t.Error("two pipes")
	}
}

// No descriptor stays. It has the process to itself.
func TestNothingStays(t *testing.T) {
	descriptors := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	var c tally
	once := func(want Want) {
		_, rd, w := fifo(t)
		errs, other := sockets(t, unix.SOCK_STREAM)
		r := carryFor(t, w, other, want)
		for _, e := range r.Ends() {
			r.send(e.FD, "x\n")
		}
		r.close()
		for _, fd := range []int{rd, w, errs, other} {
			unix.Close(fd)
		}
	}
	wants := []Want{{Silence: true}, c.counting("x")}
	for _, want := range wants {
		once(want)
	}
	for _, want := range wants {
		before := descriptors()
		for range 10 {
			once(want)
		}
		if after := descriptors(); after > before {
			t.Errorf("%d descriptors, and %d after ten more carriers", before, after)
		}
	}
}
