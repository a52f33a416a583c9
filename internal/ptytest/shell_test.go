package ptytest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/misbehave/misbehavetest"
	"relance/internal/need"
)

// shell is a terminal with an interactive bash on it, and perhaps another one
// inside that.
type shell struct {
	*terminal
	// level is the depth of the shell that is being typed at: its prompt.
	level int
}

// login opens a terminal with a shell.
func login(t *testing.T) *shell {
	t.Helper()
	need.Program(t, "bash", "bash")
	s := &shell{terminal: open(t, "bash", "--norc", "-i"), level: 1}
	s.prompt()
	return s
}

// inner starts a second shell in the first, in this arm.
func (s *shell) inner(a arm) {
	s.t.Helper()
	s.typed(a.with + "bash --norc -i")
	s.level++
	s.prompt()
}

// prompt waits for the prompt and returns what was shown before it.
func (s *shell) prompt() string {
	s.t.Helper()
	return s.until(regexp.QuoteMeta(fmt.Sprintf("<%d> ", s.level)))
}

// typed types a command and waits for its echo. The next to come is its output.
func (s *shell) typed(command string) {
	s.t.Helper()
	s.press(command + "\n")
	s.until(regexp.QuoteMeta(command) + "\n")
}

// run types a command and returns what it has put out until the next prompt.
func (s *shell) run(command string) string {
	s.t.Helper()
	s.typed(command)
	return s.prompt()
}

// wants runs a command and compares its output.
func (s *shell) wants(command, want string) {
	s.t.Helper()
	if got := s.run(command); strings.TrimSpace(got) != want {
		s.t.Errorf("%s: %q, want %q", command, got, want)
	}
}

// child waits for the ready line of a program and returns its pid.
func (term *terminal) child() int {
	term.t.Helper()
	pid, err := strconv.Atoi(term.next(`ready pid=(\d+)\n`))
	if err != nil {
		term.t.Fatal(err)
	}
	return pid
}

// supervisor is who gets the signals that are meant for the child: the process
// that a shell knows.
func (a arm) supervisor(t *testing.T, child int) int {
	t.Helper()
	if a.wrapped() {
		return must(t, child).ppid
	}
	return child
}

// send sends a signal as kill(1) does.
func send(t *testing.T, pid int, sig unix.Signal) {
	t.Helper()
	if err := unix.Kill(pid, sig); err != nil {
		t.Fatalf("%v to %d: %v", sig, pid, err)
	}
}

// caught returns what a child that prints its signals has shown since: a signal
// sent through the supervisor comes after all that it has passed on before.
func (term *terminal) caught(a arm, child int) string {
	term.t.Helper()
	send(term.t, a.supervisor(term.t, child), unix.SIGUSR1)
	return strings.Trim(strings.NewReplacer("^C", "", "^Z", "", "^\\", "").Replace(term.until(`10 code=0 from=\d+\n|caught USR1\n`)), "\n")
}

// fromTerminal is what raw says of a signal that the kernel has sent.
func fromTerminal(sig unix.Signal) string { return fmt.Sprintf("%d code=128 from=0", sig) }

// Ctrl-C, Ctrl-\ and a change of the window's size reach a foreground program
// once, and a shell inside lives on.
func TestKeysReachTheJobOnce(t *testing.T) {
	misbehavetest.Raw(t)
	bothArms(t, func(t *testing.T, a arm) {
		for _, depth := range []string{"job of the shell", "job of a shell inside"} {
			t.Run(depth, func(t *testing.T) {
				s := login(t)
				command := a.with + "raw print-signals"
				within := a
				if depth == "job of a shell inside" {
					s.inner(a)
					command, within = "raw print-signals", arm{}
				}
				s.typed(command)
				pid := s.child()
				s.press(ctrlC)
				s.sees(`2 code`)
				if got := s.caught(within, pid); got != fromTerminal(unix.SIGINT) {
					t.Errorf("Ctrl-C: %q", got)
				}
				s.press(ctrlBackslash)
				s.sees(`3 code`)
				if got := s.caught(within, pid); got != fromTerminal(unix.SIGQUIT) {
					t.Errorf("Ctrl-\\: %q", got)
				}
				s.resize(30, 100)
				s.sees(`28 code`)
				if got := s.caught(within, pid); got != fromTerminal(unix.SIGWINCH) {
					t.Errorf("a new size: %q", got)
				}
				send(t, within.supervisor(t, pid), unix.SIGTERM)
				s.prompt()
				s.wants("stty size", "30 100")
				if s.level == 2 {
					s.press("exit 7\n")
					s.level--
					s.prompt()
					s.wants("echo rc=$?", "rc=7")
				}
				s.press("exit\n")
				s.empty()
			})
		}
	})
}
