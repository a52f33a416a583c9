package control

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func at(t *testing.T, uid int, owned bool, env ...string) Place {
	t.Helper()
	return Place{
		Root: t.TempDir(), UID: uid, Owned: func(string) bool { return owned },
		Env: func(name string) string {
			for _, e := range env {
				if key, value, _ := strings.Cut(e, "="); key == name {
					return value
				}
			}
			return ""
		},
	}
}

func TestFolder(t *testing.T) {
	for _, c := range []struct {
		what  string
		uid   int
		owned bool
		env   []string
		want  string // below the root where it begins with it
	}{
		{"root", 0, true, nil, "ROOT/run/relance"},
		{"root, logged in", 0, true, []string{"XDG_RUNTIME_DIR=/run/user/0"}, "ROOT/run/relance"},
		{"a service", 0, true, []string{"RUNTIME_DIRECTORY=/run/app"}, "/run/app/relance"},
		{"a service with two folders", 33, true, []string{"RUNTIME_DIRECTORY=/run/app:/run/other", "XDG_RUNTIME_DIR=/x"}, "/run/app/relance"},
		{"a user", 1000, true, []string{"XDG_RUNTIME_DIR=/run/user/1000"}, "/run/user/1000/relance"},
		{"a user by su", 1000, false, []string{"XDG_RUNTIME_DIR=/run/user/0"}, ""},
		{"a user without a login", 1000, true, nil, ""},
		{"no path", 1000, true, []string{"RUNTIME_DIRECTORY=app", "XDG_RUNTIME_DIR=run"}, ""},
	} {
		p := at(t, c.uid, c.owned, c.env...)
		if got, want := p.folder(), strings.Replace(c.want, "ROOT", p.Root, 1); got != want {
			t.Errorf("%s: %q, want %q", c.what, got, want)
		}
	}
}

// TestFolders: where a new socket goes it is found.
func TestFolders(t *testing.T) {
	p := at(t, 0, true, "RUNTIME_DIRECTORY=/run/x")
	for _, folder := range []string{"run/app/relance", "run/user/1000/relance", "run/user/1000/app/relance"} {
		if err := os.MkdirAll(filepath.Join(p.Root, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	got := p.folders()
	for _, want := range []string{p.folder(), "run/relance", "run/app/relance", "run/user/1000/relance", "run/user/1000/app/relance"} {
		if !filepath.IsAbs(want) {
			want = filepath.Join(p.Root, want)
		}
		if !slices.Contains(got, want) {
			t.Errorf("%s is not in %v", want, got)
		}
	}
}

// FuzzFileOf: each name has a file of its own in the folder, from which it can be told.
func FuzzFileOf(f *testing.F) {
	for _, name := range []string{"web", "a/b", "..", ".", "a b", "a%2Fb", "\x00", "ä", "web-2"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		file := fileOf(name)
		if filepath.Base(file) != file || strings.HasPrefix(file, ".") && file != suffix || strings.ContainsAny(file, "\x00/") {
			t.Errorf("%q: %q", name, file)
		}
		if got := nameOf(file); got != name {
			t.Errorf("%q: %q is that of %q", name, file, got)
		}
	})
}
