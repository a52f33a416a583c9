// Package misbehavetest builds the misbehaving programs for a test: once for each test binary, into a folder that the
// package removes.
//
//	func TestMain(m *testing.M) { os.Exit(misbehavetest.Main(m)) }
//	...
//	cmd := exec.Command(relance, "--", misbehavetest.Go(t), "drain", "100ms")
package misbehavetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
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

// Go returns the path of misbehave.
func Go(t testing.TB) string {
	t.Helper()
	path, err := buildGo()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Raw returns the path of raw, the C half. Without a C compiler the test is skipped, or fails where RELANCE_TEST_CC=1
// says that there is one.
func Raw(t testing.TB) string {
	t.Helper()
	cc, err := exec.LookPath("gcc")
	if err != nil && os.Getenv("RELANCE_TEST_CC") == "1" {
		t.Fatal("RELANCE_TEST_CC=1 and no gcc")
	}
	if err != nil {
		t.Skip("no gcc: nothing else can say what a child was given (apt install gcc)")
	}
	path, err := buildRaw(cc)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var (
	folder     string
	makeFolder = sync.OnceValue(func() (err error) {
		folder, err = os.MkdirTemp("", "misbehave-")
		return err
	})
	buildGo = sync.OnceValues(func() (string, error) {
		cmd := exec.Command("go", "build", "-buildvcs=false", "-o", "misbehave", ".")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		return build("misbehave", source(), cmd)
	})
	rawOnce  sync.Once
	rawPath  string
	rawError error
)

func buildRaw(cc string) (string, error) {
	rawOnce.Do(func() {
		cmd := exec.Command(cc, "-static", "-O2", "-Wall", "-Wextra", "-Werror", "-o", "raw", "raw.c")
		rawPath, rawError = build("raw", filepath.Join(source(), "raw"), cmd)
	})
	return rawPath, rawError
}

// build runs a compiler in the folder of the source. The word after -o is replaced by a path in the test's folder.
func build(name, source string, cmd *exec.Cmd) (string, error) {
	if err := makeFolder(); err != nil {
		return "", err
	}
	path := filepath.Join(folder, name)
	for i := range cmd.Args {
		if cmd.Args[i] == "-o" {
			cmd.Args[i+1] = path
		}
	}
	cmd.Dir = source
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return path, nil
}

// source is the folder of misbehave, which is above the folder of this file.
func source() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(file))
}
