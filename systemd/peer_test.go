package systemd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// listen returns a socket on which each connection is given to serve.
func listen(t *testing.T, serve func(n net.Conn, in *bufio.Reader)) socket {
	t.Helper()
	dir, err := os.MkdirTemp("", "relance") // the name of a test is too long for a socket's
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan bool)
	go func() {
		defer close(done)
		for {
			n, err := l.Accept()
			if err != nil {
				return
			}
			serve(n, bufio.NewReader(n))
			n.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
		os.RemoveAll(dir)
	})
	return socket{path, false}
}

// peer is the other end of a connection, when who we are has been said.
type peer struct {
	t *testing.T
	*conn
}

// private returns the socket of a manager itself, which serve plays.
func private(t *testing.T, serve func(p peer)) socket {
	return listen(t, func(n net.Conn, in *bufio.Reader) {
		line, err := in.ReadString('\n')
		if want := "\x00AUTH EXTERNAL "; err != nil || !bytes.HasPrefix([]byte(line), []byte(want)) {
			t.Errorf("%q, %v", line, err)
		}
		// A manager that gets this later may not see what comes behind it.
		if begin, err := in.Peek(in.Buffered()); string(begin) != "BEGIN\r\n" {
			t.Errorf("%q came with AUTH, want BEGIN: %v", begin, err)
		}
		in.Discard(in.Buffered())
		io.WriteString(n, "OK 0123456789abcdef0123456789abcdef\r\n")
		serve(peer{t, &conn{net: n, in: in}})
	})
}

// call waits for the call that starts the scope.
func (p peer) call() *dbus.Message { return p.called("StartTransientUnit") }

// called waits for a call of a method.
func (p peer) called(method string) *dbus.Message {
	m, err := p.receive()
	if err != nil {
		p.t.Errorf("no call: %v", err)
		return &dbus.Message{}
	}
	if got := header(m, dbus.FieldMember); got != method {
		p.t.Errorf("called %v, want %s", got, method)
	}
	return m
}

// gone waits until the other side has closed, whether it has read all or not.
func (p peer) gone() {
	if _, err := p.in.ReadByte(); err != io.EOF && !errors.Is(err, unix.ECONNRESET) {
		p.t.Errorf("after all: %v", err)
	}
}

func (p peer) say(m *dbus.Message) {
	if len(m.Body) > 0 {
		m.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(m.Body...))
	}
	if _, err := p.send(m); err != nil {
		p.t.Errorf("say: %v", err)
	}
}

func (p peer) reply(to *dbus.Message, body ...any) {
	p.say(&dbus.Message{
		Type: dbus.TypeMethodReply, Body: body,
		Headers: map[dbus.HeaderField]dbus.Variant{dbus.FieldReplySerial: dbus.MakeVariant(to.Serial())},
	})
}

func (p peer) refuse(to *dbus.Message, name string, body ...any) {
	p.say(&dbus.Message{
		Type: dbus.TypeError, Body: body,
		Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldReplySerial: dbus.MakeVariant(to.Serial()), dbus.FieldErrorName: dbus.MakeVariant(name),
		},
	})
}

func signal(member string, body ...any) *dbus.Message {
	return &dbus.Message{
		Type: dbus.TypeSignal, Body: body,
		Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldPath:      dbus.MakeVariant(dbus.ObjectPath(managerPath)),
			dbus.FieldInterface: dbus.MakeVariant(managerIface),
			dbus.FieldMember:    dbus.MakeVariant(member),
		},
	}
}

func removed(job dbus.ObjectPath, word string) *dbus.Message {
	return signal("JobRemoved", uint32(1), job, "x.scope", word)
}

// start asks at the sockets for a scope.
func start(ctx context.Context, where ...socket) (Scope, error) {
	return startScope(ctx, Request{Description: "a test", Slice: "test.slice"}, os.Geteuid(), where)
}
