package post

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// scripted is a mail server that says the same of each command that begins so, else "250 OK",
// and tells what it was told.
func scripted(t *testing.T, says map[string]string) (port string, told <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	_, port, _ = net.SplitHostPort(l.Addr().String())
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "220 hello\r\n")
		for in := bufio.NewScanner(conn); in.Scan(); {
			lines <- in.Text()
			answer := "250 OK"
			for begins, says := range says {
				if strings.HasPrefix(in.Text(), begins) {
					answer = says
				}
			}
			if answer != "" {
				_, _ = io.WriteString(conn, answer+"\r\n")
			}
		}
	}()
	return port, lines
}

// TestLeave: a server that refuses is left as RFC 5321 wants it, and not waited for.
func TestLeave(t *testing.T) {
	for _, refuses := range []string{"MAIL", "RCPT"} {
		port, told := scripted(t, map[string]string{refuses: "550 no", "QUIT": ""})
		if o := mailBy(Server{Host: "127.0.0.1", Port: port}).Send(example("x")); !o.Final {
			t.Errorf("%s: %+v", refuses, o)
		}
		last := ""
		for last = range told {
		}
		if last != "QUIT" {
			t.Errorf("%s: at the end %q", refuses, last)
		}
	}
}

// TestCure: what goes wrong with servers as they are set up names what mends it.
func TestCure(t *testing.T) {
	wantsTLS, _ := scripted(t, map[string]string{"MAIL": "530 5.7.0 Must issue a STARTTLS command first"})
	noLogin, _ := scripted(t, nil)
	noTLS, _ := scripted(t, nil)
	for cure, server := range map[string]Server{
		"first; it may want TLS first: use ?tls=required": {Port: wantsTLS},
		"LOGIN; it may want TLS first: use ?tls=required": {Port: noLogin, User: "me", Password: "sesame"},
		"use smtp:// where TLS begins by STARTTLS":        {Port: noTLS, TLS: true},
	} {
		server.Host = "127.0.0.1"
		if o := mailBy(server).Send(example("x")); o.Err == nil || !strings.HasSuffix(o.Err.Error(), cure) {
			t.Errorf("%v, want %q", o.Err, cure)
		}
	}
	unknown := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	if err := (&Server{Port: "25", StartTLS: true}).cure(unknown); !strings.HasSuffix(err.Error(), "; name a file with yours in SSL_CERT_FILE") {
		t.Error(err)
	}
	if err := (&Server{Port: "465", StartTLS: true}).cure(os.ErrDeadlineExceeded); !strings.HasSuffix(err.Error(), "; port 465 is for smtps://") {
		t.Error(err)
	}
}

// TestSilent: who says nothing is heard of soon, whatever way was to be taken. That takes no
// longer than the server has patience, which hangs up then.
func TestSilent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
			_, _ = io.Copy(io.Discard, conn)
			conn.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, server := range []Server{{}, {StartTLS: true}, {TLS: true}} {
		server.Host, server.Port, server.answer = "127.0.0.1", port, 20*time.Millisecond
		if o := mailBy(server).Send(example("x")); !errors.Is(o.Err, os.ErrDeadlineExceeded) || o.Final {
			t.Errorf("%+v: %+v", server, o)
		}
	}
}
