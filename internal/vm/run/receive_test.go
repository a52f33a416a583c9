package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"relance/internal/vm/wire"
)

// answered returns the stream a guest would send, its tar stream cut in small
// frames between output.
func answered(t *testing.T, entries map[string]string, status string) *bytes.Buffer {
	t.Helper()
	var files, out bytes.Buffer
	w := tar.NewWriter(&files)
	for name, content := range entries {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o640, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	send := func(kind wire.Kind, payload []byte) {
		if err := wire.WriteFrame(&out, kind, payload); err != nil {
			t.Fatal(err)
		}
	}
	send(wire.Stdout, []byte("o1"))
	send(wire.Stderr, []byte("e1"))
	for files.Len() > 0 {
		send(wire.Files, files.Next(100))
	}
	send(wire.Stdout, []byte("o2"))
	if status != "" {
		send(wire.Ended, []byte(status))
	}
	return &out
}

func TestReceive(t *testing.T) {
	dir := t.TempDir()
	backs := []back{{host: filepath.Join(dir, "file"), asked: true}, {host: filepath.Join(dir, "folder")}}
	if err := os.Mkdir(backs[1].host, 0o755); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	in := answered(t, map[string]string{"0": "one", "1/two": strings.Repeat("2", 1000)}, `{"Exit":7}`)
	status, err := receive(in, backs, &stdout, &stderr)
	if err != nil || status != (wire.Status{Exit: 7}) {
		t.Fatalf("%+v, %v", status, err)
	}
	if stdout.String() != "o1o2" || stderr.String() != "e1" {
		t.Errorf("stdout %q, stderr %q", &stdout, &stderr)
	}
	for name, want := range map[string]int{"file": 3, "folder/two": 1000} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || len(got) != want {
			t.Errorf("%s: %d bytes, %v; want %d", name, len(got), err, want)
		}
	}
}

func TestReceiveRefuses(t *testing.T) {
	asked := []back{{guest: "/run/x", host: filepath.Join(t.TempDir(), "x"), asked: true}}
	for name, c := range map[string]struct {
		entries map[string]string
		status  string
		want    string
	}{
		"no status":         {map[string]string{"0": "x"}, "", errNoStatus.Error()},
		"nothing came":      {nil, `{}`, "/run/x is not there"},
		"outside":           {map[string]string{"0/../../x": "x"}, `{}`, "belongs to nothing"},
		"not asked for":     {map[string]string{"1": "x"}, `{}`, "belongs to nothing"},
		"a strange message": {map[string]string{"0": "x"}, `[]`, "cannot unmarshal"},
	} {
		_, err := receive(answered(t, c.entries, c.status), asked, new(bytes.Buffer), new(bytes.Buffer))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if c.status == "" && !errors.Is(err, errNoStatus) {
			t.Errorf("%s: %v is not errNoStatus", name, err)
		}
	}
}
