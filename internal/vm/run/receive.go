package main

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"relance/internal/vm/wire"
)

// errNoStatus is the answer of a machine that died before it could give one.
var errNoStatus = errors.New("the machine ended without a status")

// errFiles leaves the status good.
var errFiles = errors.New("bring back files")

// receive reads the answer of the guest to its end.
func receive(conn io.Reader, backs []back, stdout, stderr io.Writer) (wire.Status, error) {
	tarR, tarW := io.Pipe()
	extracted := make(chan error, 1)
	go func() {
		err := extract(tarR, backs)
		// The rest of the stream, or all of it after an error: the writer below
		// must not block, for the status comes behind.
		io.Copy(io.Discard, tarR)
		extracted <- err
	}()
	status, err := readFrames(conn, map[wire.Kind]io.Writer{
		wire.Stdout: stdout, wire.Stderr: stderr, wire.Files: tarW,
	})
	tarW.Close()
	if filesErr := <-extracted; err == nil && filesErr != nil {
		err = fmt.Errorf("%w: %w", errFiles, filesErr)
	}
	return status, err
}

// readFrames hands each frame to its writer until the status comes.
func readFrames(r io.Reader, to map[wire.Kind]io.Writer) (wire.Status, error) {
	for {
		kind, payload, err := wire.ReadFrame(r)
		if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
			return wire.Status{}, errNoStatus
		}
		if err != nil {
			return wire.Status{}, err
		}
		if kind == wire.Ended {
			var s wire.Status
			err := json.Unmarshal(payload, &s)
			return s, err
		}
		w, ok := to[kind]
		if !ok {
			return wire.Status{}, fmt.Errorf("read frame: kind %q is unknown", kind)
		}
		if _, err := w.Write(payload); err != nil {
			return wire.Status{}, err
		}
	}
}

// extract writes what comes back to its places on the host, and names those
// that a person asked for and that did not come.
func extract(r io.Reader, backs []back) error {
	seen := make([]bool, len(backs))
	in := tar.NewReader(r)
	for {
		head, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		index, rel, _ := strings.Cut(path.Clean(head.Name), "/")
		i, err := strconv.Atoi(index)
		if err != nil || i < 0 || i >= len(backs) {
			return fmt.Errorf("entry %q belongs to nothing asked for", head.Name)
		}
		seen[i] = true
		if err := place(in, head, backs[i].host, rel); err != nil {
			return err
		}
	}
	for i, b := range backs {
		if b.asked && !seen[i] {
			return fmt.Errorf("%s is not there", b.guest)
		}
	}
	return nil
}

// place writes one entry to host, or below it. A name that leaves the folder
// is refused: tests may make strange files.
func place(content io.Reader, head *tar.Header, host, rel string) error {
	if rel == "" {
		if head.FileInfo().IsDir() {
			return os.MkdirAll(host, 0o755)
		}
		return write(content, host, head)
	}
	if !filepath.IsLocal(rel) {
		return fmt.Errorf("entry %q leaves its folder", head.Name)
	}
	name := filepath.Join(host, rel)
	if head.FileInfo().IsDir() {
		return os.MkdirAll(name, 0o755)
	}
	return write(content, name, head)
}

func write(content io.Reader, name string, head *tar.Header) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, head.FileInfo().Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}
