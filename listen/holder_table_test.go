package listen

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func TestParseInet(t *testing.T) {
	const tail = " 00000000:00000000 00:00000000 00000000    33        0 1046 1 000000003d624506 100 0 0 10 0"
	for _, test := range []struct {
		line string
		want socket // none: no line of a socket
	}{
		{"   0: 0100007F:1F90 00000000:0000 0A" + tail, socket{network: "tcp", addr: addrPort("127.0.0.1:8080"), accepts: true, inode: 1046, uid: 33}},
		{"   0: 0100007F:1F90 0200007F:C350 01" + tail, socket{network: "tcp", addr: addrPort("127.0.0.1:8080"), inode: 1046, uid: 33}},
		{"1000: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A" + tail,
			socket{network: "tcp", addr: addrPort("[::]:80"), accepts: true, inode: 1046, uid: 33}},
		{"   1: B80D0120000000000000000001000000:0050 00000000000000000000000000000000:0000 0A" + tail,
			socket{network: "tcp", addr: addrPort("[2001:db8::1]:80"), accepts: true, inode: 1046, uid: 33}},
		{"   1: 0000000000000000FFFF00000100007F:0050 00000000000000000000000000000000:0000 0A" + tail,
			socket{network: "tcp", addr: addrPort("127.0.0.1:80"), accepts: true, inode: 1046, uid: 33}},
		{"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode", socket{}},
		{"   0: 0100007F:1F90 00000000:0000 06" + strings.Replace(tail, "1046", "0", 1), socket{}},
		{"   0: 0100007F:1F900 00000000:0000 0A" + tail, socket{}},
		{"   0: 0100007F 00000000:0000 0A" + tail, socket{}},
		{"   0: 0100007:1F90 00000000:0000 0A" + tail, socket{}},
		{"   0: 0100007G:1F90 00000000:0000 0A" + tail, socket{}},
		{"   0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 33 0", socket{}},
		{"", socket{}},
	} {
		got, ok := parseInet([]byte(test.line), "tcp")
		if ok != (test.want != socket{}) || got != test.want {
			t.Errorf("%s: got %+v, %v", test.line, got, ok)
		}
	}
	if got, ok := parseInet([]byte("  10: 00000000:0035 00000000:0000 07"+tail), "udp"); !ok || !got.accepts {
		t.Errorf("udp: got %+v, %v", got, ok)
	}
}

func TestParseUnix(t *testing.T) {
	for _, test := range []struct {
		line string
		want socket
	}{
		{"00000000755b7c7d: 00000002 00000000 00010000 0001 01  1648 /run/a b ", socket{network: "unix", name: "/run/a b ", kind: 1, accepts: true, inode: 1648, uid: -1}},
		{"00000000755b7c7d: 00000002 00000000 00000000 0002 01 648 @x", socket{network: "unix", name: "@x", kind: 2, inode: 648, uid: -1}},
		{"00000000755b7c7d: 00000003 00000000 00000000 0001 03   648 /run/a", socket{network: "unix", name: "/run/a", kind: 1, connected: true, inode: 648, uid: -1}},
		{"00000000755b7c7d: 00000003 00000000 00000000 0001 03   648", socket{}},
		{"00000000755b7c7d: 00000003 00000000 00000000 0001 03   648 ", socket{}},
		{"Num       RefCount Protocol Flags    Type St Inode Path", socket{}},
		{"", socket{}},
	} {
		got, ok := parseUnix([]byte(test.line))
		if ok != (test.want != socket{}) || got != test.want {
			t.Errorf("%s: got %+v, %v", test.line, got, ok)
		}
	}
}

func TestConflict(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"127.0.0.1:80", "127.0.0.1:80", 2},
		{"127.0.0.1:80", "127.0.0.1:81", 0},
		{"127.0.0.1:80", "127.0.0.2:80", 0},
		{"0.0.0.0:80", "127.0.0.1:80", 2},
		{"[::]:80", "[::1]:80", 2},
		{"[::1]:80", "[fe80::1]:80", 0},
		{"[fe80::1%eth0]:80", "[fe80::1]:80", 2},
		{"[::]:80", "127.0.0.1:80", 1},
		{"[::]:80", "0.0.0.0:80", 1},
		{"[::1]:80", "0.0.0.0:80", 0},
		{"[::ffff:127.0.0.1]:80", "127.0.0.1:80", 2},
	} {
		for _, pair := range [][2]string{{test.a, test.b}, {test.b, test.a}} {
			if got := conflict(addrPort(pair[0]), addrPort(pair[1])); got != test.want {
				t.Errorf("%v: got %d, want %d", pair, got, test.want)
			}
		}
	}
}

