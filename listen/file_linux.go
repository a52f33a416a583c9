package listen

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"relance/identity"
)

// file is that of a unix socket of ours.
type file struct {
	path string
	// pin is a descriptor (O_PATH) that keeps the inode's number from being given to
	// another file as long as we may have to tell the two apart.
	pin int
	is  inode
}

type inode struct{ dev, ino uint64 }

func inodeOf(st *unix.Stat_t) inode { return inode{st.Dev, st.Ino} }

// bindLocal makes a unix socket.
func (a *Address) bindLocal() (fd int, f *file, err error) {
	uid, gid, err := a.owner()
	if err != nil {
		return -1, nil, err
	}
	fd, err = unix.Socket(unix.AF_UNIX, sotypes[a.Kind]|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, nil, err
	}
	if f, err = a.bindPath(fd, uid, gid); err != nil {
		_ = unix.Close(fd)
		return -1, nil, err
	}
	if err = a.accept(fd); err != nil { // which closes it
		f.remove()
		return -1, nil, err
	}
	return fd, f, nil
}

// bindPath binds fd to its name. The file has the mode and the owner that are asked
// for before anybody can connect who then could not.
func (a *Address) bindPath(fd, uid, gid int) (*file, error) {
	if a.Mode != 0 && !a.Abstract() {
		// The mode of the file is that of the socket's own inode, less the umask, which
		// is for all threads and therefore left alone.
		if err := unix.Fchmod(fd, 0); err != nil {
			return nil, err
		}
	}
	at := &unix.SockaddrUnix{Name: a.Path}
	err := unix.Bind(fd, at)
	if err == unix.EADDRINUSE && !a.Abstract() {
		if err = takeAway(a.Path, sotypes[a.Kind]); err == nil {
			err = unix.Bind(fd, at)
		}
	}
	if err != nil {
		return nil, a.explain(err, at)
	}
	if a.Abstract() {
		return nil, nil
	}
	f, err := pin(a.Path)
	if err != nil {
		return nil, fmt.Errorf("the socket that was made just now: %w", err)
	}
	if uid != -1 || gid != -1 {
		if err := unix.Fchownat(f.pin, "", uid, gid, unix.AT_EMPTY_PATH); err != nil {
			f.remove()
			return nil, fmt.Errorf("owner %s: %w; only root may give a file away: run relance as root, or leave owner out", a.ownerText(), err)
		}
	}
	if a.Mode != 0 {
		// fchmod(2) takes no descriptor of O_PATH.
		if err := unix.Chmod("/proc/self/fd/"+strconv.Itoa(f.pin), a.Mode); err != nil {
			f.remove()
			return nil, fmt.Errorf("mode %04o: %w", a.Mode, err)
		}
	}
	return f, nil
}

// pin opens the file at path as what it is.
func pin(path string) (*file, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	if kind := st.Mode & unix.S_IFMT; kind != unix.S_IFSOCK {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("there is %s, which is left alone; remove it, or use another path", kindOf(kind))
	}
	return &file{path, fd, inodeOf(&st)}, nil
}

// kindOf names a file that is no socket, by S_IFMT of its mode (inode(7)).
func kindOf(mode uint32) string {
	switch mode {
	case unix.S_IFDIR:
		return "a directory"
	case unix.S_IFLNK:
		return "a symbolic link"
	case unix.S_IFREG:
		return "a regular file"
	}
	return "another kind of file"
}

func (f *file) close() { _ = unix.Close(f.pin) }

// there reports whether the path leads to this file.
func (f *file) there() bool {
	var st unix.Stat_t
	return unix.Lstat(f.path, &st) == nil && inodeOf(&st) == f.is
}

// remove takes the file away, if it is still the one that was made. The socket is
// still open then: nobody takes it for a stale one and puts another in its place.
func (f *file) remove() {
	if f.there() {
		_ = unix.Unlink(f.path) // or it is gone already
	}
	f.close()
}

// Missed says which files of unix sockets are gone, once for each: of those who live
// already, and have the socket, nobody can give it back.
func (h *Held) Missed() (said []string) {
	for i := range h.all {
		s := &h.all[i]
		if s.missed || s.file == nil || s.file.there() {
			continue
		}
		s.missed = true
		said = append(said, s.removed()+"clients do not find what runs any more, until the next one is started; the command must leave the file alone")
	}
	return said
}

