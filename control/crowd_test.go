package control

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/await"
	"relance/internal/need"
	"relance/report"
)

// wantFew says that no more are served at once than there is room for: the others, which say
// nothing, had to go without an answer, and what served them ends.
func wantFew(t *testing.T, others []net.Conn) {
	t.Helper()
	for i, c := range others {
		if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
			t.Fatalf("connection %d has an answer: %d, %v", i, n, err)
		}
	}
	await.Until(t, "as many goroutines as there is room for", func() bool { return goroutines() <= maxConns })
}

// TestSlow: who sends nothing, or half a request, makes room for those who ask; and who
// asks is never made to.
func TestSlow(t *testing.T) {
	s := newScene(t)
	var idle []net.Conn
	for range 2 * maxConns {
		c := s.dial()
		if _, err := io.WriteString(c, "GET /v1/sta"); err != nil {
			t.Fatal(err)
		}
		idle = append(idle, c)
	}
	s.wantAnswer()
	wantFew(t, idle[:maxConns])
}

// TestTooSlow: who sends only a part is told so.
func TestTooSlow(t *testing.T) {
	t.Parallel() // it waits for its time to be over
	s := newScene(t)
	c := s.dial()
	if _, err := io.WriteString(c, "GET /v1/status HTTP/1.1\r\n"); err != nil {
		t.Fatal(err)
	}
	if response, body := s.answer(c); response.StatusCode != http.StatusRequestTimeout || !strings.Contains(body, "within 5s") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

// TestFull: where all who are served have asked for something, the next is told so.
func TestFull(t *testing.T) {
	s, err := OpenAt(filepath.Join(t.TempDir(), "x.sock"), "x", new(Ring))
	if err != nil {
		t.Fatal(err)
	}
	go s.Run()
	defer s.Close()
	for range maxConns { // and no loop answers them
		c, err := dial(s.path)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	await.Until(t, "all have asked", func() bool {
		for i := range s.conns {
			if c := s.conns[i].Load(); c == nil || !c.heard.Load() {
				return false
			}
		}
		return true
	})
	_, err = NewClient(s.path).Status()
	var refused *AskError
	if !errors.As(err, &refused) || refused.Msg != "16 others are being served" || refused.Cure == "" {
		t.Errorf("one too many: %v", err)
	}
}

// TestManyFollow: so many follow, and the next one is told so; who asks has room still.
func TestManyFollow(t *testing.T) {
	s := newScene(t)
	s.stream.Tell(report.Event{Msg: "first"})
	for range maxFollowers {
		stream, err := NewClient(s.server.path).Events(0, true)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		if line, err := bufio.NewReader(stream).ReadString('\n'); err != nil || !strings.Contains(line, "first") {
			t.Fatalf("%q, %v", line, err)
		}
	}
	_, err := NewClient(s.server.path).Events(0, true)
	var refused *AskError
	if !errors.As(err, &refused) || !strings.Contains(refused.Msg, "8 others follow") || refused.Cure == "" {
		t.Errorf("one too many: %v", err)
	}
	s.wantAnswer()
}

// TestCrowd: 10,000 connections at once, which say nothing; who asks is answered.
func TestCrowd(t *testing.T) {
	const n, others = 10000, 200 // who waits in the queue of the socket has none on our side
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Max < n+maxConns+others {
		need.Lack(t, "no room for so many descriptors: %d, %v; raise ulimit -Hn", limit.Max, err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit.Max, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	s := newScene(t)
	var idle []net.Conn
	for range n {
		idle = append(idle, s.dial())
	}
	s.wantAnswer()
	wantFew(t, idle[:n-maxConns])
}

// TestBusy: a loop that does not answer keeps nobody for ever, and what it has not taken
// by then it never gets.
func TestBusy(t *testing.T) {
	t.Parallel() // it waits for its time to be over
	s, err := OpenAt(filepath.Join(t.TempDir(), "x.sock"), "x", new(Ring))
	if err != nil {
		t.Fatal(err)
	}
	go s.Run()
	defer s.Close()
	_, err = NewClient(s.path).Order("stop")
	var refused *AskError
	if !errors.As(err, &refused) || !strings.Contains(refused.Msg, "busy") || refused.Cure != "try again" {
		t.Errorf("%v", err)
	}
	select {
	case a := <-s.Asks():
		t.Errorf("it gets %+v after all", a)
	default:
	}
}
