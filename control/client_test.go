package control

import (
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// TestClientHostile: what is at the other end need not be a relance, and may mean harm to
// who asks, root for instance.
func TestClientHostile(t *testing.T) {
	for _, c := range []struct{ answer, want string }{
		{"", "the connection was closed before there was an answer"},
		{"hello\r\n", "malformed HTTP"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnot", "its answer cannot be read"},
		{"HTTP/1.1 200 OK\r\n\r\n\"\x1b[2J\"", "its answer cannot be read"}, // no JSON
		{"HTTP/1.1 200 OK\r\n\r\n\"" + strings.Repeat("x", maxAnswer) + "\"", "its answer cannot be read"},
		{"HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n", "it answers 301 Moved"},
		{"HTTP/1.1 500 \x1b[2J\r\n\r\n", "it answers 500 \ufffd[2J"},
		{"HTTP/1.1 403 No\r\n\r\n{\"error\":\"\\u001b[2Jno\",\"cure\":\"\\n\"}", "\ufffd[2Jno"},
	} {
		path := filepath.Join(t.TempDir(), "x.sock")
		listener, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			_, _ = conn.Read(make([]byte, maxHeader))
			_, _ = io.WriteString(conn, c.answer)
		}()
		_, err = NewClient(path).Status()
		var said *AskError
		if !errors.As(err, &said) || !strings.Contains(said.Msg, c.want) || Clean(said.Msg+said.Cure) != said.Msg+said.Cure {
			t.Errorf("%.50q: %+v, want %q", c.answer, err, c.want)
		}
		listener.Close()
		if _, err = NewClient(path).Status(); !errors.As(err, &said) || said.Cure == "" {
			t.Errorf("nobody: %v", err)
		}
	}
}
