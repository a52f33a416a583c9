package listen

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

func TestTaken(t *testing.T) {
	for _, test := range []struct {
		what, line string
		family     int
		kind       int
		first      func(port int) unix.Sockaddr
		again      func(port int) unix.Sockaddr
	}{
		{"tcp", "port %d", unix.AF_INET, unix.SOCK_STREAM, func(p int) unix.Sockaddr { return &unix.SockaddrInet4{Addr: loopback, Port: p} },
			func(p int) unix.Sockaddr { return &unix.SockaddrInet4{Port: p} }},
		{"tcp, and all of it afterwards", "port %d", unix.AF_INET, unix.SOCK_STREAM, func(p int) unix.Sockaddr { return &unix.SockaddrInet4{Addr: loopback, Port: p} },
			func(p int) unix.Sockaddr { return &unix.SockaddrInet6{Port: p} }},
		{"udp", "udp port %d", unix.AF_INET6, unix.SOCK_DGRAM, func(p int) unix.Sockaddr { return &unix.SockaddrInet6{Port: p} },
			func(p int) unix.Sockaddr { return &unix.SockaddrInet6{Port: p} }},
	} {
		old := need.Port(t)
		f := bound(t, test.family, test.kind, test.first(old))
		child, end := give(t, f)
		f.Close()
		had := Listening([]int{child})
		if len(had) != 1 {
			t.Fatalf("%s: got %+v", test.what, had)
		}
		// While it is the tree's, it is not taken; when it has gone, neither.
		if got := Taken(had, []int{child}); got != "" {
			t.Errorf("%s: by its own tree: %s", test.what, got)
		}
		still := fmt.Sprintf(test.line+" is still held by cat, pid %d (uid %d)", old, child, os.Getuid())
		if got := Taken(had, nil); got != still {
			t.Errorf("%s: by who has left the tree: got %q, want %q", test.what, got, still)
		}
		end()
		if got := Taken(had, nil); got != "" {
			t.Errorf("%s: nobody has it, and yet: %s", test.what, got)
		}
		family := unix.AF_INET
		if _, six := test.again(old).(*unix.SockaddrInet6); six {
			family = unix.AF_INET6
		}
		f = bound(t, family, test.kind, test.again(old))
		if got := Taken(had, nil); got != "" {
			t.Errorf("%s: by us: %s", test.what, got)
		}
		another, end := give(t, f)
		f.Close()
		want := fmt.Sprintf(test.line+" is still held by cat, pid %d (uid %d)", old, another, os.Getuid())
		if got := Taken(had, []int{child}); got != want {
			t.Errorf("%s: got %q, want %q", test.what, got, want)
		}
		end()
	}
}

// What relance holds for the command nobody has to bind again, and what was shared all
// along may be shared.
func TestListeningOthers(t *testing.T) {
	addr := &unix.SockaddrInet4{Addr: loopback}
	held := bound(t, unix.AF_INET, unix.SOCK_STREAM, addr)
	child, _ := give(t, held)
	if got := Listening([]int{child}); len(got) != 0 {
		t.Errorf("held by us too: got %+v", got)
	}
	mine := bound(t, unix.AF_INET, unix.SOCK_STREAM, addr, unix.SO_REUSEPORT)
	shared := &unix.SockaddrInet4{Addr: loopback, Port: port(t, mine)}
	one, _ := give(t, mine)
	mine.Close()
	if got := Listening([]int{one}); len(got) != 1 {
		t.Errorf("alone: got %+v", got)
	}
	mine = bound(t, unix.AF_INET, unix.SOCK_STREAM, shared, unix.SO_REUSEPORT)
	two, _ := give(t, mine)
	mine.Close()
	if got := Listening([]int{one}); len(got) != 0 {
		t.Errorf("shared with another process: got %+v", got)
	}
	if got := Listening([]int{one, two}); len(got) != 2 {
		t.Errorf("shared in one tree: got %+v", got)
	}
}

// Of unix sockets only the abstract ones are taken as long as somebody has them.
func TestTakenUnix(t *testing.T) {
	name := fmt.Sprintf("@relance-taken-%d", os.Getpid())
	f := bound(t, unix.AF_UNIX, unix.SOCK_STREAM, &unix.SockaddrUnix{Name: name})
	path := bound(t, unix.AF_UNIX, unix.SOCK_STREAM, &unix.SockaddrUnix{Name: t.TempDir() + "/s"})
	child, _ := give(t, f, path)
	f.Close()
	path.Close()
	had := Listening([]int{child})
	if len(had) != 1 {
		t.Fatalf("got %+v", had)
	}
	if got, want := Taken(had, nil), fmt.Sprintf("%s is still held by cat, pid %d (uid %d)", name, child, os.Getuid()); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func BenchmarkListening(b *testing.B) {
	for b.Loop() {
		Listening([]int{os.Getpid()})
	}
}

func BenchmarkTaken(b *testing.B) {
	had := []Bound{{socket{network: "tcp", addr: addrPort("127.0.0.1:1")}}, {socket{network: "udp", addr: addrPort("127.0.0.1:1")}}}
	for b.Loop() {
		Taken(had, nil)
	}
}
