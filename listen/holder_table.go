package listen

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
)

// socket is one line of a table of /proc/net: a socket that has an address.
type socket struct {
	network string         // tcp, udp or unix
	addr    netip.AddrPort // of tcp and udp; an IPv4 address within IPv6 is one of IPv4
	name    string         // of unix: the path, or @ and the abstract name
	kind    int            // of unix: SOCK_STREAM, …
	accepts bool           // it listens; one of udp takes what comes from anybody
	// connected says that it is an end of a connection, of unix.
	connected bool
	inode     uint64
	uid       int // of tcp and udp: whose it is; of unix -1
}

// States of a socket as /proc/net/tcp and udp show them (tcp_states.h), and the flag
// of one that listens as /proc/net/unix does (__SO_ACCEPTCON).
const (
	tcpListens  = "0A"
	udpAnybody  = "07"
	unixAccepts = 1 << 16
	// unixConnected is one of enum socket_state (SS_CONNECTED).
	unixConnected = "03"
)

// parseInet parses a line of /proc/net/{tcp,tcp6,udp,udp6}; see proc_net_tcp(5). The
// first, which names the columns, is none. Those that nobody holds any more, as in
// TIME_WAIT, have the inode 0 and are none either.
func parseInet(line []byte, network string) (s socket, ok bool) {
	var f [10][]byte
	if _, ok = fields(line, f[:]); !ok {
		return socket{}, false
	}
	s = socket{network: network}
	if s.addr, ok = parseAddr(f[1]); !ok {
		return socket{}, false
	}
	uid, err := strconv.ParseUint(string(f[7]), 10, 32)
	inode, err2 := strconv.ParseUint(string(f[9]), 10, 64)
	if err != nil || err2 != nil || inode == 0 {
		return socket{}, false
	}
	state := tcpListens
	if network == "udp" {
		state = udpAnybody
	}
	s.uid, s.inode, s.accepts = int(uid), inode, string(f[3]) == state
	return s, true
}

// parseAddr parses 0100007F:0050: the words of the address as the machine has them,
// and the port as people write it, all in hexadecimal.
func parseAddr(b []byte) (netip.AddrPort, bool) {
	text, port, _ := bytes.Cut(b, []byte{':'})
	n, err := strconv.ParseUint(string(port), 16, 16)
	if err != nil || len(text) != 8 && len(text) != 32 {
		return netip.AddrPort{}, false
	}
	var raw [16]byte
	if _, err := hex.Decode(raw[:], text); err != nil {
		return netip.AddrPort{}, false
	}
	for word := raw[:len(text)/2]; len(word) > 0; word = word[4:] {
		binary.NativeEndian.PutUint32(word, binary.BigEndian.Uint32(word))
	}
	addr, _ := netip.AddrFromSlice(raw[:len(text)/2])
	return netip.AddrPortFrom(addr.Unmap(), uint16(n)), true
}

// parseUnix parses a line of /proc/net/unix, see proc_net_unix(5). Those without a
// name are none.
func parseUnix(line []byte) (s socket, ok bool) {
	var f [7][]byte
	rest, ok := fields(line, f[:])
	flags, err := strconv.ParseUint(string(f[3]), 16, 32)
	kind, err2 := strconv.ParseUint(string(f[4]), 16, 16)
	inode, err3 := strconv.ParseUint(string(f[6]), 10, 64)
	// The name is what follows one space behind the inode, spaces and all.
	if !ok || err != nil || err2 != nil || err3 != nil || inode == 0 || len(rest) < 2 {
		return socket{}, false
	}
	return socket{
		network: "unix", name: string(rest[1:]), kind: int(kind), accepts: flags&unixAccepts != 0,
		connected: string(f[5]) == unixConnected, inode: inode, uid: -1,
	}, true
}

// fields cuts the first len(into) words of line, and returns what follows them.
func fields(line []byte, into [][]byte) (rest []byte, ok bool) {
	for i := range into {
		line = bytes.TrimLeft(line, " ")
		n := bytes.IndexByte(line, ' ')
		if n < 0 {
			n = len(line)
		}
		if n == 0 {
			return nil, false
		}
		into[i], line = line[:n], line[n:]
	}
	return line, true
}

// conflict says how surely a socket on b keeps another one from a: 0 not, 2 surely,
// 1 where one of them is [::], which has the IPv4 addresses too unless it is told not
// to (IPV6_V6ONLY, ipv6(7)). A table does not show that.
func conflict(a, b netip.AddrPort) int {
	x, y := a.Addr().Unmap(), b.Addr().Unmap()
	switch {
	case a.Port() != b.Port():
		return 0
	case x.Is4() == y.Is4():
		if x.WithZone("") == y.WithZone("") || x.IsUnspecified() || y.IsUnspecified() {
			return 2
		}
		return 0
	case x.Is6() && x.IsUnspecified(), y.Is6() && y.IsUnspecified():
		return 1
	}
	return 0
}

// String is the address in the words of a message.
func (s socket) String() string {
	switch s.network {
	case "tcp":
		return "port " + strconv.Itoa(int(s.addr.Port()))
	case "udp":
		return "udp port " + strconv.Itoa(int(s.addr.Port()))
	}
	return readable(s.name)
}

// readable is s as it is, or quoted where it holds what is no part of one plain line.
func readable(s string) string {
	if q := strconv.QuoteToASCII(s); q != `"`+s+`"` {
		return q
	}
	return s
}
