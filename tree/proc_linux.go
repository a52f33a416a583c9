package tree

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// bufSize holds every file we read of an ordinary process in one read.
	bufSize = 4096
	// direntSize is a piece of the list of processes, about 20 of them.
	direntSize = 512
	// maxFile bounds a file. Only /proc/PID/status can be long: it names the
	// supplementary groups, at most 65536 of them, before the sizes.
	maxFile = 1 << 20
	// direntName is where the name begins in a linux_dirent64.
	direntName = 19
)

// procDir is an open /proc and the buffers to read it with.
type procDir struct {
	fd    int
	dents [direntSize]byte
	path  [48]byte
	buf   []byte

	// What counting descriptors needs; links is made when somebody asks for it.
	links []byte
	link  [len(socketLink)]byte
	statx unix.Statx_t
	limit unix.Rlimit
}

// ErrNoProc says that there is no /proc to see the tree in, or another one than
// ours.
var ErrNoProc = errors.New("no /proc of our own")

// openProc opens /proc, and refuses one that shows other processes than those
// our own system calls name: it would lead us to signal the wrong ones.
func openProc() (*procDir, error) {
	fd, err := unix.Open("/proc", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: open /proc: %w", ErrNoProc, err)
	}
	d := &procDir{fd: fd, buf: make([]byte, bufSize)}
	n, err := unix.Readlinkat(fd, "self", d.buf)
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("%w: read /proc/self: %w", ErrNoProc, err)
	}
	if self := string(d.buf[:n]); self != strconv.Itoa(unix.Getpid()) {
		unix.Close(fd)
		return nil, fmt.Errorf("%w: it belongs to another pid namespace: /proc/self is %q, we are %d", ErrNoProc, self, unix.Getpid())
	}
	return d, nil
}

// each calls f with every pid in /proc, in rising order, from the beginning.
// The list is fetched in small pieces on purpose: the kernel looks up the next
// when this one is read out, so who is born meanwhile, which on a machine whose
// pids have wrapped may be anywhere, is still met.
func (d *procDir) each(f func(pid int)) error {
	if _, err := unix.Seek(d.fd, 0, unix.SEEK_SET); err != nil {
		return fmt.Errorf("rewind /proc: %w", err)
	}
	err := names(d.fd, d.dents[:], func(name []byte) bool {
		if pid := pidOf(name); pid > 0 {
			f(pid)
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("list /proc: %w", err)
	}
	return nil
}

// names calls f with the name of every entry of an open folder, NUL-terminated
// and with padding behind it, until f says that it has enough.
func names(fd int, buf []byte, f func(name []byte) bool) error {
	for {
		n, err := unix.Getdents(fd, buf)
		if err != nil || n == 0 {
			return err
		}
		for b := buf[:n]; len(b) > direntName; {
			size := int(binary.NativeEndian.Uint16(b[16:]))
			if size <= direntName || size > len(b) {
				return errMalformed
			}
			if !f(b[direntName:size]) {
				return nil
			}
			b = b[size:]
		}
	}
}

// pidOf returns the pid a NUL-terminated name stands for, 0 if none.
func pidOf(name []byte) int {
	for i, c := range name {
		if c == 0 {
			name = name[:i]
			break
		}
	}
	n, ok := number(name)
	if !ok || n > maxPID {
		return 0
	}
	return int(n)
}

// read returns the contents of /proc/PID/FILE, valid until the next call.
func (d *procDir) read(pid int, file string) ([]byte, error) {
	path := strconv.AppendInt(d.path[:0], int64(pid), 10)
	path = append(append(path, '/'), file...)
	return d.readPath(append(path, 0))
}

// readPath is read for a NUL-terminated path below /proc.
func (d *procDir) readPath(path []byte) ([]byte, error) {
	fd, err := openat(d.fd, path, unix.O_RDONLY|unix.O_CLOEXEC)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	for size := 0; ; {
		n, err := unix.Read(fd, d.buf[size:])
		if err != nil {
			return nil, err
		}
		size += n
		// The kernel writes each of these files as one record, so a read that
		// leaves room has seen its end.
		if n == 0 || size < len(d.buf) || size >= maxFile {
			return d.buf[:size], nil
		}
		d.buf = append(d.buf, make([]byte, len(d.buf))...)
	}
}

// openat is openat(2) for a NUL-terminated path, which unix.Openat would copy
// twice. It runs for every process of the machine at each scan.
func openat(dir int, path []byte, flags int) (int, error) {
	for {
		fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(&path[0])), uintptr(flags), 0, 0, 0)
		switch errno {
		case 0:
			return int(fd), nil
		case unix.EINTR:
		default:
			return -1, errno
		}
	}
}

// stat returns what /proc/PID/stat says now; its comm aliases the buffer.
func (d *procDir) stat(pid int) (stat, error) {
	b, err := d.read(pid, "stat")
	if err != nil {
		return stat{}, err
	}
	return parseStat(b)
}

// isGone reports whether err says that the process is no more.
func isGone(err error) bool { return err == unix.ENOENT || err == unix.ESRCH }

// isRefused reports whether err says that we may not: another user's process,
// /proc mounted with hidepid, a seccomp filter, a security module.
func isRefused(err error) bool { return err == unix.EACCES || err == unix.EPERM }
