package control

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"relance/listen"
)

// Setting is what --control asks for.
type Setting struct {
	// Path is where the socket is to be; empty: where it is found by its name, as far as
	// there is such a place.
	Path string
	// Name is what relance is called.
	Name string
}

// maxSame bounds how many have one name.
const maxSame = 100

// maxSwept bounds how many names are looked at for sockets that a killed relance has left.
const maxSwept = 256

// Open makes the control socket; nil: nobody has asked for one by its path, and there is
// no place for it here.
func Open(want Setting, here Place, ring *Ring) (*Server, error) {
	if want.Path != "" {
		return OpenAt(want.Path, want.Name, ring)
	}
	folder := here.folder()
	if folder == "" || !private(folder) {
		return nil, nil
	}
	listen.Sweep(folder, maxSwept)
	for n := 1; n <= maxSame; n++ {
		name := numbered(want.Name, n)
		s, err := OpenAt(filepath.Join(folder, fileOf(name)), name, ring)
		if !errors.Is(err, unix.EADDRINUSE) {
			return s, err
		}
	}
	return nil, fmt.Errorf("%d others are called %q; use another --name", maxSame, want.Name)
}

// private makes a folder that is for us alone, and reports whether it is there and
// nobody else may write to it.
func private(folder string) bool {
	err := os.Mkdir(folder, 0o700)
	if err != nil && !errors.Is(err, os.ErrExist) {
		return false
	}
	var st unix.Stat_t
	if unix.Lstat(folder, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return false
	}
	return int(st.Uid) == os.Geteuid() && st.Mode&0o022 == 0
}

// ownedBy reports whether folder is one, and belongs to uid.
func ownedBy(folder string, uid int) bool {
	var st unix.Stat_t
	return unix.Stat(folder, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR && int(st.Uid) == uid
}
