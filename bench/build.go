package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed loop.c
var loopSource []byte

//go:embed stamp.c
var stampSource []byte

//go:embed leak.c
var leakSource []byte

var errNoCompiler = errors.New("no gcc (apt install gcc libc6-dev)")

// compile builds the C programs into the run's folder, or takes them from that
// of the run that started this one.
func (b *bench) compile() error {
	if b.tools != "" {
		b.loop, b.stamp, b.leak = b.tools+"/loop", b.tools+"/stamp", b.tools+"/leak"
		return nil
	}
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		return errNoCompiler
	}
	build := func(name string, source []byte) (string, error) {
		path := filepath.Join(b.folder, name)
		if err := os.WriteFile(path+".c", source, 0o600); err != nil {
			return "", err
		}
		out, err := exec.Command(gcc, "-static", "-O2", "-Wall", "-o", path, path+".c").CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("compile %s.c: %w\n%s", name, err, out)
		}
		return path, nil
	}
	if b.loop, err = build("loop", loopSource); err != nil {
		return err
	}
	if b.stamp, err = build("stamp", stampSource); err != nil {
		return err
	}
	b.leak, err = build("leak", leakSource)
	return err
}
