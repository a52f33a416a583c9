package listen

import (
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// Bound is an address that a program has bound by itself.
type Bound struct{ socket socket }

// Listening returns the addresses on which the processes pids take connections or
// datagrams, for Taken later: each look costs the descriptors of pids and the sockets
// of the machine that listen. Not among them are those that this process has open as
// well, since nobody has to bind them again, nor those that somebody else has bound at
// the same time (SO_REUSEPORT, ports that many listen to), since they are never free.
// A program in a network namespace of its own has none.
func Listening(pids []int) []Bound {
	ours, theirs := own(), map[uint64]bool{}
	links := maxLinks
	for _, pid := range pids {
		eachInode(pid, &links, func(inode uint64) bool { theirs[inode] = !ours[inode]; return true })
	}
	var found []Bound
	for _, network := range []string{"tcp", "udp", "unix"} {
		if len(theirs) == 0 {
			return nil
		}
		found = append(found, listening(network, theirs)...)
	}
	return found
}

// listening returns what of one network is bound by one of inodes alone.
func listening(network string, inodes map[uint64]bool) (found []Bound) {
	var others []socket
	eachListener(network, func(s socket) {
		if inodes[s.inode] {
			found = append(found, Bound{s})
		} else {
			others = append(others, s)
		}
	})
	return slices.DeleteFunc(found, func(b Bound) bool {
		return slices.ContainsFunc(others, b.socket.blockedBy)
	})
}

// Taken looks which of the addresses somebody has that is neither this process nor one
// of members, and says it in a line: "port 8080 is still held by python3, pid 123 (uid
// 1000)". It is empty when all are free. It reads the tables once, and what the
// processes of the machine have open only where an address is taken.
func Taken(bound []Bound, members []int) string {
	for _, network := range []string{"tcp", "udp", "unix"} {
		if !slices.ContainsFunc(bound, func(b Bound) bool { return b.socket.network == network }) {
			continue
		}
		var held, by []socket
		eachListener(network, func(s socket) {
			i := slices.IndexFunc(bound, func(b Bound) bool { return b.socket.blockedBy(s) })
			if i >= 0 {
				held, by = append(held, bound[i].socket), append(by, s)
			}
		})
		if line := blame(held, by, append(members, os.Getpid())); line != "" {
			return line
		}
	}
	return ""
}

// blockedBy reports whether other is on the address of s.
func (s socket) blockedBy(other socket) bool {
	switch {
	case s.network != other.network:
		return false
	case s.network == "unix":
		return s.name == other.name && s.kind == other.kind
	}
	return conflict(s.addr, other.addr) > 0
}

// blame is the line about the first of the sockets by, each on the address of that in
// held, that none of ours has.
func blame(held, by []socket, ours []int) string {
	found := processes(by)
	for i, s := range by {
		var has []holder
		for _, h := range found {
			if h.socket.inode == s.inode {
				has = append(has, h)
			}
		}
		isOurs := slices.ContainsFunc(has, func(h holder) bool { return slices.Contains(ours, h.pid) })
		switch {
		case isOurs:
		case len(has) > 0:
			return fmt.Sprintf("%v is still held by %s%s", held[i], describe(has), uidOf(has[0].pid))
		case s.uid >= 0 && there(s):
			return fmt.Sprintf("%v is still held by a process of uid %d", held[i], s.uid)
		}
	}
	return ""
}

// there reports whether a socket that nobody was found to have is still open.
func there(s socket) (yes bool) {
	eachListener(s.network, func(other socket) { yes = yes || other.inode == s.inode })
	return yes
}

// uidOf says whose process that is.
func uidOf(pid int) string {
	var st unix.Stat_t
	if unix.Stat(fmt.Sprintf("/proc/%d", pid), &st) != nil {
		return ""
	}
	return fmt.Sprintf(" (uid %d)", st.Uid)
}
