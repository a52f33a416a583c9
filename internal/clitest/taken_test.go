package clitest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"relance/internal/need"
)

// binds listens where it is told, after it has read from a pipe that is there, and
// ends by itself where it cannot.
const binds = `import os, signal, socket, sys
if os.path.exists(sys.argv[2]):
    print("waiting", flush=True)
    open(sys.argv[2]).read()
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    s.bind(("127.0.0.1", int(sys.argv[1])))
except OSError as e:
    sys.exit(3)
s.listen()
print("listening", os.getpid(), flush=True)
signal.pause()
`

// A stranger takes the port of a server between two generations, so that the next one
// ends at once: relance says who has it. Before, when nobody had it, it said nothing.
func TestPortTaken(t *testing.T) {
	t.Parallel()
	port, gate := need.Port(t), filepath.Join(t.TempDir(), "gate")
	words := []string{python(t), "-c", binds, fmt.Sprint(port)}
	r := start(t, append([]string{relance(), "--restart", "on-failure", "--restart-signal", "HUP", "--min-uptime", "1h", "--backoff", "1s..1s", "--"},
		append(words, gate)...)...)
	first := pidIn(t, r.out.want(t, "^listening ([0-9]+)$"))
	r.signal(syscall.SIGHUP)
	second := pidIn(t, r.out.want(t, "^listening ([0-9]+)$"))
	r.errs.want(t, "gen 2: up")
	// By itself, and nobody has its port.
	if err := syscall.Kill(second, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	third := pidIn(t, r.out.want(t, "^listening ([0-9]+)$"))
	if strings.Contains(r.errs.all(), "still held") || first == third {
		t.Errorf("nobody has it:\n%s", r.errs.all())
	}

	if err := syscall.Mkfifo(gate, 0o600); err != nil {
		t.Fatal(err)
	}
	r.signal(syscall.SIGHUP)
	r.out.want(t, "^waiting$")
	thief := start(t, append(words, "/nowhere")...)
	pid := pidIn(t, thief.out.want(t, "^listening ([0-9]+)$"))
	if err := os.WriteFile(gate, []byte("now"), 0); err != nil {
		t.Fatal(err)
	}
	r.errs.want(t, "gen 4: exit: status 3 .*next try in")
	r.errs.want(t, fmt.Sprintf("relance: port %d is still held by python[0-9.]*, pid %d ", port, pid))
	r.signal(syscall.SIGTERM)
	<-r.done
	r.errs.wantClosed(t)
	// The next try may have begun before that, and waits at the gate then.
	if status := statusOf(r.cmd.ProcessState); status != 3 && (status != 143 || !strings.Contains(r.errs.all(), "gen 5: up")) {
		t.Errorf("status %d", status)
	}
}
