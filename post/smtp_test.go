package post

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"relance/internal/mailtest"
)

// TestMain lets the certificate of the mail server be a good one.
func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "post")
	if err != nil {
		panic(err)
	}
	ca, err := mailtest.CA(folder)
	if err != nil {
		panic(err)
	}
	os.Setenv("SSL_CERT_FILE", ca)
	status := m.Run()
	os.RemoveAll(folder)
	os.Exit(status)
}

// mailBy is a mail to a, b and c by that server.
func mailBy(server Server) *Mail {
	return &Mail{
		Of: From{"web", "host"}, Token: "t", Carrier: &server, Sender: mail.Address{Address: "relance@host"},
		To: []mail.Address{{Address: "a@x"}, {Address: "b@x"}, {Address: "c@x"}},
	}
}

// TestSubmit: a mail gets there, by each way that there is.
func TestSubmit(t *testing.T) {
	for _, c := range []struct {
		name             string
		secret, implicit bool
		server           Server
		tls, auth        bool
	}{
		{"plain", false, false, Server{}, false, false},
		{"STARTTLS", true, false, Server{StartTLS: true}, true, false},
		{"STARTTLS and a password", true, false, Server{StartTLS: true, User: mailtest.User, Password: mailtest.Password}, true, true},
		{"TLS and a password", true, true, Server{TLS: true, User: mailtest.User, Password: mailtest.Password}, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := mailtest.Start(t, c.secret, c.implicit)
			c.server.Host, c.server.Port = "127.0.0.1", m.Port
			mail := mailBy(c.server)
			d := example("hello\n.\nthere")
			if o := mail.Send(d); o.Err != nil || o.Partly != "" {
				t.Fatal(o)
			}
			if len(m.Letters()) != 1 {
				t.Fatalf("%d mails", len(m.Letters()))
			}
			l := m.Letters()[0]
			if l.From != "relance@host" || !slices.Equal(l.To, []string{"a@x", "b@x", "c@x"}) || l.TLS != c.tls || l.Auth != c.auth {
				t.Errorf("%+v", l)
			}
			if l.Text != string(mail.compose(&d)) {
				t.Errorf("it got %q", l.Text)
			}
		})
	}
}

// TestNotInTheOpen: without TLS nothing is said that is a secret, and nobody is believed
// whose certificate is for another name.
func TestNotInTheOpen(t *testing.T) {
	open, m := mailtest.Start(t, false, false), mailtest.Start(t, true, false)
	plain, secret := open.Port, m.Port
	for name, server := range map[string]Server{
		"no STARTTLS":  {Host: "127.0.0.1", Port: plain, StartTLS: true, User: mailtest.User, Password: mailtest.Password},
		"another name": {Host: "localhost", Port: secret, StartTLS: true, User: mailtest.User, Password: mailtest.Password},
		"no TLS":       {Host: "127.0.0.1", Port: secret, TLS: true, User: mailtest.User, Password: mailtest.Password},
	} {
		if o := mailBy(server).Send(example("x")); o.Err == nil || o.Final {
			t.Errorf("%s: %+v", name, o)
		} else {
			t.Logf("%s: %v", name, o.Err)
		}
	}
	if n := open.Logins() + m.Logins(); n != 0 || len(open.Letters())+len(m.Letters()) != 0 {
		t.Errorf("%d logins, %d and %d mails", n, len(open.Letters()), len(m.Letters()))
	}
	// The control: it is that server that takes the password.
	if o := mailBy(Server{Host: "127.0.0.1", Port: secret, StartTLS: true, User: mailtest.User, Password: mailtest.Password}).Send(example("x")); o.Err != nil || m.Logins() != 1 {
		t.Error(o, m.Logins())
	}
}

// TestNoStartTLS: it is said what helps, and nobody who logs in is told to do without.
func TestNoStartTLS(t *testing.T) {
	open := mailtest.Start(t, false, false)
	for user, without := range map[string]bool{"": true, mailtest.User: false} {
		o := mailBy(Server{Host: "127.0.0.1", Port: open.Port, StartTLS: true, User: user, Password: mailtest.Password}).Send(example("x"))
		if o.Err == nil || !strings.Contains(o.Err.Error(), "use smtps://") || strings.Contains(o.Err.Error(), "?tls=none") != without {
			t.Errorf("%q: %+v", user, o)
		}
	}
}

