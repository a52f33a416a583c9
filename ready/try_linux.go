package ready

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// tryTime bounds a try, as Kubernetes has it (timeoutSeconds).
	tryTime = time.Second
	// restTime bounds how long the rest of an answer is taken: whoever writes it should
	// not see a connection that breaks, but the verdict is known.
	restTime = 100 * time.Millisecond
	// maxAnswer bounds what is read of an answer.
	maxAnswer = 64 << 10
)

// try looks once.
func (p *Prober) try(c *candidate) Result {
	var ready bool
	var why string
	switch p.spec.Kind {
	case TCP:
		ready, why = p.connects("tcp", c.target)
	case Unix:
		ready, why = p.connects("unix", c.target)
	case HTTP:
		ready, why = p.answers(c.page)
	case File:
		ready, why = p.appears(c.target, c.before)
	}
	return Result{Gen: c.gen, Ready: ready, Why: line(why)}
}

// dial connects to an address, by the deadline.
func dial(network, address string, by time.Time) (net.Conn, error) {
	// No connection lives long enough to be kept alive.
	dialer := net.Dialer{Deadline: by, KeepAlive: -1}
	conn, err := dialer.Dial(network, address)
	if err == nil {
		err = conn.SetDeadline(by)
	}
	return conn, err
}

// connects reports whether address accepts a connection. It is closed at once, by us:
// so it is our port that stays in TIME_WAIT, and not that of the server.
func (p *Prober) connects(network, address string) (ready bool, why string) {
	conn, err := dial(network, address, time.Now().Add(p.tryTime))
	if err != nil {
		return false, "connect " + address + ": " + p.cause(err)
	}
	conn.Close()
	return true, "connected to " + address
}

// answers reports whether a page is answered with a status from 200 to 399. Nothing is
// followed: a redirect is an answer. The connection is not said to be the last one
// ("Connection: close"), so that it is us who close it first, see connects.
func (p *Prober) answers(at page) (ready bool, why string) {
	by := time.Now().Add(p.tryTime)
	conn, err := dial(at.network, at.address, by)
	if err != nil {
		return false, "connect " + at.address + ": " + p.cause(err)
	}
	defer conn.Close()
	if at.tls {
		// The name in a certificate is seldom that by which one gets to it from here.
		secure := tls.Client(conn, &tls.Config{ServerName: at.url.Hostname(), InsecureSkipVerify: true})
		if err := secure.Handshake(); err != nil {
			return false, "TLS: " + p.cause(err)
		}
		conn = secure
	}
	status, err := get(conn, at, by)
	if err != nil {
		return false, "HTTP: " + p.cause(err)
	}
	return status >= 200 && status < 400, "HTTP " + strconv.Itoa(status)
}

// get asks for a page on a connection, and returns the status of the answer.
func get(conn net.Conn, p page, by time.Time) (status int, err error) {
	request := &http.Request{
		Method: http.MethodGet, URL: p.url, Host: p.url.Host, ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"User-Agent": {"relance"}, "Accept": {"*/*"}},
	}
	if err := request.Write(conn); err != nil {
		return 0, err
	}
	in := &io.LimitedReader{R: conn, N: maxAnswer}
	reader := bufio.NewReader(in)
	for {
		response, err := http.ReadResponse(reader, request)
		switch {
		case err != nil && in.N <= 0:
			return 0, fmt.Errorf("no answer in %d bytes", maxAnswer)
		case err != nil && !time.Now().Before(by):
			return 0, os.ErrDeadlineExceeded // it may find fault with half a line first
		case err != nil:
			return 0, err
		case response.StatusCode/100 == 1 && response.StatusCode != http.StatusSwitchingProtocols:
			continue // more follows (RFC 9110, 15.2)
		}
		if rest := time.Now().Add(restTime); rest.Before(by) {
			_ = conn.SetDeadline(rest)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		return response.StatusCode, nil
	}
}

// print is what is remembered of a file; the zero value is that of none. What is
// written, or takes its place, has another one: the kernel changes the last of the
// times at each change of the file, and nobody can set it back (inode(7)).
type print struct {
	dev, ino       uint64
	size           int64
	wrote, changed unix.Timespec
}

// look takes the print of a file, or of what a link leads to.
func look(path string) (print, error) {
	var st unix.Stat_t
	for {
		err := unix.Stat(path, &st)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return print{}, &os.PathError{Op: "stat", Path: path, Err: err}
		}
		return print{uint64(st.Dev), st.Ino, st.Size, st.Mtim, st.Ctim}, nil
	}
}

// appears reports whether a file is there, and not as it was before.
func (p *Prober) appears(path string, before print) (ready bool, why string) {
	now, err := look(path)
	switch {
	case err != nil:
		return false, "file " + path + ": " + p.cause(err)
	case now == before:
		return false, "file " + path + ": not written since the start"
	}
	return true, "file " + path + " was written"
}

// cause is the innermost of what went wrong: what was done is said already.
func (p *Prober) cause(err error) string {
	var timeout net.Error
	var errno unix.Errno
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer within " + p.tryTime.String()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed without an answer"
	case errors.As(err, &errno):
		return errno.Error()
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return strings.TrimPrefix(err.Error(), "tls: ")
}
