package post

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Bounds of one exchange with a mail server: a try is over after mostExchange, whatever
// the other side does, each answer comes within mostAnswer, and all of them together are
// no longer than mostSaid. Who has the mail has mostFarewell to say goodbye.
const (
	mostExchange = 2 * time.Minute
	mostAnswer   = 30 * time.Second
	mostSaid     = 64 << 10
	mostFarewell = time.Second
)

// Server is a mail server to submit to.
type Server struct {
	// Host is its name, for which its certificate must be good, and Port.
	Host, Port string
	// TLS is smtps://; StartTLS that the connection is no other after STARTTLS.
	TLS, StartTLS bool
	// User is empty where nobody has to log in.
	User, Password string
	// Hello is how we call ourselves.
	Hello string

	// answer is for how long an answer is waited for; 0: mostAnswer.
	answer time.Duration
}

// ParseServer reads smtp://[USER@]HOST[:PORT][?tls=none] or smtps://. The password is
// not in it.
func ParseServer(s string) (Server, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || u.Opaque != "" {
		return Server{}, errors.New("no mail server; use smtp://USER@HOST:587, smtps://USER@HOST or smtp://localhost")
	}
	if _, has := u.User.Password(); has {
		return Server{}, ErrPassword
	}
	if strings.Trim(u.Path, "/") != "" || u.Fragment != "" {
		return Server{}, errors.New("a path; use smtp://USER@HOST:587 or the like")
	}
	if host := u.Hostname(); strings.Trim(host, letters+"_.-") != "" && net.ParseIP(host) == nil {
		return Server{}, errors.New("no name or address of a machine; use one such as mx.example.org")
	}
	if err := checkPort(u.Port()); err != nil {
		return Server{}, err
	}
	if strings.ContainsFunc(u.User.Username(), unicode.IsControl) {
		return Server{}, errors.New("no name of a user")
	}
	v := Server{Host: u.Hostname(), Port: u.Port(), TLS: u.Scheme == "smtps", User: u.User.Username()}
	v.StartTLS = !v.TLS && !local(v.Host)
	if u.RawQuery != "" {
		if v.TLS || u.RawQuery != "tls=none" && u.RawQuery != "tls=required" {
			return Server{}, errors.New("of options only ?tls=none and ?tls=required are known, for smtp://")
		}
		v.StartTLS = u.RawQuery == "tls=required"
	}
	if v.User != "" && !v.TLS && !v.StartTLS && !local(v.Host) {
		return Server{}, errors.New("the password would be read by all on the way; leave ?tls=none out")
	}
	switch {
	case v.Port != "":
	case v.TLS:
		v.Port = "465" // RFC 8314
	case v.User != "":
		v.Port = "587" // RFC 6409
	default:
		v.Port = "25"
	}
	return v, nil
}

// ErrPassword says that a password stands where all can read it.
var ErrPassword = errors.New("a password in it, which ps shows to all; give it in a file or in the environment")

// local reports whether host is this machine: nobody else reads what goes there.
func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// String names the server.
func (s *Server) String() string {
	scheme := "smtp"
	if s.TLS {
		scheme = "smtps"
	}
	return scheme + "://" + net.JoinHostPort(s.Host, s.Port)
}

// Carry hands the mail over. Who is refused for good keeps nobody else from getting it.
func (s *Server) Carry(from string, to []string, text []byte) ([]string, Outcome) {
	client, err := s.connect()
	if err != nil {
		return to, judged(s.cure(err))
	}
	defer part(client)
	if err = client.Mail(from, nil); err != nil {
		return to, judged(s.cure(err))
	}
	var all tally
	for _, address := range to {
		all.add(address, judged(client.Rcpt(address, nil)))
	}
	if len(all.taken) > 0 {
		if err := submit(client, text); err != nil {
			return append(all.later, all.taken...), judged(err)
		}
	}
	return all.outcome()
}

// part takes leave, as a client must (RFC 5321, 4.1.1.10). What is said now changes nothing,
// so the next mail does not wait for it, nor is this one taken for undelivered at the end.
func part(client *smtp.Client) {
	client.CommandTimeout = mostFarewell
	_ = client.Quit()
	client.Close()
}

func submit(client *smtp.Client, text []byte) error {
	data, err := client.Data()
	if err != nil {
		return err
	}
	if _, err = data.Write(text); err != nil {
		return err
	}
	return data.Close()
}

