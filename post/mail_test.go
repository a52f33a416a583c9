package post

import (
	"bytes"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"relance/report"
)

// example is a message of one event.
func example(msg string) Digest {
	var d Digest
	d.Number = 3
	for _, e := range crashed(7, noon) {
		if e.Kind == "backoff" {
			e.Msg = msg
		}
		d.add(e, e.Kind == "backoff")
	}
	return d
}

// read reads a mail as the one who gets it does.
func read(t testing.TB, text []byte) (subject, body string, header mail.Header) {
	t.Helper()
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\r\n")) || len(line) > 998 || bytes.ContainsAny(line[:len(line)-2], "\r\n\x00") {
			t.Fatalf("no line of a mail: %q", line)
		}
		if bytes.HasPrefix(line, []byte("From ")) || string(line) == "Subject:\r\n" {
			t.Fatalf("others would show it otherwise: %q", line)
		}
		for _, c := range line {
			if c >= 0x80 {
				t.Fatalf("not ASCII: %q", line)
			}
		}
	}
	m, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v: %q", err, text)
	}
	subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return subject, string(all), m.Header
}

var headers = []string{"From", "To", "Subject", "Date", "Message-Id", "Auto-Submitted", "Mime-Version", "Content-Type", "Content-Transfer-Encoding"}

func TestCompose(t *testing.T) {
	m := &Mail{
		Of: From{Name: "größe", Host: "db.example.org"}, Token: "t",
		Sender: mail.Address{Name: "Rélance", Address: "relance@example.org"},
		To:     []mail.Address{{Address: "root@host"}, {Name: "Ops, all", Address: "ops@example.org"}},
	}
	d := example("gen 7: exit: status 3 after 1 s; next try in 2 s — " + strings.Repeat("lang ", 30))
	subject, body, header := read(t, m.compose(&d))
	if !strings.HasPrefix(subject, "größe on db.example.org: gen 7: exit: status 3 after 1 s; next try in 2 s — lang") || len(subject) > mostSubject+len("…") {
		t.Errorf("subject %q", subject)
	}
	for _, want := range []string{"relance, for größe on db.example.org:", "12:00:00 gen 7: exit: status 3", "1 generation ended (exit 1), 1 started", "All events: backoff 1, begun 1, left 1."} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in %s", want, body)
		}
	}
	for name, want := range map[string]string{"Message-Id": "<t.3@db.example.org>", "Auto-Submitted": "auto-generated", "Date": "Sun, 01 Mar 2026 12:00:00 +0000"} {
		if header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, header.Get(name), want)
		}
	}
	if to, err := mail.ParseAddress(strings.TrimPrefix(strings.ReplaceAll(header.Get("To"), "\n", ""), "root@host, ")); err != nil || *to != m.To[1] {
		t.Errorf("to %q: %v", header.Get("To"), err)
	}
}

// TestComposeAsIs: nothing that a mailbox or a reader puts in is in what is read, also where
// a long line is broken just before the word that a mailbox looks for.
func TestComposeAsIs(t *testing.T) {
	m := &Mail{Of: From{Name: "wéb «日本» with a long name", Host: "vm"}, Token: "t", Sender: mail.Address{Address: "a@b"}, To: []mail.Address{{Address: "c@d"}}}
	for n := range 90 {
		msg := strings.Repeat("x", n) + "From here\nFrom there"
		d := example(msg)
		d.Stderr = []string{strings.Repeat("x", n) + "From here"}
		subject, body, _ := read(t, m.compose(&d))
		if subject != d.Subject(m.Of) || strings.ReplaceAll(body, "\r\n", "\n") != m.body(&d) {
			t.Fatalf("subject %q, body %q", subject, body)
		}
	}
}

