package clitest

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// receiver takes webhooks, and says of each what the program in its first word makes of it.
const receiver = `
import http.server, sys
class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        names = {'headers': self.headers, 'body': self.rfile.read(int(self.headers['Content-Length']))}
        exec(sys.argv[1], names)
        self.send_response(204)
        self.end_headers()
        print('genuine', names['genuine'], flush=True)
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(('127.0.0.1', 0), Receiver)
print('port', server.server_port, flush=True)
server.serve_forever()
`

// What docs/webhook.md says checks a signature does, word by word.
func TestWebhookDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(rooted(t, "docs/webhook.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(text), "In Python:\n\n")
	code = regexp.MustCompile(`^(    .*\n)+`).FindString(code)
	key := t.TempDir() + "/relance.key"
	if err := os.WriteFile(key, []byte("sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code = strings.ReplaceAll(strings.ReplaceAll(code, "\n    ", "\n"), "/etc/relance.key", key)
	server := start(t, python(t), "-c", receiver, strings.TrimSpace(code))
	url := "http://127.0.0.1:" + server.out.want(t, `^port (\d+)$`)[1]
	for secret, want := range map[string]string{"sesame": "True", "simsim": "False", "": "False"} {
		words := []string{"--webhook", url, "--name", "wéb"}
		if secret == "sesame" {
			words = append(words, "--webhook-secret-file", key)
		}
		cmd := exec.Command(relance(), append(words, "--", "false")...)
		cmd.Env = append(os.Environ(), "RELANCE_POST_TIMEOUT=2m")
		if secret == "simsim" {
			cmd.Env = append(cmd.Env, "RELANCE_WEBHOOK_SECRET="+secret)
		}
		if got := runCmd(t, cmd); got.status != 1 || inTime(got.stderr) != "" {
			t.Errorf("%q: %+v", secret, got)
		}
		if line, _ := server.out.take(t); line != "genuine "+want {
			t.Errorf("%q: %s, want %s", secret, line, want)
		}
	}
}
