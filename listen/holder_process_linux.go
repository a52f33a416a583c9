package listen

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	// maxLinks bounds how many descriptors of the machine are looked at for a socket:
	// some 0.2 s at worst.
	maxLinks = 1 << 17
	// maxComm is more than a command's name can have (TASK_COMM_LEN).
	maxComm = 64
)

// holder is a process that has a socket open.
type holder struct {
	pid    int
	socket socket
}

// means reports whether the name of the socket, in the view of its holder, is the file
// that path is in ours.
func (h holder) means(path string) bool {
	from := "cwd"
	if filepath.IsAbs(h.socket.name) {
		from = "root"
	}
	theirs, err := os.Stat(fmt.Sprintf("/proc/%d/%s/%s", h.pid, from, h.socket.name))
	if err != nil {
		return false
	}
	ours, err := os.Stat(path)
	return err == nil && os.SameFile(ours, theirs)
}

// processes returns those that have one of the sockets open, each once, by pid.
func processes(sockets []socket) (found []holder) {
	if len(sockets) == 0 {
		return nil
	}
	links := maxLinks
	eachName("/proc", &links, func(_ int, name string) bool {
		pid, err := strconv.Atoi(name)
		if err != nil {
			return true
		}
		eachInode(pid, &links, func(inode uint64) bool {
			i := slices.IndexFunc(sockets, func(s socket) bool { return s.inode == inode })
			if i >= 0 {
				found = append(found, holder{pid, sockets[i]})
			}
			return i < 0
		})
		return true
	})
	slices.SortFunc(found, func(a, b holder) int { return cmp.Compare(a.pid, b.pid) })
	return found
}

// eachInode calls f with the number of each socket that pid has open, until f has
// enough. Who may not be looked into has none.
func eachInode(pid int, links *int, f func(inode uint64) bool) {
	var target [64]byte
	eachName(fmt.Sprintf("/proc/%d/fd", pid), links, func(dir int, name string) bool {
		n, err := unix.Readlinkat(dir, name, target[:])
		if err != nil {
			return true
		}
		// That of a file is a whole path, so that no name of one can be taken for it.
		number, ok := strings.CutPrefix(string(target[:n]), "socket:[")
		inode, err := strconv.ParseUint(strings.TrimSuffix(number, "]"), 10, 64)
		return !ok || err != nil || f(inode)
	})
}

// eachName calls f with the open folder and the name of each entry in it, until f has
// enough or there were as many as left says.
func eachName(folder string, left *int, f func(dir int, name string) bool) {
	dir, err := os.Open(folder)
	if err != nil {
		return
	}
	defer dir.Close()
	for {
		names, err := dir.Readdirnames(256)
		for _, name := range names {
			if *left--; *left < 0 || !f(int(dir.Fd()), name) {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// describe names the first of the processes, and how many more there are.
func describe(found []holder) string {
	if len(found) == 0 {
		return ""
	}
	text := fmt.Sprintf("pid %d", found[0].pid)
	if name := comm(found[0].pid); name != "" {
		text = name + ", " + text
	}
	if more := len(found) - 1; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}

// comm is the name of a process, which it may choose; empty: it is gone.
func comm(pid int) string {
	file, err := os.Open(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return ""
	}
	defer file.Close()
	b, _ := io.ReadAll(io.LimitReader(file, maxComm)) // an error leaves none
	return readable(strings.TrimSuffix(string(b), "\n"))
}
