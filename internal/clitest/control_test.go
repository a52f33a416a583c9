package clitest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/await"
	"relance/internal/need"
	"relance/report"
	"relance/status"
)

// desk is a folder of control sockets of its own.
type desk struct {
	t      *testing.T
	folder string
}

func newDesk(t *testing.T) desk {
	d := desk{t, t.TempDir()}
	for _, at := range []string{d.folder, filepath.Dir(d.folder)} {
		if err := os.Chmod(at, 0o755); err != nil { // for other users
			t.Fatal(err)
		}
	}
	return d
}

func (d desk) command(words ...string) *exec.Cmd {
	cmd := exec.Command(relance(), words...)
	cmd.Env = append(os.Environ(), "RUNTIME_DIRECTORY="+d.folder, "XDG_RUNTIME_DIR=")
	return cmd
}

// begin starts a relance that says ready.
func (d desk) begin(words ...string) *running {
	d.t.Helper()
	r := startCmd(d.t, d.command(words...))
	r.out.want(d.t, "^ready$")
	return r
}

// ask runs relance status and its like.
func (d desk) ask(words ...string) result {
	d.t.Helper()
	return runCmd(d.t, d.command(words...))
}

func (d desk) path(name string) string { return filepath.Join(d.folder, "relance", name+".sock") }

func (d desk) status(name string) (s status.Status) {
	d.t.Helper()
	r := d.ask("status", "--json", name)
	if r.status != 0 || r.stderr != "" || strings.Count(r.out, "\n") != 1 {
		d.t.Fatalf("%+v", r)
	}
	if err := json.Unmarshal([]byte(r.out), &s); err != nil {
		d.t.Fatal(err)
	}
	return s
}

// sleeper says ready, and sleeps.
var sleeper = []string{"--", "sh", "-c", "echo ready; exec sleep 1000"}

// TestControl: what runs is told, recycled and ended by its name.
func TestControl(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	r := d.begin(append([]string{"--name", "desk", "--max-requests", "10"}, sleeper...)...)
	s := d.status("desk")
	if s.Name != "desk" || s.PID != r.pid || len(s.Workers) != 1 || s.Workers[0].Generation != 1 || s.Workers[0].State != "up" || s.Workers[0].Memory == 0 {
		t.Fatalf("%+v", s)
	}
	first := s.Workers[0].PID
	eventually(t, "it sleeps", func() bool { // the shell says ready before
		return strings.HasPrefix(contentOf(fmt.Sprintf("/proc/%d/cmdline", first)), "sleep") && state(t, first) == 'S'
	})
	if got := d.ask("ps", "desk"); got.status != 0 || !strings.Contains(got.out, fmt.Sprintf("1  %d  %d  S", first, r.pid)) || !strings.Contains(got.out, "sleep 1000") {
		t.Errorf("ps: %+v", got)
	}

	got := d.ask("restart", "desk")
	if got.status != 0 || got.stderr != "" || !strings.Contains(got.out, "gen 1: asked to start anew by control: uid ") || !strings.Contains(got.out, "gen 2: up, pid ") {
		t.Errorf("restart: %+v", got)
	}
	s = d.status("desk")
	if s.Workers[0].Generation != 2 || len(s.Ends) != 1 || s.Ends[0].Reason != "asked" || s.Reasons["asked"] != 1 || s.Missed != 0 {
		t.Errorf("%+v", s)
	}
	// What the log says is what the events say.
	said := r.errs.want(t, `^relance: desk: (gen 2: up, pid .*)$`)[1]
	got = d.ask("events", "desk")
	if got.status != 0 || !strings.Contains(got.out, " "+said+"\n") || !strings.Contains(got.out, "gen 1: started, pid "+strconv.Itoa(first)) {
		t.Errorf("events: %+v; the log says %q", got, said)
	}
	got = d.ask("events", "desk", "--json")
	for i, line := range strings.Split(strings.TrimSpace(got.out), "\n") {
		var e report.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Seq != uint64(i+1) || e.Name != "desk" {
			t.Errorf("%s: %v", line, err)
		}
	}

	// A follower hears of the end, and who stops it waits for that.
	follower := startCmd(t, d.command("events", "desk", "--follow"))
	follower.out.want(t, "gen 2: up")
	if got := d.ask("stop", "desk"); got.status != 0 || !strings.Contains(got.out, "gen 2: asked to end by control: uid ") {
		t.Errorf("stop: %+v", got)
	}
	// It is reaped by us some time later.
	if s := state(t, r.pid); s != 0 && s != 'Z' && s != 'X' {
		t.Errorf("stop has not waited: state %q", s)
	}
	r.wantEnd(128 + int(unix.SIGTERM))
	follower.out.want(t, "gen 2: asked to end")
	follower.wantEnd(0)
	if left, err := os.ReadDir(filepath.Dir(d.path("desk"))); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if got := d.ask("status", d.path("desk")); got.status != 125 || !strings.Contains(got.stderr, "no such file or directory") {
		t.Errorf("nobody: %+v", got)
	}
}