// connect returns a client that is ready for a mail.
func (s *Server) connect() (*smtp.Client, error) {
	raw, err := net.DialTimeout("tcp", net.JoinHostPort(s.Host, s.Port), mostAnswer)
	if err != nil {
		return nil, err
	}
	begun, answer := time.Now(), cmp.Or(s.answer, mostAnswer)
	// The library asks for STARTTLS with bounds of its own, of minutes: this is for all of that.
	conn := &bounded{Conn: raw, until: begun.Add(answer), left: &io.LimitedReader{R: raw, N: mostSaid}}
	config := &tls.Config{ServerName: s.Host}
	var client *smtp.Client
	switch {
	case s.TLS:
		client = smtp.NewClient(tls.Client(conn, config))
	case s.StartTLS:
		if client, err = smtp.NewClientStartTLS(conn, config); err != nil {
			raw.Close()
			return nil, fmt.Errorf("STARTTLS: %w", err)
		}
	default:
		client = smtp.NewClient(conn)
	}
	conn.until = begun.Add(mostExchange)
	client.CommandTimeout, client.SubmissionTimeout = answer, mostExchange
	if err = s.login(client); err != nil {
		part(client)
		return nil, err
	}
	return client, nil
}

func (s *Server) login(client *smtp.Client) error {
	if err := client.Hello(Domain(s.Hello)); err != nil {
		return err
	}
	if s.User == "" {
		return nil
	}
	method := sasl.NewPlainClient("", s.User, s.Password)
	switch {
	case client.SupportsAuth(sasl.Plain):
	case client.SupportsAuth(sasl.Login):
		method = sasl.NewLoginClient(s.User, s.Password)
	default:
		return errNoLogin
	}
	if err := client.Auth(method); err != nil {
		return fmt.Errorf("log in as %s: %w", s.User, err)
	}
	return nil
}

// errNoLogin says that there is no way to log in that we know.
var errNoLogin = errors.New("it offers neither AUTH PLAIN nor LOGIN")

// noStartTLS is what go-smtp says of a server that does not offer it, and has no name for.
const noStartTLS = "server doesn't support STARTTLS"

// cure adds to what went wrong the flag that mends it, where one may.
func (s *Server) cure(err error) error {
	var said *smtp.SMTPError
	wants := errors.Is(err, errNoLogin) || errors.As(err, &said) && said.Code == 530 // RFC 3207, 4
	switch {
	case errors.As(err, new(tls.RecordHeaderError)):
		return fmt.Errorf("%w; use smtp:// where TLS begins by STARTTLS", err)
	case wants && !s.TLS && !s.StartTLS:
		return fmt.Errorf("%w; it may want TLS first: use ?tls=required", err)
	case s.StartTLS && strings.HasSuffix(err.Error(), noStartTLS) && s.User != "":
		return fmt.Errorf("%w; use smtps:// where it speaks TLS from the beginning", err)
	case s.StartTLS && strings.HasSuffix(err.Error(), noStartTLS):
		return fmt.Errorf("%w; use smtps:// where it speaks TLS from the beginning, or do without: ?tls=none", err)
	case !s.TLS && s.Port == "465" && said == nil:
		return fmt.Errorf("%w; port 465 is for smtps://", err)
	}
	return trusting(err)
}

// trusting says how an authority is trusted that is not.
func trusting(err error) error {
	if errors.As(err, new(x509.UnknownAuthorityError)) {
		return fmt.Errorf("%w; name a file with yours in SSL_CERT_FILE", err)
	}
	return err
}

// judged tells what will be the same at another try: "5yz Permanent Negative Completion
// reply" (RFC 5321, 4.2.1).
func judged(err error) Outcome {
	var said *smtp.SMTPError
	return Outcome{Err: err, Final: errors.As(err, &said) && said.Code >= 500}
}

// bounded is a connection on which no wait is longer than until, and no more is read
// than left.
type bounded struct {
	net.Conn
	until time.Time
	left  *io.LimitedReader
}

// errSaidTooMuch ends an exchange with a server that does not stop talking.
var errSaidTooMuch = fmt.Errorf("more than %d bytes of answers", mostSaid)

func (b *bounded) Read(p []byte) (int, error) {
	if b.left.N <= 0 {
		return 0, errSaidTooMuch
	}
	return b.left.Read(p)
}

func (b *bounded) bound(t time.Time) time.Time {
	if t.IsZero() || t.After(b.until) {
		return b.until
	}
	return t
}

// SetDeadline and its kin set the sooner of the two.
func (b *bounded) SetDeadline(t time.Time) error { return b.Conn.SetDeadline(b.bound(t)) }

// SetReadDeadline is the same for reading.
func (b *bounded) SetReadDeadline(t time.Time) error { return b.Conn.SetReadDeadline(b.bound(t)) }

// SetWriteDeadline is the same for writing.
func (b *bounded) SetWriteDeadline(t time.Time) error { return b.Conn.SetWriteDeadline(b.bound(t)) }
