package clitest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// wrappings are the ways to put relance before a command that must not show.
var wrappings = map[string][]string{
	"plain":  {"relance"},
	"dashes": {"relance", "--"},
	"run":    {"relance", "run", "--"},
	// A flag makes relance read its flags, say what it does and watch.
	"flags": {
		"relance", "--name", "x", "--log-format", "json", "--memory-high", "100G",
		"--stop-timeout", "3s", "--restart", "on-failure", "--rewrite", "USR1=none", "--",
	},
	"exec": {"relance", "exec", "--"},
}

// bareCases are what a process may be given; the command must get the same
// behind relance. What raw shows: the descriptors with their flags, the signal
// mask, the ignored and caught signals, the umask, the capabilities, all limits,
// nice, oom_score_adj, environment, folder and arguments.
func bareCases() map[string]given {
	usual := []string{"PATH=/usr/bin:/bin", "HOME=/", "A=1"}
	return map[string]given{
		"usual":           {Env: bytesOf(usual)},
		"ignored":         {Env: bytesOf(usual), Ignored: bit(unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGPIPE, unix.SIGUSR1, unix.SIGCHLD, unix.SIGTSTP, unix.SIGURG, unix.SIGPROF, 34, 64)},
		"everyIgnored":    {Env: bytesOf(usual), Ignored: ^uint64(0)},
		"blocked":         {Env: bytesOf(usual), Blocked: bit(unix.SIGHUP, unix.SIGTERM, unix.SIGINT, unix.SIGCHLD, unix.SIGPIPE, unix.SIGUSR2, unix.SIGURG, unix.SIGALRM, 34, 64)},
		"everyBlocked":    {Env: bytesOf(usual), Blocked: ^uint64(0)},
		"fewFiles":        {Env: bytesOf(usual), NoFile: &syscall.Rlimit{Cur: 64, Max: 100}},
		"sameFiles":       {Env: bytesOf(usual), NoFile: &syscall.Rlimit{Cur: 100, Max: 100}},
		"noStdin":         {Env: bytesOf(usual), Close: []int{0}},
		"noStdout":        {Env: bytesOf(usual), Close: []int{1}},
		"noStderr":        {Env: bytesOf(usual), Close: []int{2}},
		"noDescriptors":   {Env: bytesOf(usual), Close: []int{0, 1, 2, 3, 4, 5}},
		"umask":           {Env: bytesOf(usual), Umask: 0o077},
		"noEnvironment":   {Env: [][]byte{}},
		"oddEnvironment":  {Env: bytesOf([]string{"A=1", "A=2", "B", "=C", "", "D=\xff\xfe", "A=1", "E=a\nb", "PATH=/nowhere", "LISTEN_PID=1", "LISTEN_FDS=1"})},
		"twinsOfFlags":    {Env: bytesOf([]string{"RELANCE_STOP_TIMEOUT=1s", "A=1", "RELANCE_NAME=x", "A=2"})},
		"oddArguments":    {Env: bytesOf(usual), Argv: bytesOf([]string{"", "a b", "a\nb", "\xff\xfe", "--help", "-x", "--", "$HOME", "'", `"`, "é"})},
		"blockedIgnored":  {Env: bytesOf(usual), Blocked: bit(unix.SIGTERM), Ignored: bit(unix.SIGTERM, unix.SIGINT), Umask: 0o027, NoFile: &syscall.Rlimit{Cur: 32, Max: 64}, Close: []int{0, 2}},
		"longEnvironment": {Env: bytesOf([]string{"LONG=" + strings.Repeat("x", 10000)})},
	}
}

func bit(sigs ...unix.Signal) (set uint64) {
	for _, s := range sigs {
		set |= 1 << (s - 1)
	}
	return set
}

// A command behind relance is given what relance was given.
func TestBareAndWrapped(t *testing.T) {
	t.Parallel()
	program := raw(t)
	for name, g := range bareCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g.Path = program
			arguments := g.Argv
			bare := lookAt(t, g, append(bytesOf([]string{program}), arguments...))
			for name, wrapping := range wrappings {
				words := append(slices.Clone(wrapping), program)
				g.Path = relance()
				if wrapped := lookAt(t, g, append(bytesOf(words), arguments...)); wrapped != bare {
					t.Errorf("%s:\n%s", name, difference(bare, wrapped))
				}
			}
		})
	}
}

// lookAt runs raw status, the command at the end of words or at their start, with all
// of g, and returns what it says. Both times it is given the same files: 0, 1
// and 2, and two more that a program may inherit, one of them to append to.
func lookAt(t *testing.T, g given, words [][]byte) string {
	t.Helper()
	said := filepath.Join(t.TempDir(), "said")
	// The place of the command in the words is found by its name.
	at := slices.IndexFunc(words, func(w []byte) bool { return string(w) == raw(t) })
	g.Argv = slices.Concat(words[:at+1], bytesOf([]string{"status-to", said}), words[at+1:])

	launch := g.words()
	cmd := exec.Command(launch[0], launch[1:]...)
	in, out := openOnce(t, os.O_RDONLY), openOnce(t, os.O_WRONLY|os.O_APPEND)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, out
	cmd.ExtraFiles = []*os.File{openOnce(t, os.O_RDWR), openOnce(t, os.O_WRONLY|os.O_APPEND|syscall.O_NONBLOCK)}
	if r := runCmd(t, cmd); r.status != 0 {
		t.Fatalf("%q: status %d", words, r.status)
	}
	text, err := os.ReadFile(said)
	if err != nil {
		t.Fatal(err)
	}
	// The name of the file is the one difference that the test itself makes; the
	// folder in which it looks is open while it does.
	return strings.ReplaceAll(string(text), said, "SAID")
}

// openOnce opens the test's own file, the same for all runs of the test.
func openOnce(t *testing.T, flags int) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(bin(), "given-file"), flags|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// difference shows the lines that only one of the two has.
func difference(bare, wrapped string) string {
	var b bytes.Buffer
	only := func(title, text, other string) {
		lines := strings.Split(other, "\n")
		for line := range strings.SplitSeq(text, "\n") {
			if !slices.Contains(lines, line) {
				fmt.Fprintf(&b, "%s %s\n", title, line)
			}
		}
	}
	only("bare:   ", bare, wrapped)
	only("wrapped:", wrapped, bare)
	if b.Len() == 0 {
		return "the same lines in another order"
	}
	return b.String()
}
