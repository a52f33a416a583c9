package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// unpacked is an entry as the kernel would see it.
type unpacked struct {
	mode    int64
	content string
}

// unpack reads an archive by the kernel's description of the format, not by our
// writer: a header of 13 fields of 8 digits, name and content padded to 4.
func unpack(t *testing.T, b []byte) map[string]unpacked {
	t.Helper()
	entries, inodes := map[string]unpacked{}, map[int64]bool{}
	for at := 0; ; {
		field := func(i int) int64 {
			n, err := strconv.ParseInt(string(b[at+6+8*i:at+14+8*i]), 16, 64)
			if err != nil {
				t.Fatalf("at %d: %v", at, err)
			}
			return n
		}
		if string(b[at:at+6]) != "070701" {
			t.Fatalf("at %d: no header: %q", at, b[at:at+6])
		}
		nameEnd := at + 110 + int(field(11))
		name := string(b[at+110 : nameEnd-1])
		start := (nameEnd + 3) &^ 3
		size := int(field(6))
		if name == "TRAILER!!!" {
			return entries
		}
		if _, twice := entries[name]; twice || inodes[field(0)] {
			t.Errorf("%s: name or inode %d comes twice", name, field(0))
		}
		entries[name], inodes[field(0)] = unpacked{field(1), string(b[start : start+size])}, true
		at = (start + size + 3) &^ 3
	}
}

func TestArchive(t *testing.T) {
	host := t.TempDir()
	if err := os.MkdirAll(filepath.Join(host, "tree", "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, perm := range map[string]fs.FileMode{"tree/sub/five": 0o755, "single": 0o600} {
		if err := os.WriteFile(filepath.Join(host, name), []byte("12345"), perm); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"tree/inner": "sub/five", "outer": "single"} {
		if err := os.Symlink(target, filepath.Join(host, name)); err != nil {
			t.Fatal(err)
		}
	}
	var buf bytes.Buffer
	a := newArchive(&buf)
	for _, err := range []error{
		a.dir("/proc"),
		a.bytes("/etc/hosts", 0o644, []byte("x")),
		a.tree(filepath.Join(host, "tree"), "/src/tree"),
		a.tree(filepath.Join(host, "outer"), "/src/outer"),
		a.link("/bin/sh", "busybox"),
		a.close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got := unpack(t, buf.Bytes())
	want := map[string]unpacked{
		"proc": {0o040755, ""}, "etc": {0o040755, ""}, "src": {0o040755, ""}, "bin": {0o040755, ""},
		"etc/hosts": {0o100644, "x"},
		"src/tree":  {0o040755, ""}, "src/tree/sub": {0o040755, ""},
		"src/tree/sub/five": {0o100755, "12345"},
		"src/tree/inner":    {0o120777, "sub/five"},
		// Named by the user, so followed.
		"src/outer": {0o100600, "12345"},
		"bin/sh":    {0o120777, "busybox"},
	}
	for name, w := range want {
		if got[name] != w {
			t.Errorf("%s: %o %q, want %o %q", name, got[name].mode, got[name].content, w.mode, w.content)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d entries, want %d: %v", len(got), len(want), got)
	}
}
