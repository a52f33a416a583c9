package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Where a group cannot be had, nothing is left behind and the cause is kept.
func TestCreateRefused(t *testing.T) {
	dir := t.TempDir()
	p := Parent{path: dir}
	if _, err := p.Create("a"); !errors.Is(err, unix.ENOENT) {
		t.Errorf("a folder that is no group: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
	if _, err := (Parent{path: filepath.Join(dir, "none")}).Create("a"); !errors.Is(err, unix.ENOENT) {
		t.Errorf("no parent: %v", err)
	}
	if _, err := (Parent{path: "/proc"}).Create("a"); err == nil {
		t.Error("a group in /proc")
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if _, err := (Parent{path: link}).Create("a"); !errors.Is(err, unix.ENOTDIR) && !errors.Is(err, unix.ELOOP) {
		t.Errorf("through a link: %v", err)
	}
	if os.Getuid() != 0 {
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Create("a"); !errors.Is(err, unix.EACCES) || !errors.Is(err, os.ErrPermission) {
			t.Errorf("not ours: %v", err)
		}
		os.Chmod(dir, 0o700)
	}
}

// The walk needs no cgroup: any folders will do.
func TestWalkIsBounded(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("/", filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open(dir, openDir, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	g := &Group{dir: fd}
	entered, left := 0, ""
	err = g.walk(func(int) error { entered++; return nil }, func(_ int, name string) error { left += name; return nil })
	if err != nil || entered != 3 || left != "ba" {
		t.Errorf("entered %d, left %q, %v; want 3 and the deepest first", entered, left, err)
	}
	stop := errors.New("stop")
	if err := g.walk(func(int) error { return stop }, nil); err != stop {
		t.Errorf("an error of the visitor: %v", err)
	}
	w := walker{at: fd, seen: maxGroups}
	if err := w.arrive("x"); err == nil {
		t.Error("no bound")
	}
}

// More subgroups than one walk visits go bit by bit. Any folders will do.
func TestRemoveBitByBit(t *testing.T) {
	if os.Getenv("RELANCE_TEST_CGROUP") == "1" {
		t.Skip("one for make check, see cgrouptest.Slow")
	}
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm") // many times as fast as a disk
	}
	parent := t.TempDir()
	wide := filepath.Join(parent, "wide")
	for i := range maxGroups + 100 {
		if err := os.MkdirAll(filepath.Join(wide, fmt.Sprint(i)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := unix.Open(parent, openDir, 0)
	if err != nil {
		t.Fatal(err)
	}
	g := &Group{path: wide, name: "wide", parent: dir}
	defer g.Close()
	if g.dir, err = unix.Open(wide, openDir, 0); err != nil {
		t.Fatal(err)
	}
	if err := g.Remove(); !errors.Is(err, unix.EBUSY) {
		t.Errorf("the first time: %v, want EBUSY", err)
	}
	if err := g.Remove(); err != nil {
		t.Errorf("the second time: %v", err)
	}
	if _, err := os.Stat(wide); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
}

// A kernel without cgroup.kill is told from a group that is gone: there the tree
// must be killed otherwise.
func TestNoKill(t *testing.T) {
	tests := []struct {
		events string
		want   error
	}{{"populated 1\nfrozen 0\n", ErrNoKill}, {"populated 0\nfrozen 0\n", nil}, {"", nil}}
	for _, tt := range tests {
		path := t.TempDir()
		dir, err := unix.Open(path, openDir, 0)
		if err != nil {
			t.Fatal(err)
		}
		g := &Group{path: path, parent: -1, dir: dir}
		defer g.Close()
		if tt.events != "" {
			if err := os.WriteFile(filepath.Join(path, "cgroup.events"), []byte(tt.events), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := g.Kill(); !errors.Is(err, tt.want) {
			t.Errorf("%q: %v, want %v", tt.events, err, tt.want)
		}
		if g.CanKill() {
			t.Errorf("%q: can kill", tt.events)
		}
	}
}
