package ptytest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/misbehave/misbehavetest"
	"relance/internal/need"
)

// As the leader of its session relance is what "docker run -it" starts: there is
// no shell above it.
func TestLeader(t *testing.T) {
	misbehavetest.Raw(t)
	bothArms(t, func(t *testing.T, a arm) {
		term := open(t, a.argv("raw", "print-signals")...)
		pid := term.child()
		for _, key := range []struct {
			press string
			sig   unix.Signal
		}{{ctrlC, unix.SIGINT}, {ctrlBackslash, unix.SIGQUIT}} {
			term.press(key.press)
			term.sees(` code`)
			if got := term.caught(a, pid); got != fromTerminal(key.sig) {
				t.Errorf("%v from the terminal: %q", key.sig, got)
			}
		}
		send(t, a.supervisor(t, pid), unix.SIGTERM)
		if status := term.status(); status.ExitStatus() != 0 {
			t.Errorf("ended with %#x", status)
		}
		term.empty()
	})
}

// Ctrl-Z does nothing where nobody could let the program go on.
func TestLeaderIsNotStopped(t *testing.T) {
	bothArms(t, func(t *testing.T, a arm) {
		term := open(t, a.argv("catch", "INT", "USR1")...)
		pid := term.child()
		term.press(ctrlZ + ctrlC)
		term.sees("caught INT")
		if got := term.caught(a, pid); got != "caught INT" {
			t.Errorf("Ctrl-Z and Ctrl-C: %q", got)
		}
		term.press(ctrlBackslash)
		term.empty()
	})
}

// A child that is stopped where no shell looks after it does not stop relance:
// nobody would let it go on.
func TestLeaderOutlivesStop(t *testing.T) {
	term := open(t, "relance", "--", "catch", "TERM:3")
	pid := term.child()
	for range 3 {
		send(t, pid, unix.SIGSTOP)
		reaches(t, pid, "T")
		send(t, term.cmd.Process.Pid, unix.SIGCONT)
		reaches(t, pid, "S")
	}
	send(t, pid, unix.SIGSTOP)
	reaches(t, pid, "T")
	send(t, term.cmd.Process.Pid, unix.SIGTERM)
	term.until("caught TERM\n")
	if status := term.status(); status.ExitStatus() != 3 {
		t.Errorf("ended with %#x", status)
	}
}

// When the terminal is closed the leader of the session gets HUP and CONT; a
// program that takes no notice loses its terminal, and one that does not know
// better ends.
func TestHangup(t *testing.T) {
	misbehavetest.Raw(t)
	bothArms(t, func(t *testing.T, a arm) {
		t.Run("told once", func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "signals")
			term := open(t, append([]string{"sh", "-c", `exec "$@" >` + file, "sh"}, a.argv("raw", "print-signals")...)...)
			read := func() string { b, _ := os.ReadFile(file); return string(b) }
			wait := func(text string) {
				t.Helper()
				eventually(t, "told of "+text, func() (bool, string) { return strings.Contains(read(), text), read() })
			}
			wait("ready")
			term.hangup()
			wait("\n1 code=")
			wait("\n18 code=")
			send(t, term.cmd.Process.Pid, unix.SIGUSR1)
			wait("10 code=")
			send(t, term.cmd.Process.Pid, unix.SIGTERM)
			term.empty()
			lines := strings.Split(strings.TrimSpace(read()), "\n")
			var got []string
			for _, line := range lines[1:] {
				number, _, _ := strings.Cut(line, " ")
				got = append(got, number)
			}
			// Two threads of relance may hear of the first two.
			all := strings.Join(got, " ")
			if all != "1 18 10 15" && !(a.wrapped() && all == "18 1 10 15") {
				t.Errorf("signals %v, want HUP, CONT, USR1, TERM\n%s", got, read())
			}
		})
		t.Run("ends", func(t *testing.T) {
			term := open(t, a.argv("sh", "-c", `sleep 100 & echo ready pid=$!; wait`)...)
			term.child()
			term.hangup()
			term.empty()
		})
		t.Run("ends a shell", func(t *testing.T) {
			need.Program(t, "bash", "bash")
			term := open(t, a.argv("bash", "--norc", "-i")...)
			s := &shell{terminal: term, level: 1}
			s.prompt()
			s.typed("catch USR1 &")
			s.child()
			s.typed("catch USR2")
			s.child()
			term.hangup()
			term.empty()
		})
	})
}

// A shell is closed with jobs in it: they get the hangup from the shell.
func TestHangupOfShell(t *testing.T) {
	bothArms(t, func(t *testing.T, a arm) {
		s := login(t)
		s.typed(a.with + "sleep 100 &")
		s.prompt()
		s.typed(a.with + "catch USR1")
		s.child()
		s.press(ctrlZ)
		s.until(`Stopped`)
		s.prompt()
		s.typed(a.with + "catch USR1")
		s.child()
		s.hangup()
		s.empty()
	})
}
