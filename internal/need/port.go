package need

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// firstPort is above those of services that a machine may have.
const firstPort = 10000

// Port returns a port that is bound on no address, neither of TCP nor of UDP. The kernel
// gives it to nobody who does not ask for it by its number, as the own port of a client or
// for port 0 (ip_local_port_range of ip(7)), nor another test takes it until this one is over.
func Port(t testing.TB) int {
	t.Helper()
	const path = "/proc/sys/net/ipv4/ip_local_port_range"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var given int
	if _, err := fmt.Sscan(string(text), &given); err != nil || given <= firstPort {
		t.Fatalf("%s has %q (%v), want it to begin above %d", path, text, err, firstPort)
	}
	for range 1000 {
		port := firstPort + rand.IntN(given-firstPort)
		taken, err := net.Listen("unix", fmt.Sprintf("@relance-test-port-%d", port))
		if err != nil {
			continue
		}
		if free(t, port) {
			t.Cleanup(func() { taken.Close() })
			return port
		}
		taken.Close()
	}
	t.Fatal("no free port")
	return 0
}

// free reports whether a port can be bound on all addresses at once.
func free(t testing.TB, port int) bool {
	t.Helper()
	for _, kind := range []int{unix.SOCK_STREAM, unix.SOCK_DGRAM} {
		fd, err := unix.Socket(unix.AF_INET6, kind|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		err = unix.Bind(fd, &unix.SockaddrInet6{Port: port})
		unix.Close(fd)
		if err != nil {
			return false
		}
	}
	return true
}

// Nobody returns an address of TCP where nobody listens until the test is over, or calls
// listens.
func Nobody(t testing.TB) (address string, listens func()) {
	t.Helper()
	// Nobody else gets a port that is bound.
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", name.(*unix.SockaddrInet4).Port), func() {
		t.Helper()
		if err := unix.Listen(fd, 1); err != nil {
			t.Fatal(err)
		}
	}
}
