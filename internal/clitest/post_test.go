package clitest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/mailtest"
	"relance/internal/need"
)

// crasher ends with status 3 as soon as it is started, and crashes says how often.
func crasher(crashes int, flags ...string) []string {
	flags = append([]string{"--restart", "always", "--backoff", "1ms..1ms", "--give-up", strconv.Itoa(crashes) + "/1h", "--name", "web"}, flags...)
	return append(flags, "--", "false")
}

// mailing runs relance with a mail server at that port of 127.0.0.1, which it logs in to
// and whose certificate is that of mailtest.
func mailing(t testing.TB, port string, words ...string) *exec.Cmd {
	t.Helper()
	folder := t.TempDir()
	ca, err := mailtest.CA(folder)
	if err != nil {
		t.Fatal(err)
	}
	password := filepath.Join(folder, "password")
	if err := os.WriteFile(password, []byte(mailtest.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(relance(), append([]string{
		"--mail-to", "ops@example.org,root@example.org", "--mail-from", "relance@example.org",
		"--smtp-url", "smtp://" + mailtest.User + "@127.0.0.1:" + port + "?tls=required", "--smtp-password-file", password,
	}, words...)...)
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+ca, "RELANCE_POST_TIMEOUT=2m")
	return cmd
}

var (
	inMail   = regexp.MustCompile(`: (\d+) generations? ended(?: \((.*)\))?, (\d+) started\.`)
	byStatus = regexp.MustCompile(`\bexit (\d+)\b`)
)

// countedIn adds up what the mails have counted.
func countedIn(t testing.TB, letters []mailtest.Letter) (ended, exits, started int) {
	t.Helper()
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, l := range letters {
		m, err := mail.ReadMessage(strings.NewReader(l.Text))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		if err != nil {
			t.Fatal(err)
		}
		found := inMail.FindStringSubmatch(string(body))
		if found == nil || strings.Contains(string(body), "too fast") {
			t.Fatalf("no counts, or not all: %s", body)
		}
		ended, started = ended+number(found[1]), started+number(found[3])
		if exit := byStatus.FindStringSubmatch(found[2]); exit != nil {
			exits += number(exit[1])
		}
	}
	return ended, exits, started
}

// A crash loop of hundreds of restarts is a mail or two, and they count them all.
func TestMailCrashLoop(t *testing.T) {
	t.Parallel()
	crashes := need.Much(200, 1000)
	server := mailtest.Start(t, true, false)
	r := startCmd(t, mailing(t, server.Port, crasher(crashes)...))
	r.wantEnd(1)
	letters := server.Letters()
	if len(letters) == 0 || len(letters) > 5 {
		t.Errorf("%d mails", len(letters))
	}
	if ended, exits, started := countedIn(t, letters); ended != crashes || exits != crashes || started != crashes {
		t.Errorf("%d ended, %d of them by themselves, %d started; want %d", ended, exits, started, crashes)
	}
	for _, l := range letters {
		if !l.TLS || !l.Auth || strings.Join(l.To, " ") != "ops@example.org root@example.org" || l.From != "relance@example.org" {
			t.Errorf("%+v", l)
		}
	}
	if last := letters[len(letters)-1].Text; !strings.Contains(last, fmt.Sprintf("gen %d: exit: status 1", crashes)) {
		t.Errorf("the last has no last line: %s", last)
	}
}

// A mail server that stalls, refuses and comes back keeps no relaunch waiting, and at the
// end all is told, once.
func TestMailServerComesAndGoes(t *testing.T) {
	t.Parallel()
	crashes := need.Much(250, 600)
	server := mailtest.Start(t, true, false)
	server.Stall(true)
	r := startCmd(t, mailing(t, server.Port, crasher(crashes, "--post-pause", "10ms..20ms", "--post-timeout", "1m")...))
	// While it waits for the server it launches on: the next line is of a generation that
	// was started after the connection was made.
	arrival(t, server)
	r.errs.want(t, `gen 100: exit`)
	if n := len(server.Letters()); n != 0 {
		t.Fatalf("%d mails from a server that says nothing", n)
	}
	server.Refuse(nil, mailtest.Temporary)
	server.Stall(false)
	r.errs.want(t, `^relance: web: mail by smtp://127.0.0.1:\d+: not delivered, will be tried again: `)
	arrival(t, server) // it is tried again
	arrival(t, server) // and refused
	r.errs.want(t, fmt.Sprintf(`gen %d: .*giving up`, crashes))
	server.Refuse(nil, nil)
	r.errs.want(t, `^relance: web: mail by smtp://127.0.0.1:\d+: delivered at try \d+$`)
	r.wantEnd(1)
	if ended, _, started := countedIn(t, server.Letters()); ended != crashes || started != crashes {
		t.Errorf("%d ended, %d started; want %d", ended, started, crashes)
	}
}

func arrival(t testing.TB, server *mailtest.Server) {
	t.Helper()
	select {
	case <-server.Arrivals():
	case <-time.After(patience):
		t.Fatal("nobody comes to the mail server")
	}
}

// Where nothing can be delivered the end comes all the same, and what is dropped is said.
func TestMailUndelivered(t *testing.T) {
	t.Parallel()
	server := mailtest.Start(t, true, false)
	server.Stall(true)
	r := startCmd(t, mailing(t, server.Port, crasher(30, "--post-timeout", "100ms")...))
	r.errs.want(t, `^relance: web: mail by smtp://127.0.0.1:\d+: dropped, as not delivered within 100 ms \(--post-timeout\): a message of 30 events$`)
	r.wantEnd(1)
}

// hook is a receiver of webhooks, which answers as it is told.
type hook struct {
	*httptest.Server
	mu      sync.Mutex
	answer  int // 0: none
	bodies  []map[string]any
	came    chan struct{}
	release chan struct{}
}

func newHook(t testing.TB, answer int) *hook {
	h := &hook{answer: answer, came: make(chan struct{}, 1000), release: make(chan struct{})}
	h.Server = httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) set(answer int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer = answer
}

func (h *hook) serve(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	text, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(text, &body)
	}
	mac := hmac.New(sha256.New, []byte("sesame"))
	mac.Write(text)
	if r.Header.Get("X-Relance-Signature") != "sha256="+hex.EncodeToString(mac.Sum(nil)) {
		err = errors.New("forged")
	}
	h.mu.Lock()
	answer := h.answer
	if answer == 200 && err == nil {
		h.bodies = append(h.bodies, body)
	}
	h.mu.Unlock()
	select {
	case h.came <- struct{}{}:
	default:
	}
	if answer == 0 {
		<-h.release
		answer = 500
	}
	w.Header().Set("Location", "/elsewhere")
	w.WriteHeader(answer)
}

