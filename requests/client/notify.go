package client

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// What is said by Notify as it stands, see sd_notify(3).
const (
	// Ready: the program is up, or has reloaded.
	Ready = "READY=1"
	// Reloading: it reads its configuration anew, and will say Ready.
	Reloading = "RELOADING=1"
	// Stopping: it has begun to leave.
	Stopping = "STOPPING=1"
	// Alive is a sign of life, Unwell the contrary of one.
	Alive  = "WATCHDOG=1"
	Unwell = "WATCHDOG=trigger"
)

// Status is one line for people about what the program does.
func Status(text string) string {
	return "STATUS=" + strings.NewReplacer("\n", " ", "\x00", " ").Replace(text)
}

// Extend asks for more time for what is going on, d from now: the start, the stop.
func Extend(d time.Duration) string {
	return "EXTEND_TIMEOUT_USEC=" + strconv.FormatInt(max(d, 0).Microseconds(), 10)
}

// Served counts n requests since the last time it was said.
func Served(n int) string { return "X_RELANCE_REQUESTS=" + strconv.Itoa(n) }

// Begun and Ended say so of one request, as Conn.Begin and Conn.End do, but of one
// that does not end with who has said it.
func Begun(id string) string { return "X_RELANCE_BEGIN=" + id }

// Ended is the other half of Begun.
func Ended(id string) string { return "X_RELANCE_END=" + id }

// Notify sends fields as one message to NOTIFY_SOCKET. Whoever leaves at once should
// call Barrier then: of one that is gone nobody can tell who it was.
func Notify(fields ...string) error {
	return send([]byte(strings.Join(fields, "\n")), nil)
}

// Barrier waits until all that was said before was heard, for 5 s at most.
func Barrier() error {
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make a pipe: %w", err)
	}
	defer r.Close()
	err = send([]byte("BARRIER=1"), syscall.UnixRights(int(w.Fd())))
	w.Close()
	if err != nil {
		return err
	}
	// The other end is closed: by us, where nothing was sent, else when it was heard.
	_ = r.SetReadDeadline(time.Now().Add(patience))
	if _, err := r.Read(make([]byte, 1)); os.IsTimeout(err) {
		return errors.New("wait until NOTIFY_SOCKET was read: nobody has read it for 5 s")
	}
	return nil
}

// send sends one datagram. The socket is not connected, as package net sends no
// descriptors through one that is.
func send(text, rights []byte) error {
	address := os.Getenv("NOTIFY_SOCKET")
	if address == "" {
		return nil
	}
	if address[0] != '/' && address[0] != '@' {
		return fmt.Errorf("NOTIFY_SOCKET=%s: neither a path nor an abstract address", address)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("make a socket: %w", err)
	}
	defer conn.Close()
	_ = conn.SetWriteDeadline(time.Now().Add(patience))
	if _, _, err := conn.WriteMsgUnix(text, rights, &net.UnixAddr{Name: address, Net: "unixgram"}); err != nil {
		return fmt.Errorf("send to NOTIFY_SOCKET: %w", err)
	}
	return nil
}
