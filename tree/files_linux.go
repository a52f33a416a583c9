package tree

import (
	"bytes"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// linksSize is a piece of the list of descriptors, some 340 of them.
	linksSize = 8192
	// maxFiles bounds how many descriptors of a process are looked at. A process
	// may have as many as fs.nr_open says, which is 2^20 unless it was raised.
	maxFiles = 1 << 20
	// socketLink is how the link of a socket begins, proc_pid_fd(5). That of a file
	// is a whole path, so that no name of a file can be taken for it.
	socketLink = "socket:["
)

// fdPath is the folder of the descriptors of pid, below /proc.
func (d *procDir) fdPath(pid int) []byte {
	return append(strconv.AppendInt(d.path[:0], int64(pid), 10), "/fd\x00"...)
}

// files counts the open descriptors of pid.
func (d *procDir) files(pid int) (n int, err error) {
	if n = d.quickFiles(pid); n > 0 {
		return n, nil
	}
	err = d.eachFile(pid, func(int, []byte) bool { n++; return true })
	return n, err
}

// quickFiles asks the kernel for the number of open descriptors: since Linux 6.2
// it is the size of the folder (https://docs.kernel.org/filesystems/proc.html,
// "/proc/<pid>/fd"), and may be read of every process. Zero is no answer.
func (d *procDir) quickFiles(pid int) int {
	path := d.fdPath(pid)
	_, _, errno := unix.Syscall6(unix.SYS_STATX, uintptr(d.fd), uintptr(unsafe.Pointer(&path[0])), unix.AT_SYMLINK_NOFOLLOW, unix.STATX_SIZE, uintptr(unsafe.Pointer(&d.statx)), 0)
	if errno != 0 {
		return 0
	}
	return int(min(d.statx.Size, maxPID))
}

// sockets counts the descriptors of pid that are sockets. One that is closed
// meanwhile is none.
func (d *procDir) sockets(pid int) (n int, err error) {
	var refused error
	err = d.eachFile(pid, func(dir int, name []byte) bool {
		is, err := d.isSocket(dir, name)
		if is {
			n++
		}
		if isRefused(err) {
			refused = err
		}
		return refused == nil
	})
	if err == nil {
		err = refused
	}
	return n, err
}

// eachFile calls f with the open folder of the descriptors of pid and the name of
// each, NUL-terminated, until f has enough.
func (d *procDir) eachFile(pid int, f func(dir int, name []byte) bool) error {
	dir, err := openat(d.fd, d.fdPath(pid), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC)
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	seen := 0
	return names(dir, d.links, func(name []byte) bool {
		if name[0] == '.' { // the folder itself and the one above
			return true
		}
		seen++
		return f(dir, name) && seen < maxFiles
	})
}

// isSocket looks where the link name in dir leads to. readlink(2): "It will
// (silently) truncate the contents", and the beginning is all we want.
func (d *procDir) isSocket(dir int, name []byte) (bool, error) {
	n, _, errno := unix.Syscall6(unix.SYS_READLINKAT, uintptr(dir), uintptr(unsafe.Pointer(&name[0])), uintptr(unsafe.Pointer(&d.link)), uintptr(len(d.link)), 0, 0)
	if errno != 0 {
		return false, errno
	}
	return n == uintptr(len(d.link)) && string(d.link[:]) == socketLink, nil
}

// fileLimit returns the soft RLIMIT_NOFILE of pid: from prlimit(2) or, since that
// takes CAP_SYS_RESOURCE for a process of another user, which root in a container
// mostly has not, from a file that everybody may read.
func (d *procDir) fileLimit(pid int) (uint64, error) {
	_, _, errno := unix.RawSyscall6(unix.SYS_PRLIMIT64, uintptr(pid), unix.RLIMIT_NOFILE, 0, uintptr(unsafe.Pointer(&d.limit)), 0, 0)
	if errno == 0 {
		return d.limit.Cur, nil
	}
	if b, err := d.read(pid, "limits"); err == nil && isRefused(errno) {
		if limit, ok := parseFileLimit(b); ok {
			return limit, nil
		}
	}
	return 0, errno
}

// parseFileLimit takes the soft limit of open files from /proc/PID/limits,
// proc_pid_limits(5). No process can write a line into it.
func parseFileLimit(b []byte) (limit uint64, ok bool) {
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b)
		figures, found := bytes.CutPrefix(line, []byte("Max open files "))
		if !found {
			continue
		}
		soft, _, _ := bytes.Cut(bytes.TrimLeft(figures, " "), []byte{' '})
		if string(soft) == "unlimited" {
			return unix.RLIM_INFINITY, true
		}
		return number(soft)
	}
	return 0, false
}
