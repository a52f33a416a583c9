package cgroup

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// fake takes every folder with a cgroup.procs for a cgroup.
func fake(path string) error {
	if _, err := os.Stat(filepath.Join(path, "cgroup.procs")); err != nil {
		return unix.ENOENT
	}
	return nil
}

func TestFind(t *testing.T) {
	for name, want := range map[string]struct {
		path string
		err  error
	}{
		"unified-service":             {"/sys/fs/cgroup/system.slice/app.service", nil},
		"hybrid-service":              {"/sys/fs/cgroup/unified/system.slice/app.service", nil},
		"hybrid-root":                 {"/sys/fs/cgroup/unified", nil},
		"namespace-root":              {"/sys/fs/cgroup", nil},
		"container-of-host-namespace": {"/sys/fs/cgroup/x", nil},
		"outside-namespace":           {"/sys/fs/cgroup/x", nil},
		"above-the-mount":             {"", ErrNotVisible},
		"mount-above-namespace":       {"", ErrNotVisible},
		"elsewhere-with-space":        {"/mnt/c g/a b", nil},
		"read-only-twin":              {"/mnt/rw", nil},
		"version-1-only":              {"", ErrNotCgroup2},
		"not-mounted":                 {"", ErrNotCgroup2},
		"deleted":                     {"", ErrNotVisible},
		"too-few-fields":              {"", ErrNotCgroup2},
		"no-proc-file":                {"", ErrNotCgroup2},
	} {
		root := filepath.Join("testdata", name)
		if _, err := os.Stat(root); err != nil {
			t.Fatal(err)
		}
		p, err := find(root, fake)
		path := ""
		if p.Path() != "" {
			path = strings.TrimPrefix(p.Path(), root)
		}
		if path != want.path || !errors.Is(err, want.err) {
			t.Errorf("%s: %q, %v", name, path, err)
		}
	}
}

func TestLocate(t *testing.T) {
	for _, c := range []struct{ own, root, want string }{
		{"/", "/", "/m"},
		{"/a/b", "/", "/m/a/b"},
		{"/a/b", "/a", "/m/b"},
		{"/a", "/a", "/m"},
		{"/ab", "/a", ""}, // a name, not a string prefix
		{"/a", "/a/b", ""},
		{"/../x", "/..", "/m/x"},
		{"/../../x", "/..", ""},
		{"/../../x", "/../..", "/m/x"},
		{"/..", "/", ""},
		{"/", "/..", ""},
		{"/..a", "/", "/m/..a"},
		{"/a/../../b", "/a", ""},
	} {
		got, ok := locate(c.own, mount{root: c.root, point: "/m"})
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s under %s: %q, %v, want %q", c.own, c.root, got, ok, c.want)
		}
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		`/a\040b`: "/a b", `/a\134040b`: `/a\040b`, `/a\011\012`: "/a\t\n",
		`/a\04`: `/a\04`, `/a\999`: `/a\999`, `/a\777`: `/a\777`, `\`: `\`,
	} {
		if got := unescape(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestParseEvents(t *testing.T) {
	for in, want := range map[string][2]bool{
		"populated 1\nfrozen 0\n": {true, true},
		"populated 0\nfrozen 1\n": {false, true},
		"frozen 0\npopulated 1":   {true, true},
		"populated 2\n":           {false, false},
		"populated\n":             {false, false},
		"unpopulated 1\n":         {false, false},
		"":                        {false, false},
	} {
		if populated, ok := parseEvents([]byte(in)); populated != want[0] || ok != want[1] {
			t.Errorf("%q: %v, %v", in, populated, ok)
		}
	}
}

func TestParsePIDs(t *testing.T) {
	got := parsePIDs([]int{1}, []byte("7\n0\n99999999999999999999\n-3\nx\n\n42"))
	if want := []int{1, 7, 42}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func FuzzMounts(f *testing.F) {
	names, _ := filepath.Glob("testdata/*/proc/self/mountinfo")
	for _, name := range names {
		if b, err := os.ReadFile(name); err == nil {
			f.Add(b, "/a/b")
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, own string) {
		for _, m := range parseMounts(b) {
			if !strings.HasPrefix(m.root, "/") || !strings.HasPrefix(m.point, "/") {
				t.Fatalf("%+v", m)
			}
			// Whatever our path says, it leads nowhere but below the mount.
			point := filepath.Clean(m.point)
			if p, ok := locate(own, m); ok && p != point && !strings.HasPrefix(p, strings.TrimSuffix(point, "/")+"/") {
				t.Fatalf("%q under %+v is %q", own, m, p)
			}
		}
	})
}

func FuzzOwnPath(f *testing.F) {
	f.Add([]byte("1:name=systemd:/\n0::/a/b\n"))
	f.Add([]byte("0::/../x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := ownPath(b)
		if ok != strings.HasPrefix(p, "/") || strings.Contains(p, "\n") || len(p) > len(b) {
			t.Fatalf("%q, %v", p, ok)
		}
	})
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte("populated 1\nfrozen 0\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if populated, ok := parseEvents(b); populated && !ok {
			t.Fatal("populated, but not ok")
		}
		pids := parsePIDs(nil, b)
		if len(pids) > len(b) {
			t.Fatal("more pids than bytes")
		}
		for _, pid := range pids {
			if pid <= 0 || pid > maxPID {
				t.Fatal(pid)
			}
		}
	})
}