func (s *one) removed() string {
	return s.address.Bare() + ": the file of the socket was removed or replaced; "
}

// mend binds a unix socket anew whose file the command has removed, as servers do
// that take it for theirs: no client would find it any more. Unless alone, somebody lives
// who has the old one. It returns what is to be said of that.
func (s *one) mend(alone bool) string {
	if s.file == nil || s.file.there() {
		return ""
	}
	fd, f, err := s.address.bind()
	if err != nil {
		return s.removed() + "clients do not find it any more: " + err.Error()
	}
	if err := unix.Dup3(fd, s.fd, unix.O_CLOEXEC); err != nil {
		f.remove()
		_ = unix.Close(fd)
		return s.removed() + "clients do not find it any more: " + err.Error()
	}
	_ = unix.Close(fd)
	s.file.close()
	s.file, s.missed = f, false
	if !alone {
		return s.removed() + "it was bound anew for those that start from now on; clients do not find the others any more"
	}
	return s.removed() + "it was bound anew"
}

// takeAway removes a socket that nobody serves any more, and nothing else. It goes to
// a name of its own first, and if it is not the one that was looked at, because
// somebody else was faster by a moment, it goes back; of two who replace the same one
// at once never both have it. A lock would do for us, but who may look at a folder may
// lock it, for ever.
func takeAway(path string, sotype int) error {
	f, err := pin(path)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.close()
	if err := served(path, sotype); err != nil {
		return err
	}
	if !f.there() {
		return unix.EADDRINUSE
	}
	moved := file{fmt.Sprintf("%s.%08x", path, rand.Uint32()), f.pin, f.is}
	err = unix.Renameat2(unix.AT_FDCWD, path, unix.AT_FDCWD, moved.path, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err == nil && !moved.there() {
		_ = unix.Renameat2(unix.AT_FDCWD, moved.path, unix.AT_FDCWD, path, unix.RENAME_NOREPLACE)
		return unix.EADDRINUSE
	}
	if err == nil {
		err = unix.Unlink(moved.path)
	}
	if err != nil {
		return fmt.Errorf("take the stale socket away: %w", err)
	}
	return nil
}

// served returns an error unless it is certain that nobody serves the socket at path.
func served(path string, sotype int) error {
	fd, err := unix.Socket(unix.AF_UNIX, sotype|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	// Before the other question: who listens meanwhile is found by that one.
	if pending(path) {
		return unix.EADDRINUSE
	}
	switch err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); {
	case errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ENOENT):
		return nil
	case err == nil, errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EPROTOTYPE):
		// The second: its backlog is full; the third: it is of another type.
		return unix.EADDRINUSE
	default:
		return fmt.Errorf("there is a socket, and whether anybody serves it cannot be found out: %w; remove it, or use another path", err)
	}
}

// pending reports whether a socket has this file and neither listens nor is connected:
// its process is between bind(2) and listen(2), and may call the file otherwise.
func pending(path string) (yes bool) {
	var alike []socket
	eachUnix(func(s socket) {
		switch {
		case s.accepts || s.connected:
		case s.name == path:
			yes = true
		case filepath.Base(s.name) == filepath.Base(path) && !strings.HasPrefix(s.name, "@"):
			alike = append(alike, s)
		}
	})
	return yes || slices.ContainsFunc(processes(alike), func(h holder) bool { return h.means(path) })
}

// owner looks up whom the file is to belong to, -1 for who we are.
func (a *Address) owner() (uid, gid int, err error) {
	switch {
	case a.Owner != "":
		u, err := identity.Lookup(a.ownerText())
		if err != nil {
			return -1, -1, fmt.Errorf("owner %s: %w", a.ownerText(), err)
		}
		return int(u.UID), int(u.GID), nil
	case a.Group != "":
		groups, err := identity.LookupGroups(a.Group)
		if err == nil && len(groups) != 1 {
			err = errors.New("one group is needed")
		}
		if err != nil {
			return -1, -1, fmt.Errorf("owner %s: %w", a.ownerText(), err)
		}
		return -1, int(groups[0]), nil
	}
	return -1, -1, nil
}

func (a *Address) ownerText() string {
	if a.Group == "" {
		return a.Owner
	}
	return a.Owner + ":" + a.Group
}
