package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const patience = time.Minute

// TestMain is the server itself, where it is started as such.
func TestMain(m *testing.M) {
	if os.Getenv("SLOWSERVER") == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

// running is a server that runs.
type running struct {
	*testing.T
	*exec.Cmd
	lines chan string
}

// start starts a server. files are its descriptors from 3 on; listen says that they
// are held sockets.
func start(t *testing.T, listen bool, files []*os.File, env []string, args ...string) *running {
	t.Helper()
	shell := `exec "$0" "$@"`
	if listen {
		shell = fmt.Sprintf("export LISTEN_FDS=%d LISTEN_PID=$$; ", len(files)) + shell
	}
	r := &running{t, exec.Command("sh", append([]string{"-c", shell, os.Args[0]}, args...)...), make(chan string, 16)}
	r.Env = append(append(os.Environ(), "SLOWSERVER=1"), env...)
	r.Stderr, r.ExtraFiles = os.Stderr, files
	out, err := r.StdoutPipe()
	if err == nil {
		err = r.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			r.lines <- scanner.Text()
		}
		close(r.lines)
	}()
	t.Cleanup(func() { _ = r.Process.Kill(); _ = r.Wait() })
	return r
}

// line waits for a line that begins with prefix, and returns the rest of it.
func (r *running) line(prefix string) string {
	r.Helper()
	select {
	case line := <-r.lines:
		rest, ok := strings.CutPrefix(line, prefix)
		if !ok {
			r.Fatalf("%q, want %q", line, prefix)
		}
		return rest
	case <-time.After(patience):
		r.Fatalf("no %q", prefix)
		return ""
	}
}

// leaves waits for the end, and wants this status.
func (r *running) leaves(status int) {
	r.Helper()
	for range r.lines {
		// Wait closes the pipe.
	}
	err := r.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) || r.ProcessState.ExitCode() != status {
		r.Errorf("%v, want status %d", r.ProcessState, status)
	}
}

// term asks it to leave, and waits until it accepts nobody.
func (r *running) term() {
	r.Helper()
	if err := r.Process.Signal(unix.SIGTERM); err != nil {
		r.Fatal(err)
	}
	r.line("draining")
}

// get asks on a connection, and returns the answer and whether it was the last one.
func get(t *testing.T, conn net.Conn, in *bufio.Reader, body string) (text string, last bool) {
	t.Helper()
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 {
		t.Fatal(response.Status, err)
	}
	return string(b), response.Close
}

const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

func dial(t *testing.T, address string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err == nil {
		err = conn.SetDeadline(time.Now().Add(patience))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, bufio.NewReader(conn)
}

func TestCrash(t *testing.T) {
	file := t.TempDir() + "/version"
	if err := os.WriteFile(file, []byte("crash\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-crash"}, {"-version-file", file}, {"-version-file", file + ".none"}} {
		start(t, false, nil, nil, append(args, "-start", "1h")...).leaves(1)
	}
	start(t, false, nil, nil).leaves(1) // has nothing to listen to, once it has started
}

// TestDrain: who is in the middle of a request is answered, who has a connection too,
// and nobody else gets one.
func TestDrain(t *testing.T) {
	r := start(t, false, nil, nil, "-addr", "127.0.0.1:0", "-linger", "1h", "-version", "blue")
	r.line("starting pid=")
	at := r.line("ready addr=")
	want := fmt.Sprintf("%d blue\n", r.Process.Pid)

	idle, idleIn := dial(t, at)
	busy, busyIn := dial(t, at)
	for _, c := range []struct {
		net.Conn
		*bufio.Reader
	}{{idle, idleIn}, {busy, busyIn}} {
		if text, last := get(t, c.Conn, c.Reader, request); text != want || last {
			t.Errorf("%q, the last one: %v", text, last)
		}
	}
	if _, err := io.WriteString(busy, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na"); err != nil {
		t.Fatal(err)
	}
	r.term()
	if conn, err := net.Dial("tcp", at); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("it accepts still: %v, %v", conn, err)
	}
	if text, last := get(t, busy, busyIn, "b"); text != want || !last {
		t.Errorf("%q, the last one: %v", text, last)
	}
	if text, last := get(t, idle, idleIn, request); text != want || !last {
		t.Errorf("%q, the last one: %v", text, last)
	}
	r.leaves(0)
}

// TestLinger: who asks for nothing is not waited for without end.
func TestLinger(t *testing.T) {
	r := start(t, false, nil, nil, "-addr", "127.0.0.1:0", "-linger", "0s")
	r.line("starting pid=")
	conn, in := dial(t, r.line("ready addr="))
	get(t, conn, in, request)
	r.term()
	r.leaves(0)
}

// TestHeld: who connects to a held socket while it starts is answered when it has
// started; it tells in each way that it is ready.
func TestHeld(t *testing.T) {
	dir := t.TempDir()
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: dir + "/notify", Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer notify.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	held, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := os.WriteFile(dir+"/version", []byte("green\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	conn, in := dial(t, l.Addr().String())
	r := start(t, true, []*os.File{held}, []string{"NOTIFY_SOCKET=" + dir + "/notify"},
		"-start", "50ms", "-work", "1ms", "-at-once", "1", "-version-file", dir+"/version", "-notify", "-ready-file", dir+"/ready")
	text, _ := get(t, conn, in, request)
	if want := fmt.Sprintf("%d green\n", r.Process.Pid); text != want {
		t.Errorf("%q, want %q", text, want)
	}
	var said [64]byte
	if err := notify.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if n, err := notify.Read(said[:]); string(said[:n]) != "READY=1" {
		t.Errorf("%q, %v", said[:n], err)
	}
	conn.Close()
	r.line("starting pid=")
	r.line("ready addr=" + l.Addr().String())
	r.term()
	r.leaves(0)
	if _, err := os.Stat(dir + "/ready"); err != nil {
		t.Error(err)
	}
}

// TestReadyFD: a line, and then the descriptor is closed.
func TestReadyFD(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	r := start(t, false, []*os.File{write}, nil, "-addr", "unix:"+t.TempDir()+"/s", "-ready-fd", "3")
	write.Close()
	if text, err := io.ReadAll(read); string(text) != "ready\n" {
		t.Errorf("%q, %v", text, err)
	}
	r.line("starting pid=")
	r.line("ready addr=")
	r.term()
	r.leaves(0)
}

// TestLeavesWhileStarting: nobody waits for a start that is not wanted any more.
func TestLeavesWhileStarting(t *testing.T) {
	r := start(t, false, nil, nil, "-addr", "127.0.0.1:0", "-start", "1h")
	r.line("starting pid=")
	if err := r.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	r.leaves(0)
}