// TestControlFailed: restart says so where the next generation does not come up.
func TestControlFailed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	once := filepath.Join(t.TempDir(), "once")
	r := d.begin("--name", "x", "--restart", "on-failure", "--ready", "fd:4", "--",
		"sh", "-c", "[ -e "+once+" ] && exit 3; touch "+once+"; echo >&4; echo ready; exec sleep 1000")
	got := d.ask("restart", d.path("x"))
	if got.status != 1 || !strings.Contains(got.out, "gen 2: exit: status 3") {
		t.Errorf("%+v", got)
	}
	if got := d.ask("restart", d.path("x"), "--no-wait"); got.status != 0 || got.out != "" {
		t.Errorf("without waiting: %+v", got)
	}
	r.signal(syscall.SIGTERM)
	<-r.done // with the status of whichever generation was there
}

// TestControlPlace: what is only run has no socket, a path that is asked for is taken
// from nobody who lives, and a stale one is replaced.
func TestControlPlace(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	names := func() (all []string) {
		entries, _ := os.ReadDir(filepath.Join(d.folder, "relance"))
		for _, e := range entries {
			all = append(all, e.Name())
		}
		return all
	}
	bare := d.begin(sleeper...)
	none := d.begin(append([]string{"--every", "1h", "--control", "none"}, sleeper...)...)
	if got := names(); got != nil {
		t.Errorf("sockets that nobody wants: %v", got)
	}
	named := d.begin(append([]string{"--name", "solo"}, sleeper...)...)
	if got := names(); len(got) != 1 || got[0] != "solo.sock" {
		t.Errorf("the socket of one that has a name: %v", got)
	}
	path := filepath.Join(t.TempDir(), "x.sock")
	first := d.begin(append([]string{"--control", path}, sleeper...)...)
	got := d.ask("--control", path, "--", "touch", filepath.Join(d.folder, "started"))
	want := fmt.Sprintf("relance: error: --control %s: address already in use by relance, pid %d; stop it, or use another address\n", path, first.pid)
	if got.status != 125 || got.stderr != want {
		t.Errorf("%+v, want %q", got, want)
	}
	first.signal(syscall.SIGKILL)
	first.wantEnd(-9)
	second := d.begin(append([]string{"--control", path}, sleeper...)...)
	if s := d.status(path); s.PID != second.pid {
		t.Errorf("%+v", s)
	}
	missing := d.ask("--control", "/nowhere/x.sock", "--", "touch", filepath.Join(d.folder, "started"))
	if missing.status != 125 || !strings.Contains(missing.stderr, "relance: error: --control /nowhere/x.sock: ") || !strings.Contains(missing.stderr, "mkdir -p /nowhere") {
		t.Errorf("%+v", missing)
	}
	if _, err := os.Stat(filepath.Join(d.folder, "started")); err == nil {
		t.Error("something was started")
	}
	for _, r := range []*running{bare, none, named, second} {
		r.signal(syscall.SIGTERM)
		r.wantEnd(128 + 15)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the file is left behind")
	}
}

// TestControlOfOthers: a command that runs as another user does not reach the socket of
// its relance, nor that of a neighbour; control: the same command as ourselves does.
func TestControlOfOthers(t *testing.T) {
	t.Parallel()
	need.Root(t, "to be another user")
	d := newDesk(t)
	neighbour := d.begin(append([]string{"--name", "neighbour", "--every", "1h"}, sleeper...)...)
	try := func(want string, names []string, flags ...string) {
		t.Helper()
		script := `for name in "$@"; do ` + relance() + ` restart "$name" --no-wait; echo "$name $?"; done; ls -l /proc/self/fd; echo ready; exec sleep 1000`
		words := append([]string{"--name", "own", "--every", "1h"}, flags...)
		r := startCmd(t, d.command(append(append(words, "--", "sh", "-c", script, "sh"), names...)...))
		for _, name := range names {
			r.out.want(t, "^"+name+" "+want+"$")
		}
		r.out.want(t, "^ready$")
		if all := r.out.all(); strings.Contains(all, "socket:") {
			t.Errorf("a socket of ours is among its descriptors:\n%s", all)
		}
		r.signal(syscall.SIGTERM)
		<-r.done
	}
	before := d.status("neighbour").Generations
	try("125", []string{"own", "neighbour", d.path("own"), d.path("neighbour")}, "--user", "65534:65534", "--rlimit", "nofile=100")
	if after := d.status("neighbour").Generations; after != before {
		t.Errorf("the neighbour was recycled: %d, %d", before, after)
	}
	try("0", []string{"neighbour", d.path("neighbour")})
	neighbour.errs.want(t, "asked to start anew")
	neighbour.signal(syscall.SIGTERM)
	neighbour.wantEnd(128 + 15)
}

