package listen

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// sotypes are the socket types of the kinds.
var sotypes = []int{
	TCP: unix.SOCK_STREAM, UDP: unix.SOCK_DGRAM,
	Stream: unix.SOCK_STREAM, Seqpacket: unix.SOCK_SEQPACKET, Dgram: unix.SOCK_DGRAM,
}

// bind makes a socket of this address that takes connections. The file is that of
// a unix socket, nil: it has none.
func (a *Address) bind() (fd int, f *file, err error) {
	if a.Local() {
		return a.bindLocal()
	}
	fd, err = a.bindInet()
	if err == nil {
		err = a.accept(fd)
	}
	return fd, nil, err
}

// accept lets connections come, where there are any. What waits while nobody takes
// them is bounded by the backlog alone.
func (a *Address) accept(fd int) error {
	if sotypes[a.Kind] == unix.SOCK_DGRAM {
		return nil
	}
	backlog := a.Backlog
	if backlog == 0 {
		backlog = math.MaxInt32 // "silently truncated" to net.core.somaxconn, listen(2)
	}
	err := unix.Listen(fd, backlog)
	if err != nil {
		_ = unix.Close(fd)
	}
	return a.explain(err, nil)
}

// bindInet binds the port. An address without a host is one socket for IPv6 and
// IPv4, and one for IPv4 where this machine has no IPv6.
func (a *Address) bindInet() (int, error) {
	if a.Host.IsValid() {
		return a.bindTo(a.Host)
	}
	fd, err := a.bindTo(netip.IPv6Unspecified())
	if (errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL)) && !a.IPv6Only {
		return a.bindTo(netip.IPv4Unspecified())
	}
	return fd, err
}

func (a *Address) bindTo(host netip.Addr) (fd int, err error) {
	var to unix.Sockaddr = &unix.SockaddrInet4{Port: int(a.Port)}
	domain := unix.AF_INET
	if host.Is4() {
		to.(*unix.SockaddrInet4).Addr = host.As4()
	} else {
		zone, err := zoneID(host.Zone())
		if err != nil {
			return -1, err
		}
		domain, to = unix.AF_INET6, &unix.SockaddrInet6{Port: int(a.Port), Addr: host.As16(), ZoneId: zone}
	}
	fd, err = unix.Socket(domain, sotypes[a.Kind]|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, a.explain(err, nil)
	}
	if err = a.prepare(fd, domain); err == nil {
		err = unix.Bind(fd, to)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, a.explain(err, to)
	}
	return fd, nil
}

// prepare sets what must be set before bind(2).
func (a *Address) prepare(fd, domain int) error {
	for _, o := range []struct {
		wanted            bool
		level, opt, value int
	}{
		// Connections of the last one that are not quite over keep nobody from the port.
		// For UDP it would let two programs have one port.
		{a.Kind == TCP, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1},
		{a.ReusePort, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1},
		{a.FreeBind, unix.SOL_IP, unix.IP_FREEBIND, 1},
		// Whatever net.ipv6.bindv6only says.
		{domain == unix.AF_INET6 && a.IPv6Only, unix.SOL_IPV6, unix.IPV6_V6ONLY, 1},
		{domain == unix.AF_INET6 && !a.IPv6Only, unix.SOL_IPV6, unix.IPV6_V6ONLY, 0},
	} {
		if !o.wanted {
			continue
		}
		if err := unix.SetsockoptInt(fd, o.level, o.opt, o.value); err != nil {
			return err
		}
	}
	return nil
}

// zoneID is the number of an interface (sin6_scope_id of ipv6(7)).
func zoneID(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n), nil
	}
	i, err := net.InterfaceByName(zone)
	if err != nil {
		return 0, fmt.Errorf("interface %q: there is none of this name here; ip link lists them", zone)
	}
	return uint32(i.Index), nil
}

// explain adds the cure to an answer of the kernel. at is what could not be bound,
// nil where it was something else that failed.
func (a *Address) explain(err error, at unix.Sockaddr) error {
	cure := ""
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EADDRINUSE) && at != nil:
		cure = a.inUse(at)
	case errors.Is(err, unix.ENOENT):
		cure = "; the folder must be there: mkdir -p " + filepath.Dir(a.Path)
	case errors.Is(err, unix.EROFS):
		cure = "; use a folder that can be written to, such as /run"
	case errors.Is(err, unix.EACCES) && !a.Local():
		cure = "; ports below net.ipv4.ip_unprivileged_port_start, mostly 1024, need root or CAP_NET_BIND_SERVICE"
	case errors.Is(err, unix.EACCES):
		cure = "; use a folder that uid " + strconv.Itoa(unix.Geteuid()) + " may write to, or run relance as somebody who may"
	case errors.Is(err, unix.EADDRNOTAVAIL) && !a.FreeBind:
		cure = "; no interface of this machine has it; wait for it, or add ,freebind"
	case errors.Is(err, unix.EINVAL) && a.Host.IsLinkLocalUnicast():
		cure = "; of which interface? Use [" + a.Host.WithZone("eth0").String() + "]:" + strconv.Itoa(int(a.Port))
	}
	return fmt.Errorf("%w%s", err, cure)
}

// inUse says who has the address, and what to do. What we have ourselves is in the way of
// a port and of an abstract name if we were given it; of a file it is the one from before
// somebody else has put his in its place.
func (a *Address) inUse(at unix.Sockaddr) string {
	if who := Holder(at, sotypes[a.Kind], own()); who != "" {
		return " by " + who + "; stop it, or use another address"
	}
	if (!a.Local() || a.Abstract()) && Holder(at, sotypes[a.Kind], nil) != "" {
		return ": relance was given a socket with it; leave --listen out, or use another address"
	}
	return "; stop whoever has it, or use another address"
}
