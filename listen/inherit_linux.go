package listen

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// maxHeld bounds how many sockets there are in all.
const maxHeld = 256

// given is a descriptor that we were started with.
type given struct {
	fd      int
	name    string
	address string
}

// inherited returns the sockets that were handed to this process, and in which
// dialects. An error says that they were promised and are not there. What Server::Starter
// hands over is right for the command as it is, and taken only if starter says so.
func inherited(env []string, pid int, starter bool) (all []given, from Dialects, err error) {
	all, err = fromSystemd(env, pid)
	if err != nil {
		return nil, 0, err
	}
	if len(all) > 0 {
		from = Systemd
	}
	if !starter {
		return all, from, nil
	}
	counted := len(all)
	for _, port := range fromStarter(env) {
		from |= ServerStarter
		if i := port.fd - firstFD; i >= 0 && i < counted {
			all[i].address = port.address // told twice
			continue
		}
		all = append(all, port)
	}
	return all, from, nil
}

// fromSystemd reads what sd_listen_fds(3) would.
func fromSystemd(env []string, pid int) ([]given, error) {
	count, ok := lookup(env, listenFDs)
	if owner, _ := lookup(env, listenPID); !ok || owner != strconv.Itoa(pid) {
		return nil, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > maxHeld {
		return nil, fmt.Errorf("%s%s: whoever has started relance must say how many descriptors there are, up to %d", listenFDs, count, maxHeld)
	}
	all := make([]given, n)
	list, _ := lookup(env, listenNames)
	names := strings.Split(list, ":")
	for i := range all {
		all[i].fd = firstFD + i
		if len(names) == n && names[i] != unknown {
			all[i].name = names[i]
		}
		if !passed(all[i].fd) {
			return nil, fmt.Errorf("%s%s: whoever has started relance has not opened descriptor %d", listenFDs, count, all[i].fd)
		}
	}
	return all, nil
}

// fromStarter reads what a server under Server::Starter would. The variable may be
// of a process further up: who has not got these sockets takes no notice.
func fromStarter(env []string) []given {
	var all []given
	list, _ := lookup(env, starterPort)
	for entry := range strings.SplitSeq(list, ";") {
		i := strings.LastIndexByte(entry, '=')
		if i < 0 {
			return nil
		}
		fd, err := strconv.Atoi(entry[i+1:])
		if err != nil || fd < 0 || !passed(fd) || family(fd) == "" || len(all) == maxHeld {
			return nil
		}
		all = append(all, given{fd: fd, address: entry[:i]})
	}
	return all
}

// passed reports whether a descriptor was handed to us: what the Go runtime has
// opened is closed on exec.
func passed(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err == nil && flags&unix.FD_CLOEXEC == 0
}

// family names the address family of a socket, empty for another descriptor.
func family(fd int) string {
	domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err != nil {
		return ""
	}
	switch domain {
	case unix.AF_INET:
		return "AF_INET"
	case unix.AF_INET6:
		return "AF_INET6"
	case unix.AF_UNIX:
		return "AF_UNIX"
	case unix.AF_VSOCK:
		return "AF_VSOCK"
	}
	return "AF_" + strconv.Itoa(domain)
}

// move takes fd to a number from least on that is closed on exec, and away from
// where it was, unless that is one of the first three.
func move(fd, least int) (int, error) {
	to, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, least)
	if errors.Is(err, unix.EINVAL) {
		err = unix.EMFILE // least is above the limit, fcntl(2)
	}
	if err != nil {
		return -1, fmt.Errorf("move descriptor %d: %w; raise the limit (ulimit -n, LimitNOFILE=)", fd, err)
	}
	if fd >= firstFD {
		_ = unix.Close(fd)
	}
	return to, nil
}
