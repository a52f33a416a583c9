// Package mailtest has a mail server for tests, which refuses, stalls and comes back as
// it is told. It is the server half of go-smtp, whose client half relance uses: what both
// get wrong alike, only the test with a server of others sees (internal/clitest).
package mailtest

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Who may log in.
const (
	User     = "me@example.org"
	Password = "sesame"
)

// Temporary and Forever are two ways to refuse.
var (
	Temporary = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "come again"}
	Forever   = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "not here"}
)

// Letter is a mail that was taken.
type Letter struct {
	From, Text string
	To         []string
	TLS, Auth  bool
}

// Server is a mail server at a port of 127.0.0.1.
type Server struct {
	Port string

	mu       sync.Mutex
	took     []Letter
	logins   int
	refuse   map[string]error
	refuses  error
	stalls   bool
	stalled  []net.Conn
	arrivals chan struct{}
	listener net.Listener
}

// certificate is that of httptest, for example.com and 127.0.0.1.
var certificate = sync.OnceValues(func() (tls.Certificate, []byte) {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return s.TLS.Certificates[0], pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
})

// CA writes a file for SSL_CERT_FILE into folder, by which its certificate is good.
func CA(folder string) (path string, err error) {
	_, text := certificate()
	path = filepath.Join(folder, "ca.pem")
	return path, os.WriteFile(path, text, 0o600)
}

// Key writes the key of that certificate into folder, for a server of somebody else's.
func Key(folder string) (path string, err error) {
	own, _ := certificate()
	text, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		return "", err
	}
	path = filepath.Join(folder, "key.pem")
	return path, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text}), 0o600)
}

// Start starts a server; it is over with the test. With secret it has a certificate, and
// with implicit it speaks nothing but TLS.
func Start(t testing.TB, secret, implicit bool) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{listener: l, arrivals: make(chan struct{}, 1000)}
	_, s.Port, _ = net.SplitHostPort(l.Addr().String())
	inner := smtp.NewServer(s)
	inner.Domain, inner.AllowInsecureAuth, inner.ErrorLog = "mx.example.org", true, quiet{}
	if secret {
		own, _ := certificate()
		inner.TLSConfig = &tls.Config{Certificates: []tls.Certificate{own}}
	}
	var at net.Listener = gate{l, s}
	if implicit {
		at = tls.NewListener(at, inner.TLSConfig)
	}
	go func() { _ = inner.Serve(at) }()
	t.Cleanup(func() {
		inner.Close()
		s.Stall(false)
	})
	return s
}

// Letters are those that were taken.
func (s *Server) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.took)
}

// Logins is how often somebody tried to log in.
func (s *Server) Logins() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins
}

// Refuse sets whom it refuses, and with which error each mail that is for others; nil: it
// does not.
func (s *Server) Refuse(whom map[string]error, all error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse, s.refuses = whom, all
}

// Stall says whether it says nothing to who connects from now on. Those who wait are hung
// up on when it does not any more.
func (s *Server) Stall(stalls bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stalls = stalls
	if !stalls {
		for _, conn := range s.stalled {
			conn.Close()
		}
		s.stalled = nil
	}
}

// Arrivals tells of each that has connected, and of each mail that was taken or refused.
func (s *Server) Arrivals() <-chan struct{} { return s.arrivals }

func (s *Server) arrived() {
	select {
	case s.arrivals <- struct{}{}:
	default:
	}
}

// gate keeps those out who are to stall.
type gate struct {
	net.Listener
	server *Server
}

func (g gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		g.server.arrived()
		g.server.mu.Lock()
		stalls := g.server.stalls
		if stalls {
			g.server.stalled = append(g.server.stalled, conn)
		}
		g.server.mu.Unlock()
		if !stalls {
			return conn, nil
		}
	}
}

// NewSession is called by the library for each that has connected.
func (s *Server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, secret := c.TLSConnectionState()
	return &session{server: s, letter: Letter{TLS: secret}}, nil
}

type session struct {
	server *Server
	letter Letter
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.server.logins++
		if user != User || password != Password {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "who are you"}
		}
		s.letter.Auth = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.letter.From = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if err := s.server.refuse[to]; err != nil {
		return err
	}
	s.letter.To = append(s.letter.To, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	defer s.server.arrived()
	if s.server.refuses != nil {
		return s.server.refuses
	}
	s.letter.Text = string(text)
	s.server.took = append(s.server.took, s.letter)
	return nil
}

func (s *session) Reset()        { s.letter.To = nil }
func (s *session) Logout() error { return nil }

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}
