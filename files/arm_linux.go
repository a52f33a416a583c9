package files

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// What a file or folder is armed for, inotify(7).
const (
	// self tells when a folder is moved away. That it is removed is told too, but
	// only when nobody is in it any more, so it does not do for an empty folder.
	self = unix.IN_MOVE_SELF | unix.IN_DELETE_SELF | unix.IN_ONLYDIR
	// names tells of all that makes a name in a folder lead elsewhere, or nowhere.
	// Neighbours may be written to without end, and it costs us nothing.
	names = self | unix.IN_CREATE | unix.IN_DELETE | unix.IN_MOVED_FROM | unix.IN_MOVED_TO |
		unix.IN_ATTRIB | unix.IN_EXCL_UNLINK
	// written tells of changes of the content of every file in a folder.
	written = names | unix.IN_MODIFY | unix.IN_CLOSE_WRITE
	// content tells of one file: changes, and that it has lost this name (IN_ATTRIB:
	// the number of its links).
	content = unix.IN_MODIFY | unix.IN_CLOSE_WRITE | unix.IN_ATTRIB | unix.IN_MOVE_SELF | unix.IN_DELETE_SELF
)

// place is a file or folder that is armed.
type place struct {
	// pass is the last one that needed it, want what it is armed for there, and has
	// what the kernel knows, by this path.
	pass      uint64
	want, has uint32
	path      string
	// every says that all names in it matter but leavings, else those in names do.
	every bool
	names map[string]struct{}
}

// cares reports whether a change at a name may concern us.
func (p *place) cares(name string) bool {
	_, ok := p.names[name]
	return ok || p.every && !leaving(name)
}

// anyName is what a folder is armed for of which all names matter.
const anyName = ""

// arm asks to be told of path, which is no symlink, and of name in it. What is
// armed already is armed again, once in a pass: another file may have the path now.
// It returns what inotify_add_watch(2) does, of which ENOENT, ENOTDIR and EACCES
// are for the caller to judge; what the machine lacks is the error of the pass.
func (p *pass) arm(path string, mask uint32, name string) error {
	key := armKey{path, mask}
	wd, done := p.armed[key]
	if !done {
		got, err := unix.InotifyAddWatch(p.w.inotify, path, mask|unix.IN_MASK_ADD|unix.IN_DONT_FOLLOW)
		if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.ENOMEM) {
			p.fail(fmt.Errorf("watch %s: %s: %w; raise fs.inotify.max_user_watches with sysctl(8), or watch less",
				quote(p.word.given), quote(path), err))
		}
		if err != nil {
			return err
		}
		wd = int32(got)
		p.armed[key] = wd
	}
	at := p.w.armed[wd]
	if at == nil {
		at = &place{}
		p.w.armed[wd] = at
	}
	if at.pass != p.number {
		*at = place{pass: p.number, path: path, has: at.has}
	}
	at.want, at.has = at.want|mask, at.has|mask
	switch {
	case mask&unix.IN_CREATE == 0: // no names are told
	case name == anyName:
		at.every = true
	case at.names == nil:
		at.names = map[string]struct{}{name: {}}
	default:
		at.names[name] = struct{}{}
	}
	return nil
}

// armKey is a path, and what it is armed for.
type armKey struct {
	path string
	mask uint32
}

// disarm ends the watches that the last pass did not need, and takes back what it
// did not need of the others.
//
// The kernel answers each end with a record (IN_IGNORED). Where these are all there
// is in the queue, they are taken out, so that our own doing does not wake us.
func (w *Watch) disarm() {
	ended := 0
	for wd, p := range w.armed {
		if p.pass == w.passes {
			w.narrow(wd, p)
			continue
		}
		delete(w.armed, wd)
		if _, err := unix.InotifyRmWatch(w.inotify, uint32(wd)); err == nil {
			ended++
		}
	}
	if ended == 0 {
		return
	}
	size := ended * unix.SizeofInotifyEvent
	if queued, err := unix.IoctlGetInt(w.inotify, unix.TIOCINQ); err == nil && queued == size && size <= queueBuffer {
		var buf [queueBuffer]byte
		_, _ = unix.Read(w.inotify, buf[:size]) // what comes after them stays
	}
}

// narrow arms a place for no more than what it is needed for: a way that was looked
// for in a busy folder need not be any more when it is there.
func (w *Watch) narrow(wd int32, p *place) {
	if p.has == p.want {
		return
	}
	got, err := unix.InotifyAddWatch(w.inotify, p.path, p.want|unix.IN_DONT_FOLLOW)
	if err != nil {
		return
	}
	if int32(got) != wd && w.armed[int32(got)] == nil {
		w.armed[int32(got)] = &place{} // something else has the path now: told, and ended by the next pass
		return
	}
	p.has = p.want
}
