package main

import (
	"os"
	"path/filepath"
	"testing"
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