// TestWrongPassword: it is told, and not tried again and again, as that locks accounts.
func TestWrongPassword(t *testing.T) {
	o := mailBy(Server{Host: "127.0.0.1", Port: mailtest.Start(t, true, false).Port, StartTLS: true, User: mailtest.User, Password: "simsim"}).Send(example("x"))
	if o.Err == nil || !o.Final || !strings.Contains(o.Err.Error(), "log in as me@example.org: ") || strings.Contains(o.Err.Error(), "simsim") {
		t.Errorf("%+v", o)
	}
}

// TestSomeRefused: each gets the mail once, whoever else is refused, now or for good.
func TestSomeRefused(t *testing.T) {
	m := mailtest.Start(t, false, false)
	m.Refuse(map[string]error{"a@x": mailtest.Forever, "b@x": mailtest.Temporary}, nil)
	mail := mailBy(Server{Host: "127.0.0.1", Port: m.Port})
	first := mail.Send(example("x"))
	if first.Err == nil || first.Final || !strings.Contains(first.Err.Error(), "come again") || !strings.Contains(first.Partly, "refused for a@x: ") {
		t.Errorf("the first try: %+v", first)
	}
	second := mail.Send(example("x"))
	if second.Err == nil || second.Final || second.Partly != "" {
		t.Errorf("the second: %+v", second)
	}
	m.Refuse(nil, nil)
	if third := mail.Send(example("x")); third.Err != nil {
		t.Errorf("the third: %+v", third)
	}
	if took := m.Letters(); len(took) != 2 || !slices.Equal(took[0].To, []string{"c@x"}) || !slices.Equal(took[1].To, []string{"b@x"}) {
		t.Errorf("taken: %+v", took)
	}
	// The next message is for all of them again.
	d := example("x")
	d.Number++
	if o := mail.Send(d); o.Err != nil || len(m.Letters()[2].To) != 3 {
		t.Error(o, m.Letters())
	}
}

// TestRefusedLater: a message that one has got is told, also where another one is refused
// in the end: it is not dropped, so its counts are not in the next one as well.
func TestRefusedLater(t *testing.T) {
	m := mailtest.Start(t, false, false)
	m.Refuse(map[string]error{"a@x": mailtest.Temporary}, nil)
	mail := mailBy(Server{Host: "127.0.0.1", Port: m.Port})
	if o := mail.Send(example("x")); o.Err == nil || o.Final {
		t.Fatalf("the first try: %+v", o)
	}
	m.Refuse(map[string]error{"a@x": mailtest.Forever}, nil)
	if o := mail.Send(example("x")); o.Err != nil || o.Final || !strings.HasPrefix(o.Partly, "refused for a@x: ") {
		t.Errorf("the second: %+v", o)
	}
	// The next one is refused for all, and that is another thing.
	m.Refuse(map[string]error{"a@x": mailtest.Forever, "b@x": mailtest.Forever, "c@x": mailtest.Forever}, nil)
	d := example("x")
	d.Number++
	if o := mail.Send(d); !o.Final {
		t.Errorf("the next message: %+v", o)
	}
}

// TestAllRefused: a message that nobody may get is no message.
func TestAllRefused(t *testing.T) {
	m := mailtest.Start(t, false, false)
	m.Refuse(map[string]error{"a@x": mailtest.Forever, "b@x": mailtest.Forever, "c@x": mailtest.Forever}, nil)
	if o := mailBy(Server{Host: "127.0.0.1", Port: m.Port}).Send(example("x")); !o.Final || !errors.As(o.Err, new(*smtp.SMTPError)) {
		t.Errorf("%+v", o)
	}
	m.Refuse(nil, mailtest.Temporary)
	mail := mailBy(Server{Host: "127.0.0.1", Port: m.Port})
	if o := mail.Send(example("x")); o.Err == nil || o.Final || len(mail.left) != 3 {
		t.Errorf("%+v, left %q", o, mail.left)
	}
}

