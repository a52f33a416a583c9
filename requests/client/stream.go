// Package client is for programs in Go that run under relance: it tells what they
// serve, so that they are recycled between two requests and not in the midst of one.
// docs/protocol.md describes what it speaks.
//
// A program that is run without relance need not know: where RELANCE_SOCKET and
// NOTIFY_SOCKET are not set, all of it does nothing, and succeeds.
package client

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// patience is how long relance is waited for where it must answer.
const patience = 5 * time.Second

const (
	// maxID bounds the name of a request.
	maxID = 64
	// MaxCount is how many requests may be counted at once.
	MaxCount = 1_000_000_000
)

// What is said of an id, and of a number of requests, that relance does not take.
var (
	ErrID    = fmt.Errorf("an id is 1 to %d printable ASCII characters without a space", maxID)
	ErrCount = fmt.Errorf("not a number from 0 to %d", MaxCount)
)

// Conn is a connection to relance. One is enough for a process, and all its
// goroutines may use it at once; a forked worker should have its own. What is in
// flight on it ends when it is closed, also by the death of the process.
type Conn struct {
	conn     *net.UnixConn // nil: there is no relance
	draining chan struct{}
	ended    chan struct{}
	left     atomic.Int64
	fault    atomic.Pointer[string]
}

// Connect connects to relance. An error says that RELANCE_SOCKET is set, but that
// nobody there speaks as we do.
func Connect() (*Conn, error) {
	c := &Conn{draining: make(chan struct{}), ended: make(chan struct{})}
	c.left.Store(-1)
	address := os.Getenv("RELANCE_SOCKET")
	if address == "" {
		return c, nil
	}
	var err error
	if c.conn, err = net.DialUnix("unix", nil, &net.UnixAddr{Name: address, Net: "unix"}); err != nil {
		return nil, fmt.Errorf("connect to RELANCE_SOCKET: %w", err)
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	lines := bufio.NewScanner(c.conn)
	if !lines.Scan() || lines.Text() != "relance 1" {
		c.conn.Close()
		return nil, fmt.Errorf("connect to RELANCE_SOCKET: relance says %q; version 1 is spoken here, and it listens only to what it has started", lines.Text())
	}
	_ = c.conn.SetReadDeadline(time.Time{})
	go c.read(lines)
	return c, nil
}

// read takes the replies, so that relance never has to wait for us.
func (c *Conn) read(lines *bufio.Scanner) {
	defer close(c.ended)
	for drained := false; lines.Scan(); {
		switch word, rest, _ := strings.Cut(lines.Text(), " "); word {
		case "drain":
			if !drained {
				drained = true
				close(c.draining)
			}
		case "ok":
			left, err := strconv.ParseInt(rest, 10, 64)
			if err != nil {
				left = -1
			}
			c.left.Store(left)
		case "error":
			c.fault.Store(&rest)
		}
	}
}

// Begin says that a request has begun. With an id, relance knows one from another:
// up to 64 printable ASCII characters without a space; "" is a request without one.
// It does not wait for relance. An error says that relance has not heard it.
func (c *Conn) Begin(id string) error { return c.mark("begin", id) }

// End says that a request that was begun has ended, and counts it.
func (c *Conn) End(id string) error { return c.mark("end", id) }

// Count counts n requests of which nothing else was said.
func (c *Conn) Count(n int) error {
	if n < 0 || n > MaxCount {
		return fmt.Errorf("count %d requests: %w", n, ErrCount)
	}
	return c.say("count " + strconv.Itoa(n) + "\n")
}

// Hold asks relance to wait for Close, once a stop is due and has been told
// (Draining), as it waits for requests: for what is on its way, and for connections
// that were taken and have not said anything yet. --drain-timeout bounds it.
func (c *Conn) Hold() error { return c.say("hold\n") }

func (c *Conn) mark(word, id string) error {
	if id == "" {
		return c.say(word + "\n")
	}
	if !IsID(id) {
		return fmt.Errorf("%s request %q: %w", word, id, ErrID)
	}
	return c.say(word + " " + id + "\n")
}

func (c *Conn) say(line string) error {
	if c.conn == nil {
		return nil
	}
	if _, err := c.conn.Write([]byte(line)); err != nil {
		return fmt.Errorf("tell relance: %w", err)
	}
	return nil
}

// Left is how many requests may still be served before the recycle, as of the last
// reply; ok is false where nobody counts.
func (c *Conn) Left() (n int64, ok bool) {
	n = c.left.Load()
	return max(n, 0), n >= 0
}

// Draining is closed when a stop is due: the program should take no new requests,
// and finish those that it has. Where there is no relance it stays open.
func (c *Conn) Draining() <-chan struct{} { return c.draining }

// Err is what relance has found wrong last with what it was told, nil: nothing. It
// has not counted it.
func (c *Conn) Err() error {
	if text := c.fault.Load(); text != nil {
		return errors.New(*text)
	}
	return nil
}

// Close says nothing more, and waits, for 5 s at most, until relance has heard all.
func (c *Conn) Close() error {
	if c.conn == nil {
		return nil
	}
	defer c.conn.Close()
	if err := c.conn.CloseWrite(); err != nil {
		return fmt.Errorf("tell relance: %w", err)
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	<-c.ended
	return nil
}

// IsID reports whether s may be the name of a request.
func IsID(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return len(s) > 0 && len(s) <= maxID
}