// FuzzCompose: whatever somebody calls his machine, his service or his process, a mail
// has the headers that it should have and no other, and is text for people.
func FuzzCompose(f *testing.F) {
	f.Add("web", "host", "gen 1: exit")
	f.Add("a\r\nBcc: evil@example.org", "h\nX: y", "\r\n.\r\nMAIL FROM:<x>")
	f.Add("=?utf-8?q?=0D=0ABcc:_x?=", "\xff\xfe", strings.Repeat("ä", 2000))
	f.Add("\u202e\x00\x1b[2J", "", "\t \t")
	f.Fuzz(func(t *testing.T, name, host, msg string) {
		m := &Mail{Of: From{Name: name, Host: host}, Token: "t", Sender: mail.Address{Address: "a@b"}, To: []mail.Address{{Address: "c@d"}}}
		d := example(msg)
		subject, body, header := read(t, m.compose(&d))
		var got []string
		for key := range header {
			got = append(got, key)
		}
		slices.Sort(got)
		if want := slices.Sorted(slices.Values(headers)); !slices.Equal(got, want) {
			t.Errorf("headers %q, want %q", got, want)
		}
		for _, text := range []string{subject, strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", ""), "\n", "")} {
			if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("not for people: %q", text)
			}
		}
	})
}

// FuzzAddress: what is taken for an address needs no quotes anywhere.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"ops@example.org", "root@host", "Ops <ops@example.org>", `"a,b"@c`, "a@b, c@d", "-oQ/tmp", "a\r\nX: y@z", "ü@example.org", "a@[127.0.0.1]", "", "@", "a@"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			return
		}
		if strings.ContainsAny(a.Address, " \t\r\n\x00<>,;\"\\()") || strings.HasPrefix(a.Address, "-") || a.Address == "" {
			t.Errorf("%q: %q", s, a.Address)
		}
		again, err := ParseAddress(written(a))
		if err != nil || again.Address != a.Address {
			t.Errorf("%q is written %q: %v, %v", s, written(a), again, err)
		}
	})
}

func TestAddress(t *testing.T) {
	for s, want := range map[string]string{
		"ops@example.org": "ops@example.org", " root@host ": "root@host", "root": "", "Ops <a+b@example.org>": "a+b@example.org", "a@[127.0.0.1]": "a@[127.0.0.1]",
		"-t": "", ".": "", "a b": "", `"a,b"@c`: "", "ü@example.org": "", "a@ü.org": "", "a@b\r\nBcc: c@d": "", "-x@y": "", "": "",
	} {
		a, err := ParseAddress(s)
		if a.Address != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", s, a.Address, err)
		}
	}
}

// TestClip: what is cut off is cut between two characters.
func TestClip(t *testing.T) {
	for _, c := range []struct {
		in   string
		most int
		want string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"aä", 2, "a…"}, {"aää", 3, "aä…"}, {"a\nb", 9, "a\ufffdb"}, {"\x1b[2J", 9, "\ufffd[2J"}, {"\tat a.b(C)", 19, " at a.b(C)"}, {"\xff\xffabc", 9, "\ufffd\ufffdabc"},
	} {
		if got := clip(c.in, c.most); got != c.want {
			t.Errorf("%q to %d: %q, want %q", c.in, c.most, got, c.want)
		}
	}
}

// TestSubject: many ends are counted in it, and the worst of the events is named.
func TestSubject(t *testing.T) {
	var d Digest
	for gen := range 3 {
		for _, e := range crashed(gen, noon.Add(time.Duration(gen)*time.Minute)) {
			d.add(e, e.Kind != "begun")
		}
	}
	d.add(report.Event{Kind: "gave-up", Level: "error", Msg: "giving up", Generation: 3, Time: noon}, true)
	d.add(report.Event{Kind: "backoff", Level: "warn", Msg: "next", Generation: 4, Time: noon}, true)
	if got, want := d.Subject(From{"web", "h"}), "web on h: 3 generations ended (exit 3); giving up"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if d.Worth != 5 || len(d.Events) != 5 {
		t.Errorf("%d events, %d kept", d.Worth, len(d.Events))
	}
}
