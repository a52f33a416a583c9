package files

import (
	"fmt"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// mostLinks is how many symlinks the kernel follows in one path,
// path_resolution(7).
const mostLinks = 40

// mostSteps bounds the folders and symlinks on all ways of one word: names that lead
// through each other could keep us for hours.
const mostSteps = 1 << 20

var errSteps = fmt.Errorf("more than %d folders and symlinks on the way", mostSteps)

// follow goes the way from path to its file, as open(2) does, and arms what could
// make it lead elsewhere. It returns a path without symlinks. ENOENT, ENOTDIR and
// ELOOP mean that nothing is there; then every folder on the way is armed for the
// names looked up in it, so that what appears is told.
func (p *pass) follow(name string) (string, *unix.Stat_t, error) {
	real, st, err := p.goAlong(name, false)
	if absent(err) {
		return p.goAlong(name, true)
	}
	return real, st, err
}

// absent reports whether err says that there is no such file.
func absent(err error) bool { return err == unix.ENOENT || err == unix.ENOTDIR || err == unix.ELOOP }

// goAlong is one attempt of follow. Where all exists it is enough to know that no
// folder of the way moves: to be removed it must be empty first, which is told of
// the last one. That leaves busy folders such as /tmp alone. A wary attempt arms
// them all.
func (p *pass) goAlong(name string, wary bool) (string, *unix.Stat_t, error) {
	var st unix.Stat_t
	at, rest, links := "/", components(name), 0
	for len(rest) > 0 {
		if p.steps--; p.steps < 0 {
			return "", nil, errSteps
		}
		next := rest[0]
		rest = rest[1:]
		if next == ".." {
			at = path.Dir(at) // it has no symlinks in it
			continue
		}
		full := join(at, next)
		if !wary && len(rest) > 0 && lstat(full, &st) == nil && p.arm(full, self, anyName) == nil {
			at = full
			continue
		}
		// Where we may not read the folder, the files in it must do.
		_ = p.arm(at, names, next)
		if err := lstat(full, &st); err != nil {
			return "", nil, err
		}
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFDIR:
			at = full
		case unix.S_IFLNK:
			target, err := readlink(full)
			if links++; links > mostLinks {
				err = unix.ELOOP
			}
			if err != nil {
				return "", nil, err
			}
			if target[0] == '/' {
				at = "/"
			}
			rest = append(components(target), rest...)
		default:
			if len(rest) > 0 {
				return "", nil, unix.ENOTDIR
			}
			return full, &st, nil
		}
	}
	err := lstat(at, &st)
	return at, &st, err
}

func lstat(path string, st *unix.Stat_t) error {
	for {
		if err := unix.Lstat(path, st); err != unix.EINTR {
			return err
		}
	}
}

// readlink returns what a symlink leads to, which is never empty.
func readlink(path string) (string, error) {
	var b [unix.PathMax]byte
	n, err := unix.Readlink(path, b[:])
	if err == nil && n == 0 {
		err = unix.ENOENT
	}
	return string(b[:max(n, 0)]), err
}

// list returns the names in a folder, most at most and one more where there are
// more.
func list(folder string, most int) ([]string, error) {
	d, err := os.OpenFile(folder, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	var all []string
	for len(all) <= most {
		some, err := d.Readdirnames(most + 1 - len(all))
		all = append(all, some...)
		if len(some) == 0 || err != nil {
			break // io.EOF, or the folder is gone: it is armed
		}
	}
	return all, nil
}
