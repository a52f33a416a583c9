package listen

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Kind is what is spoken on a socket.
type Kind uint8

const (
	// TCP and UDP are of the internet, the others of this machine (unix(7)).
	TCP Kind = iota
	UDP
	Stream
	Seqpacket
	Dgram
)

// schemes are the words before the address, by kind; the first is that of an
// address without one.
var schemes = []string{TCP: "tcp:", UDP: "udp:", Stream: "unix:", Seqpacket: "seqpacket:", Dgram: "dgram:"}

// Address is one address to listen on, with its options. Two that are equal are
// the same.
type Address struct {
	Kind Kind
	// Host and Port are those of TCP and UDP. A host that is not valid stands for
	// every address of this machine; port 0 lets the kernel choose.
	Host netip.Addr
	Port uint16
	// Path is the file of the others, or @NAME in the abstract namespace.
	Path string

	// Name is what the command knows it by (LISTEN_FDNAMES), empty: none.
	Name string
	// Backlog is how many connections may wait, zero: as many as the kernel lets
	// (net.core.somaxconn).
	Backlog int
	// ReusePort lets other sockets have the same address (SO_REUSEPORT), IPv6Only
	// keeps IPv4 out (IPV6_V6ONLY), FreeBind takes an address that this machine does
	// not have, or not yet (IP_FREEBIND).
	ReusePort, IPv6Only, FreeBind bool
	// Mode is that of the file, zero: as the umask has it. Owner and Group are names
	// or numbers, empty: ours, but the group of a user who is named is his own.
	Mode         uint32
	Owner, Group string
}

// maxPath is the longest path or name of a unix socket (sun_path of unix(7), but
// for the zero byte).
const maxPath = 107

// Parse reads ADDR[,OPTION...].
func Parse(s string) (Address, error) {
	text, options, more := strings.Cut(s, ",")
	var a Address
	err := a.parseAddress(text)
	for err == nil && more {
		var option string
		option, options, more = strings.Cut(options, ",")
		err = a.parseOption(option)
	}
	if err == nil {
		err = a.check()
	}
	if err != nil {
		return Address{}, err
	}
	return a, nil
}

func (a *Address) parseAddress(s string) error {
	rest := s
	for kind, scheme := range schemes {
		if after, ok := strings.CutPrefix(s, scheme); ok {
			a.Kind, rest = Kind(kind), after
		}
	}
	if a.Local() {
		return a.parsePath(rest)
	}
	return a.parsePort(rest)
}

// Local reports whether it is one of a unix socket.
func (a *Address) Local() bool { return a.Kind >= Stream }

// Abstract reports whether it is one without a file.
func (a *Address) Abstract() bool { return strings.HasPrefix(a.Path, "@") }

func (a *Address) parsePath(path string) error {
	switch {
	case path == "" || path == "@":
		return fmt.Errorf("no name; use %s/run/app.sock or %[1]s@app", schemes[a.Kind])
	case strings.ContainsRune(path, 0):
		return errors.New("a zero byte in it, which no path can have")
	case len(path) > maxPath:
		return fmt.Errorf("%d bytes, and a unix socket has room for %d; use a shorter one", len(path), maxPath)
	}
	a.Path = path
	return nil
}

func (a *Address) parsePort(s string) error {
	i := strings.LastIndexByte(s, ':')
	switch {
	case strings.HasPrefix(s, "/") || strings.HasPrefix(s, "./") || strings.HasPrefix(s, "@"):
		return fmt.Errorf("use unix:%s for a unix socket", s)
	case i < 0 || strings.HasSuffix(s, "]"):
		return errors.New("no port in it; use :8080, 127.0.0.1:8080, [::1]:8080 or unix:/run/app.sock")
	}
	host, port := s[:i], s[i+1:]
	if strings.HasPrefix(port, "/") {
		return fmt.Errorf("there is no kind %q; use unix:, seqpacket: or dgram: before a path", host+":")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return fmt.Errorf("port %q: use a number from 0 to 65535", port)
	}
	a.Port = uint16(n)
	if host == "" {
		return nil
	}
	inner, bracketed := strings.CutPrefix(host, "[")
	if bracketed {
		inner, bracketed = strings.CutSuffix(inner, "]")
	}
	ip, err := netip.ParseAddr(inner)
	switch {
	case host == "*":
		return fmt.Errorf("use :%s for every address", port)
	case err != nil:
		return fmt.Errorf("host %q: names are not looked up; use an address such as 127.0.0.1 or [::1]", host)
	case ip.Is4() && bracketed:
		return fmt.Errorf("no brackets around an IPv4 address; use %s:%s", inner, port)
	case ip.Is6() && !bracketed:
		return fmt.Errorf("an IPv6 address needs brackets; use [%s]:%s", inner, port)
	case !validZone(ip.Zone()):
		return fmt.Errorf("interface %q: there can be none of this name; use a name such as eth0", ip.Zone())
	}
	a.Host = ip.Unmap()
	return nil
}

// validZone reports whether an interface can be called so (dev_valid_name of the
// kernel).
func validZone(zone string) bool {
	return len(zone) < 16 && zone != "." && zone != ".." && !strings.ContainsFunc(zone, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("/:[]", r)
	})
}

// String is the address and its options as Parse reads them, in one spelling.
func (a Address) String() string {
	text := a.Bare()
	for _, o := range options {
		if value := o.print(&a); value != "" {
			text += "," + value
		}
	}
	return text
}

// Bare is the address without its options.
func (a Address) Bare() string {
	scheme := schemes[a.Kind]
	if a.Local() {
		return scheme + a.Path
	}
	if a.Kind == TCP {
		scheme = ""
	}
	return scheme + a.hostPort()
}

func (a *Address) hostPort() string {
	if !a.Host.IsValid() {
		return fmt.Sprintf(":%d", a.Port)
	}
	return netip.AddrPortFrom(a.Host, a.Port).String()
}
