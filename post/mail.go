package post

import (
	"bytes"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// Mail sends messages by mail.
type Mail struct {
	Of From
	// Sender is who the mail is from, To who gets it.
	Sender mail.Address
	To     []mail.Address
	// Carrier takes it there.
	Carrier Carrier
	// Token makes the Message-IDs of this relance its own.
	Token string

	// number is the message that is tried, left who has not got it yet, and some that
	// somebody has.
	number int64
	left   []string
	some   bool
}

// Carrier takes a mail to those who are to get it, and returns those who have not got it
// yet and may at another try, and those who never will, as Outcome.Partly.
type Carrier interface {
	Carry(from string, to []string, text []byte) (left []string, o Outcome)
	String() string
}

// tally is what became of a mail, for each who was to get it.
type tally struct {
	taken, later, never []string
	put, refused        error
}

func (t *tally) add(address string, o Outcome) {
	switch {
	case o.Err == nil:
		t.taken = append(t.taken, address)
	case o.Final:
		t.never, t.refused = append(t.never, fmt.Sprintf("refused for %s: %v", address, o.Err)), o.Err
	default:
		t.later, t.put = append(t.later, address), o.Err
	}
}

// outcome is what Carry returns.
func (t *tally) outcome() (left []string, o Outcome) {
	if len(t.taken)+len(t.later) == 0 {
		return nil, Outcome{Err: t.refused, Final: true}
	}
	o = Outcome{Partly: strings.Join(t.never, "; "), Some: len(t.taken) > 0}
	if len(t.later) > 0 {
		o.Err = fmt.Errorf("for %s: %w", strings.Join(t.later, ", "), t.put)
	}
	return t.later, o
}

// String is "mail by smtp://mx.example.org:25".
func (m *Mail) String() string { return "mail by " + m.Carrier.String() }

// Send sends the message to those who have not got it yet.
func (m *Mail) Send(d Digest) Outcome {
	if d.Number != m.number {
		m.number, m.left, m.some = d.Number, nil, false
		for _, to := range m.To {
			m.left = append(m.left, to.Address)
		}
	}
	tried := m.left
	var o Outcome
	m.left, o = m.Carrier.Carry(m.Sender.Address, tried, m.compose(&d))
	m.some = m.some || o.Some
	if o.Final && m.some {
		// Its counts are told already, and must not be in the next one again.
		return Outcome{Partly: "refused for " + strings.Join(tried, ", ") + ": " + o.Err.Error()}
	}
	return o
}

// compose writes the mail (RFC 5322, RFC 2045). Nothing in it that somebody else has
// chosen can begin a header: each is encoded as a whole.
func (m *Mail) compose(d *Digest) []byte {
	var b bytes.Buffer
	var to []string
	for _, address := range m.To {
		to = append(to, written(address))
	}
	header := func(name, value string) { b.WriteString(fold(name + ": " + value)) }
	header("From", written(m.Sender))
	header("To", strings.Join(to, ", "))
	header("Subject", encoded("Subject", d.Subject(m.Of)))
	header("Date", d.Until.Format(time.RFC1123Z))
	header("Message-ID", fmt.Sprintf("<%s.%d@%s>", m.Token, d.Number, Domain(m.Of.Host)))
	// Nobody answers to it, and no machine either (RFC 3834).
	header("Auto-Submitted", "auto-generated")
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	// A buffer takes all, and no lines are longer than 76 bytes.
	body := quotedprintable.NewWriter(&b)
	_, _ = body.Write([]byte(m.body(d)))
	_ = body.Close()
	// Who keeps mails in one file (mbox) writes a > before such a line, and nobody takes it
	// away again.
	return bytes.ReplaceAll(b.Bytes(), []byte("\r\nFrom "), []byte("\r\nFrom=\r\n "))
}

// encoded is the value of a header as RFC 2047 has it. Its name is encoded with it and
// taken off again: so the first of its words is so much shorter, and fits behind it.
func encoded(name, value string) string {
	name += ":."
	return strings.Replace(mime.QEncoding.Encode("utf-8", name+value), name, "", 1)
}

func (m *Mail) body(d *Digest) string {
	return fmt.Sprintf("relance, for %s on %s:\n\n%s\n", clip(m.Of.Name, mostSubject), clip(m.Of.Host, mostSubject), strings.Join(d.Lines(), "\n"))
}

// written is an address as a header has it.
func written(a mail.Address) string {
	if a.Name == "" {
		return a.Address
	}
	return a.String()
}

// fold breaks a header at its spaces into lines of 76 bytes, where there are any but the
// first: some readers take a line with nothing but the name for a text that begins with a
// space.
func fold(line string) string {
	const most = 76
	var b strings.Builder
	used := 0
	for i, word := range strings.Split(line, " ") {
		switch {
		case i == 0:
		case i > 1 && used+1+len(word) > most:
			b.WriteString("\r\n ")
			used = 1
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += len(word)
	}
	return b.String() + "\r\n"
}

// Domain is what of a name of a machine may stand behind the @.
func Domain(host string) string {
	clean := strings.Trim(strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, host), ".-")
	if clean == "" {
		return "localhost"
	}
	return clean
}