// TestBounded: who talks without end, or takes nothing, does not keep us for ever.
func TestBounded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		for err == nil {
			_, err = conn.Write([]byte("220-and on and on\r\n"))
		}
	}()
	if o := mailBy(Server{Host: "127.0.0.1", Port: port}).Send(example("x")); !errors.Is(o.Err, errSaidTooMuch) || o.Final {
		t.Errorf("%+v", o)
	}
	ours, theirs := net.Pipe()
	defer theirs.Close()
	b := &bounded{Conn: ours, until: time.Now(), left: &io.LimitedReader{R: ours, N: 9}}
	for name, set := range map[string]func(time.Time) error{"both": b.SetDeadline, "read": b.SetReadDeadline, "write": b.SetWriteDeadline} {
		for _, at := range []time.Time{{}, time.Now().Add(time.Hour)} {
			if err := set(at); err != nil {
				t.Fatal(err)
			}
			if name != "write" {
				if _, err := b.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%s: read: %v", name, err)
				}
			}
			if name != "read" {
				if _, err := b.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%s: write: %v", name, err)
				}
			}
		}
	}
}

// TestFarewell: a server that has taken the mail and says no goodbye is left: it is
// delivered, and others wait.
func TestFarewell(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	hungUp := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			hungUp <- err
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "220 here\r\n")
		answers := map[string]string{"DATA": "354 go on", ".": "250 taken"}
		in := bufio.NewScanner(conn)
		for data := false; in.Scan(); {
			answer, known := answers[in.Text()]
			switch {
			case in.Text() == "QUIT":
				// Well before relance leaves who does not answer at all.
				_ = conn.SetReadDeadline(time.Now().Add(mostAnswer / 2))
				continue
			case !known && data:
				continue
			case !known:
				answer = "250 well"
			}
			data = in.Text() == "DATA"
			fmt.Fprint(conn, answer+"\r\n")
		}
		hungUp <- in.Err()
	}()
	if o := mailBy(Server{Host: "127.0.0.1", Port: port}).Send(example("x")); o.Err != nil || !o.Some {
		t.Errorf("%+v", o)
	}
	if err := <-hungUp; err != nil {
		t.Errorf("it is still waited for: %v", err)
	}
}

func TestParseServer(t *testing.T) {
	for in, want := range map[string]Server{
		"smtp://localhost":                           {Host: "localhost", Port: "25"},
		"smtp://127.0.0.1:1025":                      {Host: "127.0.0.1", Port: "1025"},
		"smtp://[::1]":                               {Host: "::1", Port: "25"},
		"smtp://me@localhost":                        {Host: "localhost", Port: "587", User: "me"},
		"smtp://mx.example.org":                      {Host: "mx.example.org", Port: "25", StartTLS: true},
		"smtp://mx.example.org?tls=none":             {Host: "mx.example.org", Port: "25"},
		"smtp://localhost?tls=required":              {Host: "localhost", Port: "25", StartTLS: true},
		"smtp://me%40example.org@mx.example.org":     {Host: "mx.example.org", Port: "587", StartTLS: true, User: "me@example.org"},
		"smtp://me@example.org@mx.example.org:2525/": {Host: "mx.example.org", Port: "2525", StartTLS: true, User: "me@example.org"},
		"smtps://me@mx.example.org":                  {Host: "mx.example.org", Port: "465", TLS: true, User: "me"},
	} {
		if got, err := ParseServer(in); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", "localhost", "mx.example.org:25", "http://x", "smtp:", "smtp://", "smtp://:25", "smtp://h/x", "smtp://h#x", "smtp://h?tls=some", "smtps://h?tls=none",
		"smtp://me:secret@h", "smtp://me@mx.example.org?tls=none", "smtp://h\r\nx", "smtp://h:port", "smtp://h:0", "smtps://h:65536",
	} {
		if got, err := ParseServer(in); err == nil || strings.Contains(err.Error(), "secret@") {
			t.Errorf("%q: %+v, %v", in, got, err)
		}
	}
}

// FuzzServer: what is taken for a server can be said again, and a password is in none.
func FuzzServer(f *testing.F) {
	for _, s := range []string{"smtp://localhost", "smtps://me%40x@h:1", "smtp://me@h?tls=none", "smtp://[::1]:25", "smtp://a:b@h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseServer(s)
		if err != nil {
			return
		}
		if v.Host == "" || v.Port == "" || v.Password != "" || v.TLS && v.StartTLS || v.User != "" && !v.TLS && !v.StartTLS && !local(v.Host) {
			t.Errorf("%q: %+v", s, v)
		}
		again, err := ParseServer(v.String())
		if err != nil || again.Host != v.Host || again.Port != v.Port || again.TLS != v.TLS {
			t.Errorf("%q says %q: %+v, %v", s, v.String(), again, err)
		}
	})
}
