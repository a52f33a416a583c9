package control

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/await"
	"relance/internal/need"
	"relance/report"
)

func TestOrders(t *testing.T) {
	s := newScene(t)
	for what, kind := range map[string]Kind{"restart": Restart, "stop": Stop} {
		heard, err := NewClient(s.server.path).Order(what)
		a := <-s.asked
		if err != nil || a.Kind != kind || heard.By != a.By || heard.PID != os.Getpid() {
			t.Errorf("%s: %+v, %v, asked %+v", what, heard, err, a)
		}
		if want := "control: uid " + itoa(os.Getuid()) + ", pid " + itoa(os.Getpid()) + " (control.test)"; a.By != want {
			t.Errorf("by %q, want %q", a.By, want)
		}
	}
	response, body := s.say("GET /v1/stop HTTP/1.1\r\nHost: x\r\n\r\n")
	if response.StatusCode != http.StatusMethodNotAllowed || response.Header.Get("Allow") != "POST" || len(s.asked) > 0 {
		t.Errorf("%+v %s", response, body)
	}
}

func TestSocketFile(t *testing.T) {
	s := newScene(t)
	info, err := os.Stat(s.server.path)
	if err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	// Who has it is named to others (internal/clitest), and never as who asks himself.
	if _, err := OpenAt(s.server.path, "x", new(Ring)); !errors.Is(err, unix.EADDRINUSE) || strings.Contains(err.Error(), "pid ") {
		t.Errorf("a second one: %v", err)
	}
	s.wantAnswer() // the first is still there
	s.server.Close()
	if _, err := os.Lstat(s.server.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after the end: %v", err)
	}
}

// strangerWord makes a client of the test binary, which ends with the status of the
// answer, 1 if it could not connect.
const strangerWord = "stranger"

func stranger(path string) int {
	c, err := dial(path)
	if err != nil {
		return 1
	}
	_, _ = io.WriteString(c, "POST /v1/stop HTTP/1.1\r\nHost: x\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 2
	}
	return response.StatusCode - 300 // an exit status has one byte
}

// TestStranger: another user does not get to the socket, and where the mode of the file
// would let it, is refused by who it is. Control: root may.
func TestStranger(t *testing.T) {
	need.Root(t, "to be another user")
	s := newScene(t)
	folder := filepath.Dir(s.server.path)
	for at := folder; at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// The test binary is where another user may not go.
	binary := filepath.Join(folder, "stranger.test")
	text, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(binary, text, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	try := func(uid uint32) int {
		cmd := exec.Command(binary, strangerWord, s.server.path)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode()
	}
	if got := try(65534); got != 1 {
		t.Errorf("by the mode: %d", got)
	}
	if err := os.Chmod(s.server.path, 0o666); err != nil {
		t.Fatal(err)
	}
	if got := try(65534); got != http.StatusForbidden-300 {
		t.Errorf("by who it is: %d", got)
	}
	if len(s.asked) > 0 {
		t.Errorf("asked %+v", <-s.asked)
	}
	if got := try(0); got != (http.StatusAccepted-300)&0xff {
		t.Errorf("root: %d", got)
	}
}

// TestFollow: events come as they are told, and the last ones at the end.
func TestFollow(t *testing.T) {
	s := newScene(t)
	s.stream.Tell(report.Event{Msg: "one"})
	s.stream.Tell(report.Event{Msg: "two"})
	stream, err := NewClient(s.server.path).Events(1, true)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	lines := bufio.NewScanner(stream)
	next := func() (e report.Event) {
		t.Helper()
		if !lines.Scan() {
			t.Fatal(lines.Err())
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		return e
	}
	if e := next(); e.Msg != "two" || e.Seq != 2 {
		t.Errorf("%+v", e)
	}
	s.stream.Tell(report.Event{Msg: "three"})
	if e := next(); e.Msg != "three" {
		t.Errorf("%+v", e)
	}
	s.stream.Tell(report.Event{Msg: "last"})
	s.server.Close()
	if e := next(); e.Msg != "last" {
		t.Errorf("%+v", e)
	}
	if lines.Scan() {
		t.Errorf("after the end: %s", lines.Text())
	}
}

// TestFollowerGone: who follows and goes frees its place, though nothing happens.
func TestFollowerGone(t *testing.T) {
	s := newScene(t)
	stream, err := NewClient(s.server.path).Events(0, true)
	if err != nil {
		t.Fatal(err)
	}
	await.Until(t, "it is served", func() bool { return goroutines() == 1 })
	stream.Close()
	await.Until(t, "nobody is served", func() bool { return goroutines() == 0 })
}

// TestFollowerStalls: who does not read loses events and is told how many; nobody else
// waits for it.
func TestFollowerStalls(t *testing.T) {
	s := newScene(t)
	stream, err := NewClient(s.server.path).Events(0, true)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	const n = 20000
	for range n {
		s.stream.Tell(report.Event{Msg: strings.Repeat("x", 1000)})
	}
	s.wantAnswer()
	s.stream.Tell(report.Event{Msg: "last"})
	read, missing := 0, false
	lines := bufio.NewScanner(stream)
	for lines.Scan() {
		var e report.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if e.Msg == "last" {
			break
		}
		if strings.Contains(e.Msg, "missing here: nobody read fast enough") {
			missing = true
			continue
		}
		read++
	}
	if last := 1; !missing || read+last < kept || read == n {
		t.Errorf("%d read, told of missing ones: %v, %v", read, missing, lines.Err())
	}
}

// TestEndDoesNotWaitForEver: who follows and does not read may keep the end waiting for a
// bounded time.
func TestEndDoesNotWaitForEver(t *testing.T) {
	s := newScene(t)
	s.server.endWait = endWait
	stream, err := NewClient(s.server.path).Events(0, true)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	await.Until(t, "a write that waits", func() bool {
		s.stream.Tell(report.Event{Msg: strings.Repeat("x", 10000)})
		return strings.Contains(stacks(), "waitWrite(")
	})
	s.server.Close()
}
