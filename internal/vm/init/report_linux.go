package main

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/vm/wire"
)

// answer writes frames to the port. The lock keeps them whole: standard output
// and standard error are copied at the same time.
type answer struct {
	mu   sync.Mutex
	port io.Writer
}

func (a *answer) send(kind wire.Kind, payload []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return wire.WriteFrame(a.port, kind, payload)
}

// framed is a stream inside the answer.
type framed struct {
	to   *answer
	kind wire.Kind
}

func (f framed) Write(p []byte) (int, error) {
	if err := f.to.send(f.kind, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// report runs the test binary, and sends its output, its files and its status.
// It returns only when that went wrong.
func report(cfg wire.Config) error {
	port, err := openPort(wire.ResultPort)
	if err != nil {
		return err
	}
	defer port.Close()
	out := &answer{port: port}
	status, err := runBinary(cfg, out)
	if err != nil {
		status.Problem = err.Error()
	}
	if err := sendFiles(cfg.Back, framed{out, wire.Files}); err != nil && status.Problem == "" {
		status.Problem = fmt.Sprintf("bring back files: %v", err)
	}
	payload, err := json.Marshal(status)
	if err != nil {
		return err
	}
	if err := out.send(wire.Ended, payload); err != nil {
		return fmt.Errorf("send status: %w", err)
	}
	// Nothing is ever sent: the machine ends while this waits (see wire.Status).
	_, err = port.Read(make([]byte, 1))
	return fmt.Errorf("wait for the host to end the machine: %w", err)
}

// runBinary runs the test binary to its end, with pipes as go test gives it.
func runBinary(cfg wire.Config, out *answer) (wire.Status, error) {
	stdout, err := newStream(framed{out, wire.Stdout})
	if err != nil {
		return wire.Status{}, err
	}
	stderr, err := newStream(framed{out, wire.Stderr})
	if err != nil {
		return wire.Status{}, err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return wire.Status{}, err
	}
	p, err := os.StartProcess(cfg.Args[0], cfg.Args, &os.ProcAttr{
		Dir: cfg.Dir, Env: cfg.Env, Files: []*os.File{null, stdout.w, stderr.w},
	})
	if err != nil {
		return wire.Status{}, err
	}
	stdout.start()
	stderr.start()
	status, err := reapUntil(p.Pid)
	return status, errors.Join(err, stdout.finish(), stderr.finish())
}

// reapUntil reaps every child, ours and orphans, until pid has ended.
func reapUntil(pid int) (wire.Status, error) {
	for {
		var ws unix.WaitStatus
		got, err := unix.Wait4(-1, &ws, 0, nil)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return wire.Status{}, fmt.Errorf("wait for pid %d: %w", pid, err)
		case got == pid && ws.Signaled():
			return wire.Status{Signal: int(ws.Signal())}, nil
		case got == pid:
			return wire.Status{Exit: ws.ExitStatus()}, nil
		}
	}
}

// stream copies a pipe to the host while the test binary runs.
type stream struct {
	r, w *os.File
	to   io.Writer
	done chan error
}

func newStream(to io.Writer) (*stream, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &stream{r: r, w: w, to: to, done: make(chan error, 1)}, nil
}

func (s *stream) start() {
	s.w.Close()
	go func() {
		_, err := io.Copy(s.to, s.r)
		s.done <- err
	}()
}

// finish is called when the test binary has ended. All that it wrote is in the
// pipe by now; what its orphans write later is not waited for, or one that
// keeps the pipe open would hold the machine for ever.
func (s *stream) finish() error {
	if err := s.r.SetReadDeadline(time.Now()); err != nil {
		return err
	}
	if err := <-s.done; err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	raw, err := s.r.SyscallConn()
	if err != nil {
		return err
	}
	return errors.Join(raw.Control(func(fd uintptr) { err = s.drain(int(fd)) }), err)
}

// drain sends what is in the pipe now.
func (s *stream) drain(fd int) error {
	left, err := unix.IoctlGetInt(fd, unix.TIOCINQ) // FIONREAD
	if err != nil {
		return fmt.Errorf("size pipe: %w", err)
	}
	buf := make([]byte, left)
	for read := 0; read < left; {
		n, err := unix.Read(fd, buf[read:])
		if n <= 0 {
			return fmt.Errorf("drain pipe at %d of %d bytes: %v", read, left, err)
		}
		read += n
	}
	_, err = s.to.Write(buf)
	return err
}

// sendFiles sends the files and folders as one tar stream; entry "2/a/b" is the
// file a/b of the third. One that is not there is left out: a test that fails
// early may not have come to write it, and the host names what is missing.
func sendFiles(paths []string, to io.Writer) error {
	if len(paths) == 0 {
		return nil
	}
	w := tar.NewWriter(to)
	for i, root := range paths {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !(d.IsDir() || d.Type().IsRegular()) {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			return addFile(w, path, filepath.Join(strconv.Itoa(i), rel))
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return w.Close()
}

func addFile(w *tar.Writer, path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	head, err := tar.FileInfoHeader(info, "")
	if err != nil {
		return err
	}
	head.Name = name
	if err := w.WriteHeader(head); err != nil || info.IsDir() {
		return err
	}
	// LimitReader: a process that still runs may make the file grow, and the
	// header has promised a size.
	_, err = io.Copy(w, io.LimitReader(f, head.Size))
	return err
}
