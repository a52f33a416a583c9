package main

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// archive writes a cpio archive in the "newc" format, the one that the kernel
// unpacks as initramfs (Documentation/driver-api/early-userspace/
// buffer-format.rst). It is written here because the format is one header of
// thirteen hexadecimal numbers, and the good library for it, u-root's, comes
// with a tree of packages that a test tool should not pull in.
type archive struct {
	w     *bufio.Writer
	n     int64 // bytes written, for the padding
	inode int   // distinct for each entry, or the kernel would make hard links
	dirs  map[string]bool
}

func newArchive(w io.Writer) *archive {
	return &archive{w: bufio.NewWriterSize(w, 1<<20), dirs: map[string]bool{"/": true}}
}

// The file type bits of stat(2), which fs.FileMode spells differently.
const (
	typeDir  = 0o040000
	typeFile = 0o100000
	typeLink = 0o120000
)

// dir adds a folder and those above it, once.
func (a *archive) dir(name string) error {
	name = path.Clean(name)
	if a.dirs[name] {
		return nil
	}
	a.dirs[name] = true
	if err := a.dir(path.Dir(name)); err != nil {
		return err
	}
	return a.entry(name, typeDir|0o755, 0, nil)
}

// bytes adds a file with this content.
func (a *archive) bytes(name string, perm fs.FileMode, content []byte) error {
	if err := a.dir(path.Dir(name)); err != nil {
		return err
	}
	return a.entry(name, typeFile|int(perm.Perm()), int64(len(content)), strings.NewReader(string(content)))
}

// link adds a symbolic link.
func (a *archive) link(name, target string) error {
	if err := a.dir(path.Dir(name)); err != nil {
		return err
	}
	return a.entry(name, typeLink|0o777, int64(len(target)), strings.NewReader(target))
}

// tree adds a file, or a folder with all below it, from the host.
func (a *archive) tree(host, guest string) error {
	// A link named by the user means what it points at; a link inside a
	// folder stays a link.
	root, err := filepath.EvalSymlinks(host)
	if err != nil {
		return err
	}
	return filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		name := path.Join(guest, filepath.ToSlash(rel))
		switch {
		case d.IsDir():
			return a.dir(name)
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(file)
			if err != nil {
				return err
			}
			return a.link(name, target)
		case d.Type().IsRegular():
			return a.file(file, name)
		}
		return fmt.Errorf("add %s: neither a file, a folder nor a link", file)
	})
}

// file adds one file from the host.
func (a *archive) file(host, guest string) error {
	f, err := os.Open(host)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := a.dir(path.Dir(guest)); err != nil {
		return err
	}
	return a.entry(guest, typeFile|int(info.Mode().Perm()), info.Size(), f)
}

// entry writes one header, its name and its content, each padded to four bytes.
// Owner, group, time and devices are zero.
func (a *archive) entry(name string, mode int, size int64, content io.Reader) error {
	if size >= 1<<32 {
		return fmt.Errorf("add %s: %d bytes; the format ends at 4 GiB", name, size)
	}
	a.inode++
	name = strings.TrimPrefix(name, "/")
	fmt.Fprintf(a.w, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00",
		a.inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, len(name)+1, 0, name)
	a.n += 110 + int64(len(name)) + 1
	a.pad()
	if content != nil {
		n, err := io.CopyN(a.w, content, size)
		if err != nil {
			return fmt.Errorf("add %s: %w", name, err)
		}
		a.n += n
	}
	a.pad()
	return nil
}

func (a *archive) pad() {
	for ; a.n%4 != 0; a.n++ {
		a.w.WriteByte(0) // an error stays in the writer and shows in close
	}
}

// close ends the archive. It does not close the file below.
func (a *archive) close() error {
	if err := a.entry("TRAILER!!!", 0, 0, nil); err != nil {
		return err
	}
	return a.w.Flush()
}
