package clitest

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"relance/internal/misbehave/misbehavetest"
)

// bin is the folder of the programs under test: relance, and what it runs. Any
// user may read it.
var bin string

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == roleWord {
		os.Exit(role(os.Args[2:]))
	}
	status, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(status)
}

func runTests(m *testing.M) (status int, err error) {
	if bin, err = os.MkdirTemp("", "relance-clitest-"); err != nil {
		return 1, err
	}
	defer os.RemoveAll(bin)
	// The programs are also run by an ordinary user.
	if err := os.Chmod(bin, 0o755); err != nil {
		return 1, err
	}
	// Always the binary that is shipped: static, without the race detector.
	build := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(bin, "relance"), root)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build relance: %w\n%s", err, out)
	}
	return misbehavetest.Main(m), nil
}

// relance is the path of the program under test.
func relance() string {
	lookAtSource()
	return filepath.Join(bin, "relance")
}

// lookAtSource lets the test cache know what the programs are built from. It
// keeps a result until a file changes that a test has looked at with package os,
// and what a compiler looked at it does not see.
var lookAtSource = sync.OnceFunc(func() {
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); path != root && (name[0] == '.' || name == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		switch filepath.Ext(path) {
		case ".go", ".s", ".c", ".mod":
			_, err = os.Stat(path)
		}
		return err
	})
	if err != nil {
		panic(err)
	}
})

// root is the folder of the module.
const root = "../.."

// misbehave and raw are the programs that relance runs here, where any user may
// read them.
func misbehave(t testing.TB) string { return shared(t, "misbehave", misbehavetest.Go(t)) }
func raw(t testing.TB) string       { return shared(t, "raw", misbehavetest.Raw(t)) }

var sharing sync.Mutex

func shared(t testing.TB, name, from string) string {
	t.Helper()
	sharing.Lock()
	defer sharing.Unlock()
	path := filepath.Join(bin, name)
	if _, err := os.Lstat(path); err == nil {
		return path
	}
	// A link, and not a copy: a file that is written cannot be run while a child
	// that another test is just starting still holds it open (ETXTBSY).
	if err := os.Chmod(filepath.Dir(from), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(from, path); err != nil {
		t.Fatal(err)
	}
	return path
}
