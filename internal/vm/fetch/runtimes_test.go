package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestDependencies(t *testing.T) {
	said := "crun\n  Depends: libc6\n |Depends: libsystemd0\n    libelogind0\n  Depends: <virtual>\n" +
		"libc6\n  PreDepends: libgcc-s1:any\n<virtual>\nlibsystemd0\n  Depends: libc6\n"
	want := []string{"libc6", "libgcc-s1", "libsystemd0"}
	if got := dependencies(said); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// unpacked makes a folder as packages leave it: the program is this test
// binary, which needs no library when it is built as the others of this layer.
func unpacked(t *testing.T, files, links map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestFilesByName(t *testing.T) {
	root := unpacked(t,
		map[string]string{"usr/sbin/runc": "x", "usr/share/overrides/runc": "y", "lib/liba.so.1.2": "z"},
		map[string]string{"lib/liba.so.1": "liba.so.1.2", "lib/liba.so": "/lib/liba.so.1", "lib/circle": "other", "lib/other": "circle"})
	got, err := filesByName(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"runc": "usr/sbin/runc", "liba.so": "lib/liba.so.1.2", "liba.so.1": "lib/liba.so.1.2", "circle": "",
	} {
		if want != "" {
			want = filepath.Join(root, want)
		}
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

func TestTakePrograms(t *testing.T) {
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	root := unpacked(t, map[string]string{"usr/sbin/crun": string(self), "usr/bin/runc": "no program"}, nil)
	if libs, _, err := needed(filepath.Join(root, "usr/sbin/crun")); err != nil {
		t.Fatal(err)
	} else if len(libs) == 0 {
		into := t.TempDir()
		if err := takePrograms(root, into, []string{"crun"}); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(into, "usr/bin/crun")); err != nil {
			t.Error(err)
		}
	} else if err := takePrograms(root, t.TempDir(), []string{"crun"}); err == nil {
		t.Errorf("taken without its libraries %q", libs)
	}
	for _, name := range []string{"runc", "gone"} {
		if err := takePrograms(root, t.TempDir(), []string{name}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
