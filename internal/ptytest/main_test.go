package ptytest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"relance/internal/misbehave/misbehavetest"
)

// folder holds what is built and linked for the tests: it is in their PATH.
var folder string

func TestMain(m *testing.M) {
	if helper, ok := helpers[filepath.Base(os.Args[0])]; ok {
		helper(os.Args[1:])
		os.Exit(0)
	}
	var err error
	if folder, err = os.MkdirTemp("", "ptytest-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := misbehavetest.Main(m)
	os.RemoveAll(folder)
	os.Exit(status)
}

// relance is built once, as it is released.
var relance = sync.OnceValue(func() error {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	// go test must not take a result from its cache when relance has changed: it
	// notices which folders a test reads, but not what a go build reads.
	err = filepath.WalkDir(strings.TrimSpace(string(root)), func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.IsDir() && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(folder, "relance"), ".")
	cmd.Dir = strings.TrimSpace(string(root))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build relance: %w\n%s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for name := range helpers {
		if err := os.Symlink(self, filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	return nil
})

// environment is that of every session: relance, misbehave, raw and the helpers
// are in PATH, and nothing of the person who runs the tests is in it.
func environment(t *testing.T) []string {
	t.Helper()
	if err := relance(); err != nil {
		t.Fatal(err)
	}
	path := folder + ":" + filepath.Dir(misbehavetest.Go(t))
	return []string{
		"PATH=" + path + ":" + os.Getenv("PATH"), "HOME=" + t.TempDir(),
		// A terminal without abilities, so that nothing but text comes.
		"TERM=dumb", "LC_ALL=C", "INPUTRC=/dev/null", "HISTFILE=/dev/null",
		"PS1=<$SHLVL> ", "SHLVL=0",
	}
}

// arm is one way to run the command under test.
type arm struct {
	name string
	// with is what is typed before the command.
	with string
}

func (a arm) wrapped() bool { return a.with != "" }

// argv is a command in this arm.
func (a arm) argv(words ...string) []string { return append(strings.Fields(a.with), words...) }

// bothArms runs test bare and wrapped: what it sees must be the same.
func bothArms(t *testing.T, test func(t *testing.T, a arm)) {
	t.Helper()
	for _, a := range []arm{{"bare", ""}, {"wrapped", "relance -- "}} {
		t.Run(a.name, func(t *testing.T) { test(t, a) })
	}
}