// Whatever stands in a table, what comes out is a socket that is whole, and the same
// address is found again in the line that it came from.
func FuzzTable(f *testing.F) {
	f.Add([]byte("   0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 33 0 1046 1 0 100 0 0 10 0"))
	f.Add([]byte("   1: 0000000000000000FFFF00000100007F:0050 0:0 0A 0:0 0:0 0 0 0 7"))
	f.Add([]byte("755b7c7d: 00000002 00000000 00010000 0001 01  1648 /run/a b"))
	f.Add(append([]byte("\x58\x00\x00\x00\x14\x00\x02\x00\x01\x00\x00\x00\x00\x00\x00\x00\x0a\x0a\x00\x00\x1f\x90"), bytes.Repeat([]byte{7}, 66)...))
	f.Fuzz(func(t *testing.T, line []byte) {
		before := bytes.Clone(line)
		if s, ok := parseInet(line, "tcp"); ok {
			if !s.addr.IsValid() || s.inode == 0 || s.uid < 0 || s.name != "" || conflict(s.addr, s.addr) != 2 {
				t.Errorf("%q: %+v", line, s)
			}
			if port := strings.ToUpper(fmt.Sprintf("%x", s.addr.Port())); !strings.Contains(strings.ToUpper(string(line)), port) {
				t.Errorf("%q: no port %s", line, port)
			}
		}
		if s, ok := parseUnix(line); ok && (s.name == "" || s.inode == 0 || !bytes.HasSuffix(line, []byte(" "+s.name))) {
			t.Errorf("%q: %+v", line, s)
		}
		for _, s := range diagnosed(line) {
			if !s.addr.IsValid() || s.inode == 0 || s.uid < 0 || !s.accepts {
				t.Errorf("%q: %+v", line, s)
			}
		}
		if !bytes.Equal(before, line) {
			t.Errorf("%q was changed to %q", before, line)
		}
	})
}

// diagnosed is what parseDiag makes of a piece, of which no error leaves anything.
func diagnosed(b []byte) []socket {
	all, _, _ := parseDiag(b) // what is there of it is looked at
	return all
}

// The kernel's two ways to tell agree.
func TestDiagnose(t *testing.T) {
	four := bound(t, unix.AF_INET, unix.SOCK_STREAM, &unix.SockaddrInet4{Addr: loopback})
	six := bound(t, unix.AF_INET6, unix.SOCK_STREAM, &unix.SockaddrInet6{Addr: netip.IPv6Loopback().As16()})
	all, err := diagnose()
	if err != nil {
		need.Lack(t, "%v (modprobe tcp_diag)", err)
	}
	for _, port := range []int{port(t, four), port(t, six)} {
		mine := func(s socket) bool { return s.accepts && int(s.addr.Port()) == port }
		i := slices.IndexFunc(all, mine)
		if i < 0 {
			t.Fatalf("nobody listens to port %d: %+v", port, all)
		}
		var table []socket
		for _, name := range tables("tcp") {
			eachSocket(name, func(s socket) {
				if mine(s) {
					table = append(table, s)
				}
			})
		}
		if len(table) != 1 || table[0] != all[i] {
			t.Errorf("port %d: got %+v, the table has %+v", port, all[i], table)
		}
	}
}

func TestParseDiag(t *testing.T) {
	piece := func(kind uint16, data []byte) []byte {
		b := binary.NativeEndian.AppendUint32(nil, uint32(unix.NLMSG_HDRLEN+len(data)))
		b = binary.NativeEndian.AppendUint16(b, kind)
		return append(append(b, make([]byte, unix.NLMSG_HDRLEN-len(b))...), data...)
	}
	for _, test := range []struct {
		name  string
		piece []byte
		done  bool
		fails bool
	}{
		{"the end", piece(unix.NLMSG_DONE, make([]byte, 4)), true, false},
		{"refused", piece(unix.NLMSG_ERROR, make([]byte, 20)), false, true},
		{"short", piece(unix.SOCK_DIAG_BY_FAMILY, make([]byte, diagAnswer-1)), false, true},
		{"a socket that nobody has", piece(unix.SOCK_DIAG_BY_FAMILY, make([]byte, diagAnswer)), false, false},
		{"half a head", make([]byte, 7), false, false},
		{"cut off", piece(unix.SOCK_DIAG_BY_FAMILY, make([]byte, diagAnswer))[:40], false, true},
	} {
		all, done, err := parseDiag(test.piece)
		if len(all) != 0 || done != test.done || (err != nil) != test.fails {
			t.Errorf("%s: got %+v, %v, %v", test.name, all, done, err)
		}
	}
}
