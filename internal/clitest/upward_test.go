package clitest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Whoever has started relance hears of it: READY when the command says so, its
// status and ours, more time when it needs that, and a sign of life twice in the
// time after which we would be taken for hung. The end of the command stays below.
func TestUpward(t *testing.T) {
	t.Parallel()
	above, path := listenAbove(t)
	cmd := exec.Command(relance(), "--notify", "ready", "--restart-signal", "USR1", "--", "sh", "-c",
		`test "$NOTIFY_SOCKET" != "$ABOVE" -a -z "$WATCHDOG_USEC" || exit 9
		trap '"$RELANCE" notify --stopping; exit 0' TERM
		"$RELANCE" notify --status 'loading it'; "$RELANCE" notify --ready --extend 7s; while :; do sleep 0.05; done`)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+path, "ABOVE="+path, "WATCHDOG_USEC=200000", "RELANCE="+relance())
	r := startCmd(t, cmd)
	r.errs.want(t, `^relance: gen 1: status: loading it$`)
	r.errs.want(t, `^relance: gen 1: up, pid \d+$`)
	r.signal(syscall.SIGUSR1)
	r.errs.want(t, `^relance: gen 2: up, pid \d+,`)
	// What must have come, and in this order; signs of life may come in between.
	want := []string{
		"STATUS=loading it", "EXTEND_TIMEOUT_USEC=7000000", "READY=1", "STATUS=gen 1: up",
		"STATUS=gen 1: asked to start anew", "READY=1", "STATUS=gen 2: up", "WATCHDOG=1", "WATCHDOG=1",
	}
	wantAbove(t, above, want...)
	r.signal(syscall.SIGTERM)
	r.wantEnd(0)
}

// A first generation that need not say that it is ready is so for who is above us, also
// where the next ones must live for a while.
func TestUpwardUnasked(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{{"--notify", "yes"}, {"--max-requests=9", "--handover"}, {"--notify", "yes", "--workers", "2"}} {
		above, path := listenAbove(t)
		cmd := exec.Command(relance(), append(flags, "--", misbehave(t), "print-signals")...)
		cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+path)
		r := startCmd(t, cmd)
		for range max(len(flags)-2, 1) { // of each worker
			r.out.want(t, "ready")
		}
		wantAbove(t, above, "READY=1")
		r.signal(syscall.SIGTERM)
		r.wantEnd(0)
	}
}

// listenAbove is the socket of whoever starts relance.
//
// It reads all the time: relance does not wait for who does not read, and soon drops what it says.
func listenAbove(t testing.TB) (above <-chan string, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	const most = 10000 // more than can come in the time that a test has
	texts := make(chan string, most)
	go func() {
		buf := make([]byte, 4096)
		for n, err := c.Read(buf); err == nil; n, err = c.Read(buf) {
			texts <- string(buf[:n])
		}
	}()
	return texts, path
}

// wantAbove waits until all of it has come, in this order; others may come in between.
func wantAbove(t testing.TB, above <-chan string, want ...string) {
	t.Helper()
	for late := time.After(patience); len(want) > 0; {
		text := ""
		select {
		case text = <-above:
		case <-late:
			t.Fatalf("waiting for %q", want)
		}
		if strings.HasPrefix(text, want[0]) {
			want = want[1:]
		}
		if strings.Contains(text, "STOPPING") || strings.Contains(text, "MAINPID") {
			t.Errorf("%q went up", text)
		}
	}
}