// total adds up what the posts have counted.
func (h *hook) total(t testing.TB) (ended, started float64) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, body := range h.bodies {
		started += body["started"].(float64)
		for _, n := range body["ended"].(map[string]any) {
			ended += n.(float64)
		}
		if body["events_missing"] != 0.0 || body["name"] != "web" || body["text"] == "" {
			t.Errorf("%v", body)
		}
	}
	return ended, started
}

func (h *hook) wait(t testing.TB) {
	t.Helper()
	select {
	case <-h.came:
	case <-time.After(patience):
		t.Fatal("nobody comes to the webhook")
	}
}

// Who signals relance and then its group, at once, as timeout(1) does, asks once: what is
// still to be told is waited for, also where the command has left between the two.
func TestWebhookAskedAtOnce(t *testing.T) {
	t.Parallel()
	h := newHook(t, 0)
	defer close(h.release)
	for range 20 { // since on a busy machine the second signal may come too late to be of the same request
		r := start(t, relance(), "--webhook", h.URL, "--webhook-on", "all", "--post-timeout", "1s", "--", "sh", "-c", "echo up; exec sleep 1000")
		r.out.want(t, "^up$")
		r.signal(unix.SIGTERM)
		h.wait(t)
		r.signal(unix.SIGTERM)
		<-r.done
		if statusOf(r.cmd.ProcessState) == 143 {
			r.errs.want(t, `dropped, as not delivered within 1 s \(--post-timeout\)`)
			return
		}
	}
	t.Error("the second of two signals at once ends it")
}

// A receiver that hangs, answers 500 and redirects keeps no relaunch waiting; and nothing
// is lost but the message that it would not take, whose counts are in the next.
func TestWebhookComesAndGoes(t *testing.T) {
	t.Parallel()
	crashes := need.Much(250, 600)
	h := newHook(t, 0)
	cmd := exec.Command(relance(), crasher(crashes, "--post-pause", "10ms..20ms", "--post-timeout", "1m", "--webhook", h.URL+"/hush")...)
	cmd.Env = append(os.Environ(), "RELANCE_WEBHOOK_SECRET=sesame")
	r := startCmd(t, cmd)
	h.wait(t)
	r.errs.want(t, `gen 100: exit`)
	h.set(302)
	close(h.release)
	r.errs.want(t, `^relance: web: webhook to 127.0.0.1:\d+: not delivered, will be tried again: it answered 500`)
	r.errs.want(t, `^relance: web: webhook to 127.0.0.1:\d+: a message of \d+ events? is refused and dropped, .*302 Found; give the address that it leads to`)
	h.set(200)
	r.wantEnd(1)
	if ended, started := h.total(t); ended != float64(crashes) || started != float64(crashes) {
		t.Errorf("%v ended, %v started; want %d", ended, started, crashes)
	}
	if all := r.errs.all(); strings.Contains(all, "hush") || strings.Contains(all, "sesame") {
		t.Error("the address or the secret is in the log")
	}
}

