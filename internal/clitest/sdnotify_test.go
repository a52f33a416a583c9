package clitest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// tellsSystemd says with the library of CoreOS all that a service says. It is one of
// the processes of a test.
func tellsSystemd() error {
	for _, text := range []string{"STATUS=starting", "EXTEND_TIMEOUT_USEC=5000000", "WATCHDOG_USEC=5000000", daemon.SdNotifyWatchdog, daemon.SdNotifyReady} {
		if sent, err := daemon.SdNotify(false, text); !sent || err != nil {
			return fmt.Errorf("send %s: %v, %w", text, sent, err)
		}
	}
	fmt.Println("told")
	for { // until a signal ends it, and not one of the Go runtime's own
		_ = unix.Pause()
	}
}

// Programs that speak to systemd are up when they say so, and all they say is taken.
func TestSdNotify(t *testing.T) {
	t.Parallel()
	all := "systemd-notify --status=starting; systemd-notify EXTEND_TIMEOUT_USEC=5000000 WATCHDOG_USEC=5000000 WATCHDOG=1; systemd-notify --ready; echo told; exec sleep 60"
	for name, words := range map[string]func(t *testing.T) []string{
		"systemd-notify": func(t *testing.T) []string {
			need.Program(t, "systemd-notify", "systemd")
			return []string{"sh", "-c", all}
		},
		"python": func(t *testing.T) []string {
			module(t, "python3-sdnotify", debianPython, "-c", "import sdnotify")
			return []string{debianPython, program(t, "tells_systemd.py")}
		},
		"go": func(*testing.T) []string { return []string{self(), roleWord, "tells-systemd"} },
		"node": func(t *testing.T) []string {
			node, folder := npm(t)
			return []string{node, filepath.Join(folder, "tells_systemd.cjs")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, append([]string{relance(), "--notify", "ready", "--restart-signal", "USR1", "--"}, words(t)...)...)
			r.errs.want(t, `^relance: gen 1: status: starting$`)
			r.errs.want(t, `^relance: gen 1: up, pid \d+$`)
			r.out.want(t, "^told$")
			r.signal(unix.SIGUSR1)
			r.errs.want(t, `^relance: gen 1: asked.*; stopping \(TERM, `)
			r.errs.want(t, `^relance: gen 2: up, pid \d+, .* after gen 1 ended`)
			r.out.want(t, "^told$")
			r.signal(unix.SIGTERM)
			<-r.done
			if said := r.errs.all(); strings.Contains(said, "not counted") || strings.Contains(said, "not understood") {
				t.Error("not all was taken")
			}
		})
	}
}

// The control: who does not say that it is up is not.
func TestNotReady(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--notify", "ready", "--restart-signal", "USR1", "--", "sh", "-c", "echo told; exec sleep 60")
	r.out.want(t, "^told$")
	r.signal(unix.SIGUSR1)
	r.out.want(t, "^told$")
	r.signal(unix.SIGTERM)
	<-r.done
	if said := r.errs.all(); strings.Contains(said, ": up") {
		t.Error("up though it has not said so")
	}
}

// A stranger, of another user or of ours, is refused and that is said once; what the
// command says counts.
func TestStranger(t *testing.T) {
	t.Parallel()
	for _, uid := range []int{os.Getuid(), int(ordinary())} {
		t.Run(fmt.Sprint(uid == os.Getuid()), func(t *testing.T) {
			t.Parallel()
			if uid != os.Getuid() {
				need.Root(t, "to be another user")
			}
			module(t, "python3", debianPython, "-c", "")
			more := filepath.Join(t.TempDir(), "go")
			if err := unix.Mkfifo(more, 0o600); err != nil {
				t.Fatal(err)
			}
			r := start(t, relance(), "--max-requests", "3", "--", "sh", "-c",
				`echo "$NOTIFY_SOCKET $RELANCE_SOCKET"; read x <"$1"; `+relance()+` notify --request=3; exec sleep 60`, "sh", more)
			m := r.out.want(t, `^(@\S+) (@\S+)$`)
			for range 5 {
				cmd := exec.Command(debianPython, "-c", strange, m[1], m[2])
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
				if os.Getuid() != 0 {
					cmd.SysProcAttr = nil
				}
				if out, err := cmd.Output(); err != nil || strings.TrimSpace(string(out)) != "refused" {
					t.Fatalf("%q, %v", out, err)
				}
			}
			for _, name := range []string{"NOTIFY", "RELANCE"} {
				r.errs.want(t, fmt.Sprintf(`^relance: %s_SOCKET: what process \d+ of user %d says is not counted: it does not belong to the command; `, name, uid))
			}
			if err := os.WriteFile(more, []byte("go\n"), 0); err != nil {
				t.Fatal(err)
			}
			r.errs.want(t, `^relance: gen 1: requests: 3 of 3 served after .*; stopping`)
			r.signal(unix.SIGTERM)
			<-r.done
			if n := strings.Count(r.errs.all(), "not counted"); n != 2 {
				t.Errorf("said %d times, want once for each socket", n)
			}
		})
	}
}

// strange says what is not its to say. It stays until it was looked at: the stream is
// looked at after the message, which came before.
const strange = `
import socket, sys
n, s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), socket.socket(socket.AF_UNIX)
n.connect(sys.argv[1].replace('@', '\0', 1))
n.send(b'X_RELANCE_REQUESTS=1000\nREADY=1')
s.connect(sys.argv[2].replace('@', '\0', 1))
try:
    s.send(b'count 1000\n')
    answer = s.recv(100)
except OSError:
    answer = b''
print(answer or 'refused')
`
