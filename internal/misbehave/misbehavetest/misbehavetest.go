// Package misbehavetest makes the programs that a test runs: relance as it is released, and those that misbehave. Each
// is built once for each test binary, into a folder that the package removes.
//
//	func TestMain(m *testing.M) { os.Exit(misbehavetest.Main(m)) }
//	...
//	cmd := exec.Command(misbehavetest.Relance(), "--", misbehavetest.Go(t), "drain", "100ms")
//
// Where RELANCE_TEST_BUILT names a folder, relance and misbehave are copied from there: so scripts/check.sh links each
// of them once, and relance is tested with the flags that it is released with.
package misbehavetest

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"relance/internal/need"
)

// Main runs the tests and removes what was built for them.
func Main(m *testing.M) int {
	defer func() {
		if folder != "" {
			os.RemoveAll(folder)
		}
	}()
	return m.Run()
}

// Folder is where the programs are put, for a PATH. Any user may read them. It panics if there is no place for it.
func Folder() string {
	if err := makeFolder(); err != nil {
		panic(err)
	}
	return folder
}

// Relance returns the path of relance: static, without the race detector. It panics if that cannot be built.
func Relance() string {
	lookAtSource()
	path, err := buildRelance()
	if err != nil {
		panic(err)
	}
	return path
}

// Go returns the path of misbehave.
func Go(t testing.TB) string {
	t.Helper()
	return must(t, buildGo)
}

// Slow returns the path of slowserver.
func Slow(t testing.TB) string {
	t.Helper()
	return must(t, buildSlow)
}

// Raw returns the path of raw, the C half: nothing else can say what a child was given.
func Raw(t testing.TB) string {
	t.Helper()
	need.Program(t, "gcc", "gcc")
	return must(t, buildRaw)
}

// Held returns the path of examples/held, a server.
func Held(t testing.TB) string {
	t.Helper()
	return must(t, buildHeld)
}

func must(t testing.TB, build func() (string, error)) string {
	t.Helper()
	lookAtSource()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var (
	folder     string
	makeFolder = sync.OnceValue(func() (err error) {
		if folder, err = os.MkdirTemp("", "relance-built-"); err == nil {
			err = os.Chmod(folder, 0o755)
		}
		return err
	})
	buildRelance = sync.OnceValues(func() (string, error) { return buildGoProgram("relance", ".") })
	buildGo      = sync.OnceValues(func() (string, error) { return buildGoProgram("misbehave", "./internal/misbehave") })
	buildHeld    = sync.OnceValues(func() (string, error) { return buildGoProgram("held", "./examples/held") })
	buildSlow    = sync.OnceValues(func() (string, error) { return buildGoProgram("slowserver", "./internal/slowserver") })
	buildRaw     = sync.OnceValues(func() (string, error) {
		return build("raw", "gcc", "-static", "-O2", "-Wall", "-Wextra", "-Werror", "internal/misbehave/raw/raw.c", "-o")
	})
)

func buildGoProgram(name, source string) (string, error) {
	if built := os.Getenv("RELANCE_TEST_BUILT"); built != "" {
		// By another process: a file that this one writes cannot be run while a child that it is just starting still
		// holds it open (ETXTBSY).
		return build(name, "cp", "--", filepath.Join(built, name))
	}
	return build(name, "go", "build", "-C", source, "-buildvcs=false", "-o")
}

// build runs words, and behind them the path of what they are to make, at the root of the module.
func build(name string, words ...string) (string, error) {
	if err := makeFolder(); err != nil {
		return "", err
	}
	path := filepath.Join(folder, name)
	cmd := exec.Command(words[0], append(words[1:], path)...)
	cmd.Dir = root()
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make %s: %w\n%s", name, err, out)
	}
	return path, nil
}

// lookAtSource lets the test cache know what the programs are built from. It keeps a result until a file changes that a
// test has looked at with package os, and what a compiler looked at it does not see.
var lookAtSource = sync.OnceFunc(func() {
	err := filepath.WalkDir(root(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); path != root() && (name[0] == '.' || name == "testdata" || name == "cache" || name == "bin") {
				return fs.SkipDir
			}
			return nil
		}
		switch filepath.Ext(path) {
		case ".go", ".s", ".c", ".mod", ".sum":
			_, err = os.Stat(path)
		}
		return err
	})
	if err != nil {
		panic(err)
	}
})

// root is the folder of the module, of which this is a file.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "../../..")
}