// TestControlUnderFire: clients that send rubbish, nothing, or half of it, and thousands
// at once: relance stays small, answers, and recycles as ever.
func TestControlUnderFire(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	r := d.begin(append([]string{"--name", "x", "--every", "1h", "--restart-signal", "USR1"}, sleeper...)...)
	d.status(d.path("x"))
	before := anonymous(t, r.pid)
	for _, text := range []string{
		"\x00\xff\xfe", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", strings.Repeat("GET /v1/status", 10000), "POST /v1/stop HTTP/1.1\r\nHost: x\r\nContent-Length: nine\r\n\r\n",
		"POST /v1/stop\r\n\r\n", "GET /v1/stop HTTP/1.1\r\nHost: x\r\n\r\n", "POST /v1/sto HTTP/1.1\r\nHost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	} {
		conn, err := net.Dial("unix", d.path("x"))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		_, _ = io.WriteString(conn, text) // it may be cut short
		_ = conn.(*net.UnixConn).CloseWrite()
		answer, _ := io.ReadAll(conn)
		if !strings.HasPrefix(string(answer), "HTTP/1.1 4") && !strings.HasPrefix(string(answer), "HTTP/1.1 505 ") {
			t.Errorf("%.40q: %q", text, answer)
		}
		conn.Close()
	}
	for i := range 10000 {
		var conn net.Conn
		await.Fact(t, "a connection", func() (bool, string) { // the queue is full: who does not block must come again
			var err error
			conn, err = net.Dial("unix", d.path("x"))
			return err == nil, fmt.Sprint(err)
		})
		defer conn.Close()
		if i%2 == 0 {
			_, _ = io.WriteString(conn, "GET /v1/st") // or it had to make room already
		}
		if i >= 2000 {
			conn.Close() // for want of descriptors here
		}
	}
	if got := d.ask("restart", d.path("x")); got.status != 0 || !strings.Contains(got.out, "gen 2: up") {
		t.Errorf("%+v", got)
	}
	r.signal(syscall.SIGUSR1)
	r.errs.want(t, "gen 3: up")
	// The Go runtime collects no garbage below 4 MB.
	if after := anonymous(t, r.pid); after > before+6<<20 {
		t.Errorf("it has grown from %d kB to %d kB", before>>10, after>>10)
	}
	r.signal(syscall.SIGTERM)
	r.wantEnd(128 + 15)
}

// TestControlByHTTP: a client of HTTP that knows nothing of relance can use it.
func TestControlByHTTP(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	r := d.begin(append([]string{"--name", "x", "--every", "1h"}, sleeper...)...)
	client := http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", d.path("x")) },
	}}
	get, err := client.Get("http://relance/v1/status")
	if err != nil {
		t.Fatal(err)
	}
	defer get.Body.Close()
	var s status.Status
	if err := json.NewDecoder(get.Body).Decode(&s); err != nil || s.PID != r.pid {
		t.Errorf("%+v, %v", s, err)
	}
	post, err := client.Post("http://relance/v1/stop", "text/plain", strings.NewReader("now, please"))
	if err != nil || post.StatusCode != http.StatusAccepted {
		t.Errorf("%+v, %v", post, err)
	}
	defer post.Body.Close()
	r.wantEnd(128 + 15)
}

// TestStatusInPipe: what --watch writes into a pipe is plain lines, one status after the
// other.
func TestStatusInPipe(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	r := d.begin(append([]string{"--name", "x", "--every", "1h"}, sleeper...)...)
	w := startCmd(t, d.command("status", d.path("x"), "--watch", "--interval", "100ms"))
	for range 3 {
		w.out.want(t, "^gen 1: up for ")
	}
	if all := w.out.all(); strings.ContainsAny(all, "\x1b\r") {
		t.Errorf("%q", all)
	}
	w.signal(syscall.SIGINT)
	w.wantEnd(-int(unix.SIGINT))
	r.signal(syscall.SIGTERM)
	r.wantEnd(128 + 15)
}
