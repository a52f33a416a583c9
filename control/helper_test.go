package control

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"relance/internal/await"
	"relance/report"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == strangerWord {
		os.Exit(stranger(os.Args[2]))
	}
	os.Exit(m.Run())
}

// scene is a server with a loop that answers at once, and counts what it is asked.
type scene struct {
	t      *testing.T
	server *Server
	stream report.Stream
	ring   *Ring
	asked  chan Ask // all, after their answer
	over   chan struct{}
}

func newScene(t *testing.T) *scene {
	s := &scene{t: t, ring: new(Ring), asked: make(chan Ask, 100000), over: make(chan struct{})}
	s.stream.Add(s.ring)
	var err error
	if s.server, err = OpenAt(filepath.Join(t.TempDir(), "x.sock"), "x", s.ring); err != nil {
		t.Fatal(err)
	}
	s.server.endWait = await.Patience // a busy machine is no fault
	go s.server.Run()
	go func() {
		for {
			select {
			case a := <-s.server.Asks():
				a.Answer(Answer{Status: text(`{"schema":1}`)})
				s.asked <- a
			case <-s.over:
				return
			}
		}
	}()
	t.Cleanup(func() {
		select {
		case <-s.server.ending:
		default:
			s.server.Close()
		}
		close(s.over)
	})
	return s
}

// text is a Status that says what it is.
type text string

func (t text) JSON() string { return string(t) }

func (s *scene) dial() net.Conn {
	s.t.Helper()
	c, err := dial(s.server.path)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(await.Patience))
	s.t.Cleanup(func() { c.Close() })
	return c
}

// say sends text and returns all of the answer.
func (s *scene) say(text string) (*http.Response, string) {
	s.t.Helper()
	c := s.dial()
	if _, err := io.WriteString(c, text); err != nil {
		s.t.Fatal(err)
	}
	return s.answer(c)
}

func (s *scene) answer(c net.Conn) (*http.Response, string) {
	s.t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response, string(body)
}

// wantAnswer says that somebody who asks gets an answer.
func (s *scene) wantAnswer() {
	s.t.Helper()
	got, err := NewClient(s.server.path).Status()
	if err != nil || string(got) != `{"schema":1}` {
		s.t.Fatalf("%q, %v", got, err)
	}
}

// goroutines counts those of this room that are of connections.
func goroutines() int { return strings.Count(stacks(), "(*Server).serve(") }

// stacks are those of all goroutines.
func stacks() string {
	text := make([]byte, 1<<20)
	return string(text[:runtime.Stack(text, true)])
}

func itoa(n int) string { return strconv.Itoa(n) }