// What is a secret is in no environment of the command, and not in what --print-config
// prints.
func TestPostSecrets(t *testing.T) {
	t.Parallel()
	flags := []string{"--mail-to", "root@localhost", "--smtp-url", "smtp://me@localhost:9", "--webhook", "http://127.0.0.1:9/"}
	with := append(os.Environ(), "RELANCE_SMTP_PASSWORD=sesame", "RELANCE_WEBHOOK_SECRET=sesame", "LEFT=alone")
	for _, words := range [][]string{{"--print-config"}, {"--", "env"}, {"--", "sh", "-c", "tr '\\0' '\\n' </proc/$PPID/environ; exit 0"}} {
		cmd := exec.Command(relance(), append(flags, words...)...)
		cmd.Env = with
		got := runCmd(t, cmd)
		if got.status != 0 || strings.Contains(got.out+got.stderr, "sesame") {
			t.Errorf("%q: %+v", words, got)
		}
		if words[0] == "--" && !strings.Contains(got.out, "LEFT=alone\n") {
			t.Errorf("an environment without the rest: %s", got.out)
		}
	}
	// The control: who does not send gives it on.
	cmd := exec.Command(relance(), "--", "sh", "-c", "env; tr '\\0' '\\n' </proc/$PPID/environ")
	cmd.Env = with
	if got := runCmd(t, cmd); strings.Count(got.out, "sesame") != 4 {
		t.Errorf("%s", got.out)
	}
}

// Who ends badly, and is not launched again, is told of too; who ends well is not.
func TestMailLastCrash(t *testing.T) {
	t.Parallel()
	for exit, want := range map[int]int{0: 0, 3: 1} {
		server := mailtest.Start(t, true, false)
		r := startCmd(t, mailing(t, server.Port, "--", "sh", "-c", fmt.Sprintf("exit %d", exit)))
		r.wantEnd(exit)
		letters := server.Letters()
		if len(letters) != want {
			t.Errorf("status %d: %d mails", exit, len(letters))
		}
		for _, l := range letters {
			if !strings.Contains(l.Text, "Subject: sh on ") || !strings.Contains(l.Text, "gen 1: exit: status 3 after") {
				t.Errorf("%s", l.Text)
			}
		}
	}
}

// The last lines of stderr are those of the generation that it is about, and where stdout is
// the same file the order of the two stays what it was.
func TestKeepStderr(t *testing.T) {
	t.Parallel()
	h := newHook(t, 200)
	cmd := exec.Command(relance(), "--webhook", h.URL, "--keep-stderr", "3", "--name", "web", "--", "sh", "-c",
		`for i in 1 2 3 4 5; do echo "out $i"; echo "line $i" >&2; done; printf 'half a' >&2; exit 3`)
	cmd.Env = append(os.Environ(), "RELANCE_WEBHOOK_SECRET=sesame", "RELANCE_POST_TIMEOUT=2m")
	if got := runCmd(t, cmd); got.status != 3 || got.out != "out 1\nout 2\nout 3\nout 4\nout 5\n" || !strings.Contains(got.stderr, "line 5\nhalf a") {
		t.Errorf("%+v", got)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.bodies) != 1 || fmt.Sprint(h.bodies[0]["stderr"]) != "[line 4 line 5 half a]" || h.bodies[0]["stderr_generation"] != 1.0 {
		t.Fatalf("%v", h.bodies)
	}
	if text := h.bodies[0]["text"].(string); !strings.HasSuffix(text, "The last lines of stderr of gen 1:\n  line 4\n  line 5\n  half a") {
		t.Errorf("%s", text)
	}
}

// Of stdout and stderr in one file each line is where it was written.
func TestKeepOneFile(t *testing.T) {
	t.Parallel()
	h := newHook(t, 200)
	cmd := exec.Command(relance(), "--webhook", h.URL, "--keep-stderr", "4", "--name", "web", "--", "sh", "-c",
		`for i in 1 2 3 4 5 6 7 8 9; do echo "out $i"; echo "err $i" >&2; done; exit 3`)
	cmd.Env = append(os.Environ(), "RELANCE_WEBHOOK_SECRET=sesame", "RELANCE_POST_TIMEOUT=2m")
	file, err := os.Create(filepath.Join(t.TempDir(), "both"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd.Stdout, cmd.Stderr = file, file
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 3 {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&want, "out %d\nerr %d\n", i, i)
	}
	if inTime(string(text)) != want.String() {
		t.Errorf("%s", text)
	}
	if got := fmt.Sprint(h.bodies[0]["stderr"]); got != "[out 8 err 8 out 9 err 9]" {
		t.Errorf("kept %s", got)
	}
}

// Who does not want to wait at the end for what cannot be delivered need not.
func TestPostNotWaited(t *testing.T) {
	t.Parallel()
	h := newHook(t, 0)
	defer close(h.release)
	r := start(t, relance(), "--webhook", h.URL, "--post-timeout", "1h", "--", "false")
	h.wait(t)
	r.errs.want(t, `^relance: webhook to 127.0.0.1:\d+: all has ended; a message of 1 event is still being delivered, for 1h at most; TERM, INT, HUP or QUIT does not wait$`)
	r.signal(syscall.SIGTERM)
	r.wantEnd(-int(syscall.SIGTERM))
}
