package control

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Found is the socket of a relance that is there.
type Found struct{ Name, Path string }

// FindError says why none was found, and what to do about it.
type FindError struct{ Msg, Cure string }

func (e *FindError) Error() string { return e.Msg }

// maxLooked bounds how many sockets are tried.
const maxLooked = 1000

// Find returns the socket of the relance that is called name; empty: of the only one. A
// name with a slash is the path of a socket.
func Find(name string, here Place) (Found, error) {
	if strings.Contains(name, "/") {
		return Found{name, name}, nil
	}
	all, refused := here.all()
	var named []Found
	if name != "" {
		// The name itself, or that of one that has a pid or a number behind it.
		named = slices.DeleteFunc(slices.Clone(all), func(f Found) bool { return f.Name != name || !f.answers() })
		if len(named) == 0 {
			named = slices.DeleteFunc(slices.Clone(all), func(f Found) bool { return !begins(f.Name, name) || !f.answers() })
		}
	} else {
		named = slices.DeleteFunc(slices.Clone(all), func(f Found) bool { return !f.answers() })
	}
	switch {
	case len(named) == 1:
		return named[0], nil
	case len(named) > 1 && name == "":
		return Found{}, &FindError{"several run, and none is named: " + names(named), "give one of these names"}
	case len(named) > 1:
		return Found{}, &FindError{fmt.Sprintf("several fit %q: %s", Clean(name), names(named)), "give the whole name, or the path of the socket"}
	}
	return Found{}, notFound(name, all, refused)
}

// notFound says that there is none, and which there are.
func notFound(name string, all []Found, refused bool) error {
	e := &FindError{Msg: "no relance runs that could be asked"}
	if name != "" {
		e.Msg = fmt.Sprintf("no relance named %q", Clean(name))
		if living := slices.DeleteFunc(all, func(f Found) bool { return !f.answers() }); len(living) > 0 {
			e.Msg += "; there are: " + names(living)
		}
	}
	if refused {
		e.Cure = "those of root are seen by root (sudo); "
	}
	e.Cure += "one that only runs its command, or has --control none, has no socket; the path of a socket (--control) may stand for a name"
	return e
}

// begins reports whether a socket is called name and has a number behind it.
func begins(full, name string) bool {
	number, ok := strings.CutPrefix(full, name+"-")
	return ok && number != "" && strings.Trim(number, "0123456789") == ""
}

// names lists those that were found; where a name is not the only one of its kind, by
// its path.
func names(all []Found) string {
	var words []string
	for _, f := range all {
		twice := slices.ContainsFunc(all, func(other Found) bool { return other.Name == f.Name && other.Path != f.Path })
		if twice {
			words = append(words, Clean(f.Path))
		} else {
			words = append(words, Clean(f.Name))
		}
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

// all are the sockets that there are; refused says that there is a folder into which we
// may not look.
func (p Place) all() (all []Found, refused bool) {
	for _, folder := range p.folders() {
		entries, err := os.ReadDir(folder)
		refused = refused || errors.Is(err, fs.ErrPermission)
		for _, entry := range entries {
			if name := nameOf(entry.Name()); name != "" && entry.Type() == fs.ModeSocket && len(all) < maxLooked {
				all = append(all, Found{name, filepath.Join(folder, entry.Name())})
			}
		}
	}
	return all, refused
}

// answers reports whether somebody serves the socket: who was killed has left it behind.
func (f Found) answers() bool {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	err = unix.Connect(fd, &unix.SockaddrUnix{Name: f.Path})
	return err == nil || errors.Is(err, unix.EAGAIN) // its queue is full
}
