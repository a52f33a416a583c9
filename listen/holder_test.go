package listen

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// give lets a new process have the sockets, and nobody else: it is a cat, and lives until
// end is called.
func give(t *testing.T, sockets ...*os.File) (pid int, end func()) {
	t.Helper()
	cmd := exec.Command("cat")
	cmd.ExtraFiles = sockets
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := false
	end = func() {
		if !over {
			over = true
			in.Close()
			_ = cmd.Wait() // it ends when its stdin does
		}
	}
	t.Cleanup(end)
	return cmd.Process.Pid, end
}

// bound is a socket bound to addr; a stream listens.
func bound(t *testing.T, family, sotype int, addr unix.Sockaddr, options ...int) *os.File {
	t.Helper()
	fd, err := unix.Socket(family, sotype|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "socket")
	t.Cleanup(func() { f.Close() })
	for _, option := range options {
		level := unix.SOL_SOCKET
		if option == unix.IPV6_V6ONLY {
			level = unix.IPPROTO_IPV6
		}
		if err := unix.SetsockoptInt(fd, level, option, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Bind(fd, addr); err != nil {
		t.Fatalf("bind %+v: %v", addr, err)
	}
	if sotype != unix.SOCK_DGRAM {
		if err := unix.Listen(fd, 16); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// port is that of a socket.
func port(t *testing.T, f *os.File) int {
	t.Helper()
	name, err := unix.Getsockname(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	switch a := name.(type) {
	case *unix.SockaddrInet4:
		return a.Port
	case *unix.SockaddrInet6:
		return a.Port
	}
	t.Fatalf("%T has no port", name)
	return 0
}

var loopback = [4]byte{127, 0, 0, 1}

func TestHolder(t *testing.T) {
	v4, v6 := func(p int) unix.Sockaddr { return &unix.SockaddrInet4{Addr: loopback, Port: p} },
		func(p int) unix.Sockaddr { return &unix.SockaddrInet6{Port: p} }
	any4 := func(p int) unix.Sockaddr { return &unix.SockaddrInet4{Port: p} }
	other := func(p int) unix.Sockaddr { return &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 2}, Port: p} }
	for _, test := range []struct {
		name         string
		family, kind int
		has, wants   func(int) unix.Sockaddr
		free         bool
	}{
		{"the same", unix.AF_INET, unix.SOCK_STREAM, v4, v4, false},
		{"all of 0.0.0.0", unix.AF_INET, unix.SOCK_STREAM, any4, v4, false},
		{"one of 0.0.0.0", unix.AF_INET, unix.SOCK_STREAM, v4, any4, false},
		{"[::] has it", unix.AF_INET6, unix.SOCK_STREAM, v6, v4, false},
		{"[::] wants it", unix.AF_INET, unix.SOCK_STREAM, v4, v6, false},
		{"another address", unix.AF_INET, unix.SOCK_STREAM, other, v4, true},
		{"udp", unix.AF_INET, unix.SOCK_DGRAM, v4, any4, false},
	} {
		port := need.Port(t)
		f := bound(t, test.family, test.kind, test.has(port))
		addr := test.wants(port)
		pid, end := give(t, f)
		f.Close()
		want := fmt.Sprintf("cat, pid %d", pid)
		if test.free {
			want = ""
		}
		if got := Holder(addr, test.kind, nil); got != want {
			t.Errorf("%s: got %q, want %q", test.name, got, want)
		}
		if end(); Holder(addr, test.kind, nil) != "" {
			t.Errorf("%s: still held by %s", test.name, Holder(addr, test.kind, nil))
		}
	}
}

// Of several processes the first is named; of several sockets the one that is surely in
// the way.
func TestHolderSeveral(t *testing.T) {
	addr := &unix.SockaddrInet4{Addr: loopback, Port: need.Port(t)}
	bound(t, unix.AF_INET6, unix.SOCK_STREAM, &unix.SockaddrInet6{Port: addr.Port}, unix.IPV6_V6ONLY)
	if got := Holder(addr, unix.SOCK_STREAM, nil); got != fmt.Sprintf("%s, pid %d", comm(os.Getpid()), os.Getpid()) {
		t.Errorf("[::] may be in the way: got %q", got)
	}
	four := bound(t, unix.AF_INET, unix.SOCK_STREAM, addr)
	first, _ := give(t, four)
	give(t, four)
	give(t, four)
	four.Close()
	if got, want := Holder(addr, unix.SOCK_STREAM, nil), fmt.Sprintf("cat, pid %d, and 2 more", first); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// An end of a connection is named where nobody listens.
func TestHolderConnection(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	accepted, err := l.Accept() // else closing l resets it
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	taken := netip.MustParseAddrPort(c.LocalAddr().String())
	l.Close()
	got := Holder(&unix.SockaddrInet4{Addr: loopback, Port: int(taken.Port())}, unix.SOCK_STREAM, nil)
	if want := fmt.Sprintf("%s, pid %d", comm(os.Getpid()), os.Getpid()); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHolderUnix(t *testing.T) {
	folder := t.TempDir()
	path, link := filepath.Join(folder, "a socket"), filepath.Join(folder, "link")
	if err := os.Symlink(folder, link); err != nil {
		t.Fatal(err)
	}
	abstract := fmt.Sprintf("@relance-test-%d", os.Getpid())
	for _, test := range []struct {
		has, wants string
		kind       int
		free       bool
	}{
		{path, path, unix.SOCK_STREAM, false},
		{path, filepath.Join(link, "a socket"), unix.SOCK_SEQPACKET, false},
		{path, filepath.Join(folder, "another"), unix.SOCK_STREAM, true},
		{abstract, abstract, unix.SOCK_STREAM, false},
		{abstract, abstract + "x", unix.SOCK_STREAM, true},
		{abstract, abstract, unix.SOCK_DGRAM, false},
	} {
		f := bound(t, unix.AF_UNIX, test.kind, &unix.SockaddrUnix{Name: test.has})
		pid, end := give(t, f)
		f.Close()
		want := fmt.Sprintf("cat, pid %d", pid)
		if test.free {
			want = ""
		}
		if got := Holder(&unix.SockaddrUnix{Name: test.wants}, test.kind, nil); got != want {
			t.Errorf("%+v: got %q, want %q", test, got, want)
		}
		end()
		if got := Holder(&unix.SockaddrUnix{Name: test.wants}, test.kind, nil); got != "" {
			t.Errorf("%+v: still held by %s", test, got)
		}
		_ = os.Remove(path) // where it is one
	}
}

// A socket with a name that looks like a line of the table cannot put another one's
// holder into a wrong light: that one is named by nobody.
func TestForgedLine(t *testing.T) {
	victim := filepath.Join(t.TempDir(), "v")
	f := bound(t, unix.AF_UNIX, unix.SOCK_STREAM, &unix.SockaddrUnix{Name: victim})
	pid, _ := give(t, f)
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	f.Close()
	wanted := fmt.Sprintf("@forged-%d", os.Getpid())
	line := fmt.Sprintf("0: 2 0 10000 1 01 %d %s", st.Ino, wanted)
	if s, ok := parseUnix([]byte(line)); !ok || s.name != wanted {
		t.Fatalf("not a line: %+v", s)
	}
	if got, want := Holder(&unix.SockaddrUnix{Name: victim}, unix.SOCK_STREAM, nil), fmt.Sprintf("cat, pid %d", pid); got != want {
		t.Fatalf("before: got %q, want %q", got, want)
	}
	bound(t, unix.AF_UNIX, unix.SOCK_STREAM, &unix.SockaddrUnix{Name: "@\n" + line})
	if got := Holder(&unix.SockaddrUnix{Name: wanted}, unix.SOCK_STREAM, nil); got != "" {
		t.Errorf("the forged name is held by %s", got)
	}
}

// What a program calls itself stays one word of one line.
func TestReadable(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"nginx", "nginx"}, {"a b", "a b"}, {"a\nb", `"a\nb"`}, {"\x1b[2J", `"\x1b[2J"`}, {`q"`, `"q\""`}, {"é", `"\u00e9"`},
	} {
		if got := readable(test.name); got != test.want {
			t.Errorf("%q: got %s, want %s", test.name, got, test.want)
		}
	}
	if strings.Contains(comm(os.Getpid()), "\n") {
		t.Error("a name with a newline")
	}
}
