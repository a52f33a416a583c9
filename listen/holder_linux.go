package listen

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// maxTable bounds how much of a table is read, some 28,000 sockets; those that listen
// stand first.
const maxTable = 4 << 20

// Holder says which process keeps a new socket of that type (SOCK_STREAM, …) from
// addr: "nginx, pid 123", of several the first and how many more there are, or "a
// process of uid 33" where we may not look into it. It is empty when nobody does or
// that cannot be known: in another network or pid namespace, say. The sockets with the
// numbers besides are nobody's.
func Holder(addr unix.Sockaddr, sotype int, besides map[uint64]bool) string {
	var found []socket
	switch a := addr.(type) {
	case *unix.SockaddrInet4:
		found = holdersOf(netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)), sotype)
	case *unix.SockaddrInet6:
		found = holdersOf(netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port)), sotype)
	case *unix.SockaddrUnix:
		return unixHolder(a.Name, sotype, besides)
	}
	if found = without(found, besides); len(found) == 0 {
		return ""
	}
	if who := describe(processes(found)); who != "" {
		return who
	}
	return fmt.Sprintf("a process of uid %d", found[0].uid)
}

// own are the numbers of the sockets that this process has open.
func own() map[uint64]bool {
	inodes, links := map[uint64]bool{}, maxLinks
	eachInode(os.Getpid(), &links, func(inode uint64) bool { inodes[inode] = true; return true })
	return inodes
}

func without(found []socket, besides map[uint64]bool) []socket {
	return slices.DeleteFunc(found, func(s socket) bool { return besides[s.inode] })
}

// holdersOf returns those sockets of which it is the surest that they are in the way.
func holdersOf(addr netip.AddrPort, sotype int) (found []socket) {
	network := "tcp"
	if sotype == unix.SOCK_DGRAM {
		network = "udp"
	}
	best := 0
	compare := func(s socket) {
		sure := conflict(addr, s.addr)
		if sure > best {
			best, found = sure, nil
		}
		if sure == best && sure > 0 {
			found = append(found, s)
		}
	}
	eachListener(network, compare)
	if len(found) == 0 {
		// An end of a connection need not be in the way (SO_REUSEADDR).
		for _, table := range tables(network) {
			eachSocket(table, compare)
		}
	}
	return found
}

// unixHolder is Holder for a socket of the machine.
func unixHolder(name string, sotype int, besides map[uint64]bool) string {
	abstract := strings.HasPrefix(name, "@") || strings.HasPrefix(name, "\x00")
	if abstract {
		name = "@" + strings.ReplaceAll(name[1:], "\x00", "@") // as the table shows it
	}
	var found []socket
	eachSocket("unix", func(s socket) {
		switch {
		case abstract && s.name == name && s.kind == sotype,
			!abstract && filepath.Base(s.name) == filepath.Base(name) && !strings.HasPrefix(s.name, "@"):
			found = append(found, s)
		}
	})
	found = without(found, besides)
	// The ends of connections that were accepted have the name of their listener.
	if listens := slices.DeleteFunc(slices.Clone(found), func(s socket) bool { return !s.accepts }); len(listens) > 0 {
		found = listens
	}
	holders := processes(found)
	if !abstract {
		holders = slices.DeleteFunc(holders, func(h holder) bool { return !h.means(name) })
	}
	return describe(holders)
}

// tables are those of a network.
func tables(network string) []string {
	if network == "unix" {
		return []string{network}
	}
	return []string{network, network + "6"}
}

// eachSocket calls f for each socket in a table.
func eachSocket(table string, f func(socket)) {
	if table == "unix" {
		eachUnix(f)
		return
	}
	eachLine(table, func(line []byte) {
		if s, ok := parseInet(line, strings.TrimSuffix(table, "6")); ok {
			f(s)
		}
	})
}

// eachListener calls f for each socket of the network that takes connections or
// datagrams from anybody. Of unix sockets these are those with an abstract name: a path
// is taken by its file, whoever has the socket.
func eachListener(network string, f func(socket)) {
	if network == "tcp" {
		// The kernel goes through all connections of the machine for its tables, some 20
		// ms; asked for those that listen it needs a tenth of one.
		if all, err := diagnose(); err == nil {
			for _, s := range all {
				f(s)
			}
			return
		}
	}
	for _, table := range tables(network) {
		eachSocket(table, func(s socket) {
			abstract := strings.HasPrefix(s.name, "@")
			if abstract && (s.accepts || s.kind == unix.SOCK_DGRAM) || network != "unix" && s.accepts {
				f(s)
			}
		})
	}
}

// eachUnix calls f for each unix socket that has a name. A name may hold a newline and
// what looks like a line about the socket of somebody else; that one stands in the table
// twice then, and is left out.
func eachUnix(f func(socket)) {
	var all []socket
	times := map[uint64]int{}
	eachLine("unix", func(line []byte) {
		if s, ok := parseUnix(line); ok {
			all = append(all, s)
			times[s.inode]++
		}
	})
	for _, s := range all {
		if times[s.inode] == 1 {
			f(s)
		}
	}
}

// eachLine calls f with each line of a table. A kernel without IPv6 has none for it.
func eachLine(table string, f func(line []byte)) {
	file, err := os.Open("/proc/net/" + table)
	if err != nil {
		return
	}
	defer file.Close()
	r := bufio.NewReader(io.LimitReader(file, maxTable))
	for {
		line, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return // what is not a whole line is none
		}
		if line[len(line)-1] == '\n' {
			f(line[:len(line)-1])
		}
	}
}
