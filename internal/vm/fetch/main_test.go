package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"relance/internal/need"
	"relance/internal/vm/wire"
)

func TestImageOf(t *testing.T) {
	got, err := imageOf("linux-image-cloud-amd64\n  Depends: linux-image-6.1.0-56-cloud-amd64\n")
	if err != nil || got != "linux-image-6.1.0-56-cloud-amd64" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := imageOf("linux-image-cloud-amd64\n"); err == nil {
		t.Errorf("found %q where there is none", got)
	}
}

func TestComplete(t *testing.T) {
	dir := t.TempDir()
	for _, name := range wanted() {
		if complete(dir) {
			t.Fatalf("complete without %s", name)
		}
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !complete(dir) {
		t.Error("every file is there, and it is not complete")
	}
}

// A disk that another recipe made is not what tests count on.
func TestSystemComplete(t *testing.T) {
	dir := t.TempDir()
	for _, step := range []struct {
		name, content string
		complete      bool
	}{
		{wire.SystemImage, "", false},
		{recipeFile, "another", false},
		{recipeFile, recipe(), true},
	} {
		if err := os.WriteFile(filepath.Join(dir, step.name), []byte(step.content), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := systemComplete(dir); got != step.complete {
			t.Errorf("complete: %v after %s is %q", got, step.name, step.content)
		}
	}
}

// Files replace those of packages, and links to folders in / lead into usr.
func TestFillRoot(t *testing.T) {
	need.Root(t, "a disk with files of others")
	root := t.TempDir()
	if err := fillRoot(root, nil); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"bin": "usr/bin", "etc/systemd/system/getty.target": "/dev/null",
	} {
		if got, err := os.Readlink(filepath.Join(root, name)); err != nil || got != want {
			t.Errorf("%s leads to %q, want %q: %v", name, got, want, err)
		}
	}
	info, err := os.Stat(filepath.Join(root, "tmp"))
	if err != nil || info.Mode() != fs.ModeDir|fs.ModeSticky|0o777 {
		t.Errorf("tmp: %v, %v", info.Mode(), err)
	}
	if _, err := os.Stat(filepath.Join(root, "etc/passwd")); err != nil {
		t.Error(err)
	}
}

func TestTakeModules(t *testing.T) {
	root, into := t.TempDir(), t.TempDir()
	for _, name := range wanted() {
		if filepath.Ext(name) == ".ko" {
			if err := os.WriteFile(filepath.Join(root, name), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := takeModules(root, into); err != nil {
		t.Fatal(err)
	}
	if err := takeModules(root, into); err == nil {
		t.Error("modules that are gone were taken again")
	}
}
