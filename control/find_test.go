package control

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// household is a Place with a folder of its own in which sockets are made by Open.
func household(t *testing.T) Place {
	p := at(t, os.Getuid(), true)
	run := filepath.Join(p.Root, "run")
	p.Env = func(name string) string {
		if name == "RUNTIME_DIRECTORY" {
			return run
		}
		return ""
	}
	if err := os.Mkdir(run, 0o755); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p Place) mustOpen(t *testing.T, name string) *Server {
	t.Helper()
	s, err := Open(Setting{Name: name}, p, new(Ring))
	if err != nil || s == nil {
		t.Fatal(s, err)
	}
	t.Cleanup(func() {
		if _, err := os.Lstat(s.path); err == nil {
			s.Close()
		}
	})
	return s
}

func TestOpenAndFind(t *testing.T) {
	p := household(t)
	refused := func(name, msg string) {
		t.Helper()
		found, err := Find(name, p)
		var e *FindError
		if !errors.As(err, &e) || !strings.Contains(e.Msg, msg) || e.Cure == "" {
			t.Errorf("%q: %+v, %+v; want %q", name, found, err, msg)
		}
	}
	finds := func(name string, s *Server) {
		t.Helper()
		if found, err := Find(name, p); err != nil || found.Path != s.path {
			t.Errorf("%q: %+v, %v", name, found, err)
		}
	}
	refused("", "no relance runs that could be asked")
	web := p.mustOpen(t, "web")
	info, err := os.Stat(filepath.Dir(web.path))
	if err != nil || info.Mode() != os.ModeDir|0o700 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
	finds("", web)
	finds("web", web)
	finds(web.path, web)
	refused("we", `no relance named "we"; there are: web`)

	// A second one of the name gets a number, and the first keeps its own.
	second := p.mustOpen(t, "web")
	if second.Name() != "web-2" {
		t.Errorf("the second is called %q", second.Name())
	}
	finds("web", web)
	finds("web-2", second)
	refused("", "several run, and none is named: web, web-2")

	// One that has no name is found by its command, as long as that is the only one.
	unnamed := p.mustOpen(t, Unnamed("/usr/bin/python3", 77))
	finds("python3", unnamed)
	finds("python3-77", unnamed)
	p.mustOpen(t, Unnamed("python3", 78))
	refused("python3", `several fit "python3": python3-77, python3-78`)
	odd := p.mustOpen(t, "../a b\n")
	finds("../a b\n", &Server{path: "../a b\n"}) // a path
	if filepath.Dir(odd.path) != filepath.Dir(web.path) {
		t.Errorf("outside its folder: %q", odd.path)
	}
}

// TestStale: what a relance has left that was killed is replaced, swept away, and not
// found; one that lives keeps its socket. (listen/ has tests of two who replace one at
// once.)
func TestStale(t *testing.T) {
	p := household(t)
	web, other := p.mustOpen(t, "web"), p.mustOpen(t, "other")
	kill := func(s *Server) { // all that is left of it is the file
		_ = unix.Close(s.socket.FD())
		_ = s.listener.Close()
	}
	kill(web)
	kill(other)
	if found, err := Find("", p); err == nil {
		t.Errorf("found %+v", found)
	}
	again := p.mustOpen(t, "web")
	if again.Name() != "web" {
		t.Errorf("it is called %q", again.Name())
	}
	if _, err := os.Lstat(other.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the other stale one: %v", err)
	}
	p.mustOpen(t, "third")
	if found, err := Find("web", p); err != nil || found.Path != again.path {
		t.Errorf("the living one: %+v, %v", found, err)
	}
}

// TestNoPlace: where there is no folder there is no socket, unless somebody has asked for
// one by its path.
func TestNoPlace(t *testing.T) {
	nowhere := at(t, 1000, true)
	if s, err := Open(Setting{Name: "x"}, nowhere, new(Ring)); s != nil || err != nil {
		t.Errorf("no folder: %v, %v", s, err)
	}
	missing := at(t, os.Getuid(), true, "RUNTIME_DIRECTORY=/nowhere/at/all")
	if s, err := Open(Setting{Name: "x"}, missing, new(Ring)); s != nil || err != nil {
		t.Errorf("no folder for the folder: %v, %v", s, err)
	}
	// Somebody else may write to it, and put another socket there.
	open := household(t)
	folder := open.folder()
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(Setting{Name: "x"}, open, new(Ring)); s != nil || err != nil {
		t.Errorf("a folder for everybody: %v, %v", s, err)
	}
	if s, err := Open(Setting{Path: "/nowhere/at/all/x.sock"}, nowhere, new(Ring)); s != nil || err == nil || !strings.Contains(err.Error(), "mkdir -p /nowhere/at/all") {
		t.Errorf("a path: %v, %v", s, err)
	}
	if s, err := Open(Setting{Path: strings.Repeat("x", 200)}, nowhere, new(Ring)); s != nil || err == nil {
		t.Errorf("a long path: %v, %v", s, err)
	}
}
