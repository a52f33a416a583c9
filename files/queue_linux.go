package files

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// record is one event of inotify(7).
type record struct {
	// wd is the watch it is about, -1 for an overflow of the queue.
	wd   int32
	mask uint32
	// name is that of a file in a folder; empty when it is about the watched file
	// or folder itself.
	name string
}

// cut takes the first record from b: struct inotify_event and len bytes of name,
// with zeros behind it. It returns false when what is there is no whole record.
func cut(b []byte) (r record, rest []byte, ok bool) {
	if len(b) < unix.SizeofInotifyEvent {
		return record{}, nil, false
	}
	size := binary.NativeEndian.Uint32(b[12:])
	name := b[unix.SizeofInotifyEvent:]
	if uint64(size) > uint64(len(name)) {
		return record{}, nil, false
	}
	rest, name = name[size:], name[:size]
	if i := bytes.IndexByte(name, 0); i >= 0 {
		name = name[:i]
	}
	return record{
		wd:   int32(binary.NativeEndian.Uint32(b)),
		mask: binary.NativeEndian.Uint32(b[4:]),
		name: string(name),
	}, rest, true
}

const (
	// queueBuffer holds some sixty records with the longest name.
	queueBuffer = 16 << 10
	// mostReads is more than empties a queue of the usual size, 16384 records. Who
	// changes files without a pause must not keep us here.
	mostReads = 512
)

// drain reads the queue until it is empty, and reports whether there was something
// in it that may concern us.
func (w *Watch) drain() (news bool) {
	var buf [queueBuffer]byte
	for range mostReads {
		n, err := unix.Read(w.inotify, buf[:])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return news // EAGAIN: it is empty
		}
		if w.sift(buf[:n]) {
			news = true
		}
	}
	return true
}

// sift looks through records and reports whether one may concern us. What it takes
// for nothing costs no change, only that nobody waits for a pause in it: each pass
// looks at everything.
func (w *Watch) sift(b []byte) (news bool) {
	for len(b) > 0 {
		r, rest, ok := cut(b)
		if !ok {
			return true // cannot be: the kernel gives whole records
		}
		b = rest
		if r.mask&unix.IN_IGNORED != 0 {
			delete(w.armed, r.wd) // its end was told by another record, or is our own doing
			continue
		}
		if p, known := w.armed[r.wd]; !known || r.name == "" || p.cares(r.name) {
			news = true
		}
	}
	return news
}
