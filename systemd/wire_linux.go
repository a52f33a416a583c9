package systemd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// conn is one connection, for one exchange at a time in one goroutine.
//
// The library makes and reads the messages, and no more: its own connection reads
// in goroutines, where a message that it does not expect ends the whole program
// (NameLost without an argument), takes messages of 128 MiB, and outlives Close by
// a moment.
type conn struct {
	net    net.Conn
	in     *bufio.Reader
	serial uint32
	stop   func() bool
}

// dial connects to a socket of t and says who we are. The end of ctx ends whatever
// is done on the connection.
func dial(ctx context.Context, path string, t target) (*conn, error) {
	var d net.Dialer
	n, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, cause(err)
	}
	c := &conn{net: n, in: bufio.NewReader(n)}
	c.stop = context.AfterFunc(ctx, func() { n.SetDeadline(time.Unix(1, 0)) })
	if err = c.checkPeer(t.owner); err == nil {
		err = c.authenticate(t.us)
	}
	if err != nil {
		c.close()
		return nil, cause(err)
	}
	return c, nil
}

func (c *conn) close() {
	c.stop()
	c.net.Close()
}

// cause leaves out what net puts around an error: the caller has the path.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = errHungUp
	}
	return err
}

var errHungUp = errors.New("the other side hung up")

// checkPeer refuses a socket that a stranger listens on: a variable of the
// environment can come from another user's session, by su(1) for one.
func (c *conn) checkPeer(owner int) error {
	raw, err := c.net.(*net.UnixConn).SyscallConn()
	if err != nil {
		return err
	}
	var peer *unix.Ucred
	var peerErr error
	if err := raw.Control(func(fd uintptr) {
		peer, peerErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return err
	}
	if peerErr != nil {
		return fmt.Errorf("ask who listens: %w", peerErr)
	}
	if !mayListen(peer.Uid, owner) {
		return fmt.Errorf("user %d listens, neither %d nor root: %w", peer.Uid, owner, ErrDenied)
	}
	return nil
}

func mayListen(peer uint32, owner int) bool { return peer == 0 || int64(peer) == int64(owner) }

// authenticate is the EXTERNAL mechanism of the D-Bus specification: a zero byte
// and our user id, which the other side compares with what the kernel says.
//
// BEGIN goes with it, before the OK, as systemd's own tools have it: sent later, it
// can be read by a manager together with the first message behind it, which then
// lies in the manager's buffer until something else comes, and that is nothing.
func (c *conn) authenticate(uid int) error {
	id := hex.EncodeToString([]byte(strconv.Itoa(uid)))
	if _, err := io.WriteString(c.net, "\x00AUTH EXTERNAL "+id+"\r\nBEGIN\r\n"); err != nil {
		return err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("authenticate: %w", cause(err))
	}
	switch word, _, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(" ")); string(word) {
	case "OK":
		return nil
	case "REJECTED":
		return fmt.Errorf("authenticate as user %d: %w", uid, ErrDenied)
	}
	return errors.New("authenticate: not a D-Bus answer")
}

// send sends a call and returns its serial number, which the reply will bear.
func (c *conn) send(call *dbus.Message) (uint32, error) {
	var b bytes.Buffer
	if err := call.EncodeTo(&b, binary.LittleEndian); err != nil {
		return 0, err
	}
	c.serial++
	// The specification's header: byte order, type, flags, version, four bytes for
	// the length of the body, then the serial. The library numbers only what its
	// own connection sends.
	binary.LittleEndian.PutUint32(b.Bytes()[8:], c.serial)
	_, err := c.net.Write(b.Bytes())
	return c.serial, cause(err)
}

const (
	fixedHeader = 16
	// mostMessage is what a message may have for us to read it: nothing we wait for
	// has a thousand bytes. A manager tells everybody of everything, so larger ones
	// come and are passed over.
	mostMessage = 64 << 10
	// mostOfAll is the specification's maximum.
	mostOfAll = 1 << 27
)

// receive returns the next message that we can read.
func (c *conn) receive() (*dbus.Message, error) {
	for {
		size, err := c.size()
		switch {
		case err != nil:
			return nil, err
		case size > mostMessage:
			if _, err := c.in.Discard(size); err != nil {
				return nil, cause(err)
			}
			continue
		}
		b := make([]byte, size)
		if _, err := io.ReadFull(c.in, b); err != nil {
			return nil, cause(err)
		}
		// One that the library does not understand is none we wait for: what comes
		// next begins where its header says.
		if m, err := dbus.DecodeMessage(bytes.NewReader(b)); err == nil {
			return m, nil
		}
	}
}

// size waits for the next message and returns how long it is.
func (c *conn) size() (int, error) {
	b, err := c.in.Peek(fixedHeader)
	if err != nil {
		return 0, cause(err)
	}
	n, ok := messageSize(b)
	if !ok {
		return 0, errors.New("not a D-Bus message")
	}
	return n, nil
}

// messageSize reads the length of a message from its first 16 bytes: these, the
// header fields up to a multiple of eight, and the body.
func messageSize(b []byte) (size int, ok bool) {
	var order binary.ByteOrder
	switch b[0] {
	case 'l':
		order = binary.LittleEndian
	case 'B':
		order = binary.BigEndian
	default:
		return 0, false
	}
	fields := (uint64(order.Uint32(b[12:])) + 7) &^ 7
	n := fixedHeader + fields + uint64(order.Uint32(b[4:]))
	return int(n), n <= mostOfAll
}
