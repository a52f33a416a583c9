package clitest

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"relance/internal/mailtest"
)

// aiosmtpd is a mail server of others, which takes no mail without STARTTLS and a login,
// and says of each what the email package of Python reads in it.
const aiosmtpd = `
import asyncio, email, email.policy, json, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[1], sys.argv[2])
class Handler:
    async def handle_DATA(self, server, session, envelope):
        m = email.message_from_bytes(envelope.content, policy=email.policy.default)
        print(json.dumps({
            'sender': envelope.mail_from, 'recipients': envelope.rcpt_tos, 'tls': session.ssl is not None, 'login': session.auth_data.login.decode(),
            'headers': {name: str(value) for name, value in m.items()}, 'body': m.get_content(),
            'defects': [str(d) for part in (m, *m.values()) for d in part.defects],
            'ascii': envelope.content.isascii(), 'longest': max(map(len, envelope.content.split(b'\r\n')))}), flush=True)
        return '250 OK'
def login(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b'me@example.org', sys.argv[3].encode()), handled=False, auth_data=data)
async def main():
    new = lambda: SMTP(Handler(), hostname='mx.example.org', tls_context=context, require_starttls=True, auth_required=True, authenticator=login)
    server = await asyncio.get_running_loop().create_server(new, '127.0.0.1', 0)
    print('port', server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
`

// foreign is what it says of a mail.
type foreign struct {
	Sender, Login, Body string
	Recipients, Defects []string
	TLS, ASCII          bool
	Headers             map[string]string
	Longest             int
}

// foreignServer starts aiosmtpd, for who has that password; a mail is a line of its output.
func foreignServer(t *testing.T, password string) (r *running, port string) {
	t.Helper()
	module(t, "python3-aiosmtpd", debianPython, "-c", "import aiosmtpd.smtp")
	folder := t.TempDir()
	cert, err := mailtest.CA(folder)
	if err != nil {
		t.Fatal(err)
	}
	key, err := mailtest.Key(folder)
	if err != nil {
		t.Fatal(err)
	}
	r = start(t, debianPython, "-c", aiosmtpd, cert, key, password)
	return r, r.out.want(t, `^port (\d+)$`)[1]
}

// A mail server that shares no code with relance takes its mail, and a mail reader that
// does not either finds in it what was put there.
func TestMailForeign(t *testing.T) {
	t.Parallel()
	server, port := foreignServer(t, mailtest.Password)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	wrote := []string{".", "..two dots", "From here to naïve =3D", strings.Repeat("so wide ", 100) + "→"}
	words := append([]string{"--name", "wéb", "--post-timeout", "2m", "--keep-stderr", "9", "--", "sh", "-c", `printf '%s\n' "$@" >&2; exit 3`, "sh"}, wrote...)
	r := startCmd(t, mailing(t, port, words...))
	r.wantEnd(3)
	line, ok := server.out.take(t)
	var got foreign
	if err := json.Unmarshal([]byte(line), &got); !ok || err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	if !got.TLS || !got.ASCII || got.Login != mailtest.User || got.Sender != "relance@example.org" ||
		!slices.Equal(got.Recipients, []string{"ops@example.org", "root@example.org"}) || len(got.Defects) > 0 || got.Longest > 78 {
		t.Errorf("%+v", got)
	}
	subject := "wéb on " + host + ": gen 1: exit: status 3 after "
	if h := got.Headers; !strings.HasPrefix(h["Subject"], subject) || h["From"] != "relance@example.org" || h["To"] != "ops@example.org, root@example.org" ||
		h["Date"] == "" || h["Message-ID"] == "" || h["Auto-Submitted"] != "auto-generated" {
		t.Errorf("%q", h)
	}
	body := strings.ReplaceAll(got.Body, "\r\n", "\n")
	if !strings.HasPrefix(body, "relance, for wéb on "+host+":\n\n") ||
		!strings.Contains(body, " gen 1: exit: status 3 after ") || !strings.Contains(body, ": 1 generation ended (exit 1), 1 started.\n") ||
		!strings.HasSuffix(strings.TrimRight(body, "\n"), "The last lines of stderr of gen 1:\n  "+strings.Join(wrote, "\n  ")) {
		t.Errorf("%q", body)
	}
}

// Its refusal of a login is understood too: for good, and nothing has come there.
func TestMailForeignRefuses(t *testing.T) {
	t.Parallel()
	server, port := foreignServer(t, "other than "+mailtest.Password)
	r := startCmd(t, mailing(t, port, "--name", "web", "--post-timeout", "2m", "--", "false"))
	r.errs.want(t, `^relance: web: mail by smtp://127\.0\.0\.1:\d+: a message of 1 event is refused and dropped: .*535`)
	r.wantEnd(1)
	if all := server.out.all(); strings.Contains(all, "{") {
		t.Errorf("it has taken %s", all)
	}
}
