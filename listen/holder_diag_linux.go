package listen

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// What the kernel tells of sockets by netlink, sock_diag(7).
const (
	diagListen = 1 << 10 // the state TCP_LISTEN
	// The request: family, protocol, two bytes, the states, and an address to look for,
	// which is none.
	diagRequest = unix.NLMSG_HDRLEN + 8 + 48
	// The answer, struct inet_diag_msg, and where its parts begin.
	diagAnswer = 72
	diagPort   = 4
	diagAddr   = 8
	diagUID    = 64
	diagInode  = 68
	// maxDiag bounds how many pieces of up to 32 KiB are read.
	maxDiag = 256
)

// diagnose returns the sockets of tcp that listen. An error says that the kernel does
// not tell (it was built without tcp_diag, a filter); the tables of /proc do.
func diagnose() ([]socket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, fmt.Errorf("open NETLINK_SOCK_DIAG: %w", err)
	}
	defer unix.Close(fd)
	var all []socket
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		if err := unix.Sendto(fd, diagRequestFor(family), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
			return nil, fmt.Errorf("ask NETLINK_SOCK_DIAG: %w", err)
		}
		done, buf := false, make([]byte, 32<<10)
		for n := 0; !done; n++ {
			size, _, err := unix.Recvfrom(fd, buf, 0)
			if err != nil {
				return nil, fmt.Errorf("read NETLINK_SOCK_DIAG: %w", err)
			}
			var some []socket
			if some, done, err = parseDiag(buf[:size]); err != nil {
				return nil, err
			}
			all = append(all, some...)
			if n == maxDiag {
				return nil, errors.New("NETLINK_SOCK_DIAG: no end of it")
			}
		}
	}
	return all, nil
}

func diagRequestFor(family byte) []byte {
	b := make([]byte, diagRequest)
	order := binary.NativeEndian
	order.PutUint32(b, diagRequest)
	order.PutUint16(b[4:], unix.SOCK_DIAG_BY_FAMILY)
	order.PutUint16(b[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	b[unix.NLMSG_HDRLEN], b[unix.NLMSG_HDRLEN+1] = family, unix.IPPROTO_TCP
	order.PutUint32(b[unix.NLMSG_HDRLEN+4:], diagListen)
	return b
}

// parseDiag parses one piece of the answer, and says whether it was the last.
func parseDiag(b []byte) (all []socket, done bool, err error) {
	messages, err := syscall.ParseNetlinkMessage(b)
	if err != nil {
		return nil, false, fmt.Errorf("NETLINK_SOCK_DIAG: %w", err)
	}
	for _, m := range messages {
		switch {
		case m.Header.Type == unix.NLMSG_DONE:
			return all, true, nil
		case m.Header.Type != unix.SOCK_DIAG_BY_FAMILY || len(m.Data) < diagAnswer:
			// NLMSG_ERROR: the kernel has nothing that tells of tcp.
			return nil, false, fmt.Errorf("NETLINK_SOCK_DIAG: message %d of %d bytes", m.Header.Type, len(m.Data))
		}
		size := 4
		if m.Data[0] == unix.AF_INET6 {
			size = 16
		}
		addr, _ := netip.AddrFromSlice(m.Data[diagAddr : diagAddr+size])
		s := socket{
			network: "tcp", accepts: true,
			addr:  netip.AddrPortFrom(addr.Unmap(), binary.BigEndian.Uint16(m.Data[diagPort:])),
			uid:   int(binary.NativeEndian.Uint32(m.Data[diagUID:])),
			inode: uint64(binary.NativeEndian.Uint32(m.Data[diagInode:])),
		}
		if s.inode != 0 {
			all = append(all, s)
		}
	}
	return all, false, nil
}
