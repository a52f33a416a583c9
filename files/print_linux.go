package files

import (
	"hash/maphash"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// mostRead is how much content is read in one pass, of one file or of many: the
	// loop waits for it, some 2 ms where the kernel has it in memory.
	mostRead = 8 << 20
	// mostFirst is the same for the first pass, when nothing runs yet.
	mostFirst = 64 << 20
	// settled is how long a file must have been left alone for its times to tell of
	// the next write. Kernels count in ticks of up to 10 ms, FAT in 2 s.
	settled = 3 * time.Second
)

// seed is that of the hash. It is another in each process, so nobody can prepare
// two contents with one sum, and by chance a change is missed once in 2^64. A
// sha256 would be no surer, four times as large in memory and slower.
var seed = maphash.MakeSeed()

// fingerprint is what is remembered of a file.
type fingerprint struct {
	id           fileID
	size         int64
	mtime, ctime unix.Timespec
	kind         uint32 // S_IFMT of its mode
	device       uint64 // of a device file
	// sum is of the content, if read says so.
	sum  uint64
	read bool
	// sure says that size and times do tell whether it has changed since.
	sure bool
}

// fileID is what tells a file from all others.
type fileID struct{ dev, ino uint64 }

func idOf(st *unix.Stat_t) fileID { return fileID{uint64(st.Dev), st.Ino} }

func regular(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFREG }

// statPrint is the fingerprint without the content.
func statPrint(st *unix.Stat_t) fingerprint {
	return fingerprint{
		id: idOf(st), size: st.Size, mtime: st.Mtim, ctime: st.Ctim,
		kind: st.Mode & unix.S_IFMT, device: uint64(st.Rdev),
	}
}

// same reports whether a and b are of the same content. Where one was not read, too
// large or not to be opened, it is the file that must be the same, and not written
// to since.
func same(a, b fingerprint) bool {
	switch {
	case a.kind != b.kind || a.size != b.size:
		return false
	case a.kind != unix.S_IFREG:
		return a.id == b.id && a.device == b.device
	case a.read && b.read:
		return a.sum == b.sum
	}
	return a.id == b.id && a.mtime == b.mtime
}

// take returns the fingerprint of the file at path, which lstat(2) found to be st
// and whose last fingerprint was old. It is read only if it may have changed.
// Nothing but a regular file is opened.
func (p *pass) take(path string, st *unix.Stat_t, old fingerprint) fingerprint {
	now := statPrint(st)
	if !regular(st) {
		return now
	}
	if old.sure && old.id == now.id && old.kind == now.kind && old.size == now.size &&
		old.mtime == now.mtime && old.ctime == now.ctime {
		return old
	}
	if st.Size <= mostRead && st.Size <= p.content {
		p.content -= st.Size
		if read, ok := p.readPrint(path); ok {
			read.sure = p.now.Sub(time.Unix(read.ctime.Unix())) > settled
			return read
		}
	}
	if old.read && same(old, now) {
		// Not to be read today: what is known stays so, and is looked at next time.
		now.sum, now.read = old.sum, true
	}
	return now
}

// readPrint reads a file. It returns false if that is not possible or it is no
// regular file any more; a FIFO that took its place keeps nobody waiting.
func (p *pass) readPrint(path string) (fingerprint, bool) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fingerprint{}, false
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || !regular(&st) {
		return fingerprint{}, false
	}
	if p.buf == nil {
		p.buf = make([]byte, 64<<10)
	}
	read := statPrint(&st) // from before the reading: a write meanwhile shows
	var sum maphash.Hash
	sum.SetSeed(seed)
	for left := mostRead; ; {
		n, err := unix.Read(fd, p.buf)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil || n > left:
			return fingerprint{}, false
		case n == 0:
			read.sum, read.read = sum.Sum64(), true
			return read, true
		}
		left -= n
		_, _ = sum.Write(p.buf[:n]) // never an error
	}
}
