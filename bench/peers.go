package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A peer is a program that stands between us and a command.
type peer struct {
	name    string
	program string   // a path, or a name to look up in PATH
	args    []string // before the command
	service bool     // takes a folder with a file "run" in place of a command
	get     string   // how to get it
}

func (b *bench) relancePeer(flags string) peer {
	args := append(strings.Fields(flags), "--")
	return peer{name: strings.TrimSpace("relance " + flags), program: b.relance, args: args, get: "make build"}
}

func (b *bench) cOnce() peer {
	return peer{name: "C wrapper", program: b.loop, args: []string{"once"}, get: errNoCompiler.Error()}
}

func packaged(name, program, pkg string, args ...string) peer {
	return peer{name: name, program: program, args: args, get: "apt install " + pkg}
}

func serviceOf(name, pkg string) peer {
	return peer{name: name, program: name, service: true, get: "apt install " + pkg}
}

// command returns the words that run a command under the peer.
func (b *bench) command(p peer, command ...string) ([]string, error) {
	if p.program == "" {
		return nil, errors.New(p.get)
	}
	path, err := exec.LookPath(p.program)
	if err != nil {
		return nil, fmt.Errorf("not here (%s)", p.get)
	}
	if !p.service {
		return append(append([]string{path}, p.args...), command...), nil
	}
	folder, err := os.MkdirTemp(b.folder, "service-")
	if err != nil {
		return nil, err
	}
	script := "#!/bin/sh\nexec " + strings.Join(command, " ") + "\n"
	return []string{path, folder}, os.WriteFile(filepath.Join(folder, "run"), []byte(script), 0o700)
}

// A contender is a peer that is here and works.
type contender struct {
	name  string
	words []string
}

// contenders tries every peer once on the command and says which are left out. Peers that never end are not tried.
func (b *bench) contenders(peers []peer, try bool, command ...string) (here []contender) {
	for _, p := range peers {
		words, err := b.command(p, command...)
		if err == nil && try {
			err = check(words)
		}
		if err != nil {
			fmt.Printf("left out: %s: %v\n", p.name, err)
			continue
		}
		here = append(here, contender{p.name, words})
	}
	return here
}

func check(words []string) error {
	out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
	if err != nil {
		if first, _, _ := strings.Cut(string(out), "\n"); first != "" {
			return fmt.Errorf("%w: %s", err, first)
		}
		return err
	}
	return nil
}
