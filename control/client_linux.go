package control

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Client asks a relance. Each call is a connection of its own.
type Client struct{ path string }

// NewClient returns one for the socket at path.
func NewClient(path string) *Client { return &Client{path} }

const (
	// clientTime bounds how long an answer may take: more than the server gives itself.
	clientTime = 20 * time.Second
	// maxAnswer bounds an answer.
	maxAnswer = 16 << 20
)

// AskError is an answer that is none, or why there was no answer.
type AskError struct {
	Msg, Cure string
	// Busy says that it is there, and may have an answer later.
	Busy bool
}

func (e *AskError) Error() string { return e.Msg }

// Status returns a status.Status as JSON, and Processes what the type of that name holds.
func (c *Client) Status() ([]byte, error)    { return c.whole(http.MethodGet, "/v1/status") }
func (c *Client) Processes() ([]byte, error) { return c.whole(http.MethodGet, "/v1/ps") }

// Order asks for "restart" or "stop".
func (c *Client) Order(what string) (h Heard, err error) {
	body, err := c.whole(http.MethodPost, "/v1/"+what)
	if err == nil {
		err = decode(body, &h)
	}
	return h, err
}

// Events returns the lines of the events after number since, of all that are kept where
// since is zero; follow: and of those to come. It is for the caller to close.
func (c *Client) Events(since uint64, follow bool) (io.ReadCloser, error) {
	query := url.Values{}
	if since > 0 {
		query.Set("since", fmt.Sprint(since))
	}
	if follow {
		query.Set("follow", "1")
	}
	target := "/v1/events"
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	response, conn, err := c.send(http.MethodGet, target)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Time{})
	return stream{response.Body, conn}, nil
}

// stream is an answer without end.
type stream struct {
	io.Reader
	io.Closer
}

// whole returns an answer that has an end: JSON in one line, which can be shown on a
// terminal, whoever has written it. For what its strings mean there is CleanJSON.
func (c *Client) whole(method, target string) ([]byte, error) {
	response, conn, err := c.send(method, target)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, broken(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, body); err != nil {
		return nil, &AskError{Msg: "its answer cannot be read: " + err.Error(), Cure: "is this the control socket of a relance?"}
	}
	return []byte(Clean(compact.String())), nil
}

// send asks, and returns the beginning of the answer.
func (c *Client) send(method, target string) (*http.Response, *net.UnixConn, error) {
	conn, err := dial(c.path)
	if err != nil {
		return nil, nil, c.unreached(err)
	}
	_ = conn.SetDeadline(time.Now().Add(clientTime))
	_, err = io.WriteString(conn, method+" "+target+" HTTP/1.1\r\nHost: relance\r\nUser-Agent: relance\r\n\r\n")
	// Who refuses does not read it all, and what it says counts.
	response, answerErr := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if answerErr != nil {
		conn.Close()
		return nil, nil, broken(errors.Join(err, answerErr))
	}
	if response.StatusCode >= 300 {
		defer conn.Close()
		return nil, nil, complaint(response)
	}
	return response, conn, nil
}

// dial connects, and waits for a bounded time where many others do. Package net does not
// wait: its sockets do not block, and then a queue that is full is an error (EAGAIN of
// connect(2)).
func dial(path string) (*net.UnixConn, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	most := unix.NsecToTimeval(int64(clientTime))
	if err = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &most); err == nil {
		err = unix.EINTR
	}
	for err == unix.EINTR {
		err = unix.Connect(fd, &unix.SockaddrUnix{Name: path})
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close()
	if err != nil {
		return nil, err
	}
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, err
	}
	return conn.(*net.UnixConn), nil
}

// complaint reads an answer that is none.
func complaint(response *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxHeader))
	var said Complaint
	if json.Unmarshal(body, &said) != nil || said.Msg == "" {
		return &AskError{Msg: "it answers " + Clean(response.Status), Cure: "is this the control socket of a relance?"}
	}
	return &AskError{Msg: Clean(said.Msg), Cure: Clean(said.Cure), Busy: response.StatusCode == http.StatusServiceUnavailable}
}

func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return &AskError{Msg: "its answer cannot be read: " + err.Error(), Cure: "is this the control socket of a relance?"}
	}
	return nil
}

func broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.EPIPE) {
		return &AskError{Msg: "the connection was closed before there was an answer", Cure: "it has ended, or has too many connections; try again"}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &AskError{Msg: "no answer within " + clientTime.String(), Cure: "is it stopped (SIGSTOP)? Signals reach it in any case", Busy: true}
	}
	return &AskError{Msg: err.Error()}
}

// unreached says why nobody could be asked.
func (c *Client) unreached(err error) error {
	e := &AskError{Msg: "connect " + Clean(c.path) + ": " + err.Error()}
	var errno unix.Errno
	if errors.As(err, &errno) {
		e.Msg = "connect " + Clean(c.path) + ": " + errno.Error()
	}
	switch {
	case errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ENOENT):
		e.Cure = "it has ended; relance status tells which ones run"
	case errors.Is(err, unix.EAGAIN):
		e.Cure, e.Busy = "too many others are connected to it; try again", true
	case errors.Is(err, unix.EACCES):
		e.Cure = "ask as the user that relance runs as, or as root"
	}
	return e
}

// PID is that of the relance at the socket, as the kernel has it; zero: it cannot be seen
// from here.
func (c *Client) PID() int {
	conn, err := dial(c.path)
	if err != nil {
		return 0
	}
	defer conn.Close()
	peer, err := credentials(conn)
	if err != nil {
		return 0
	}
	return int(peer.Pid)
}
