package ptytest

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"relance/internal/misbehave/misbehavetest"
)

func TestMain(m *testing.M) {
	if helper, ok := helpers[filepath.Base(os.Args[0])]; ok {
		helper(os.Args[1:])
		os.Exit(0)
	}
	os.Exit(misbehavetest.Main(m))
}

// linkHelpers puts the helpers beside relance, misbehave and raw.
var linkHelpers = sync.OnceValue(func() error {
	self, err := os.Executable()
	for name := range helpers {
		if err == nil {
			err = os.Symlink(self, filepath.Join(misbehavetest.Folder(), name))
		}
	}
	return err
})

// environment is that of every session: relance, misbehave, raw and the helpers
// are in PATH, and nothing of the person who runs the tests is in it.
func environment(t *testing.T) []string {
	t.Helper()
	if err := linkHelpers(); err != nil {
		t.Fatal(err)
	}
	misbehavetest.Relance()
	misbehavetest.Go(t)
	return []string{
		"PATH=" + misbehavetest.Folder() + ":" + os.Getenv("PATH"), "HOME=" + t.TempDir(),
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
