package ptytest

import (
	"testing"

	"relance/internal/need"
)

// A pager at the end of a pipeline reads its keys from the terminal.
func TestPager(t *testing.T) {
	bothArms(t, func(t *testing.T, a arm) {
		for _, command := range []string{
			a.with + "seq 100000 | key",
			"seq 100000 | " + a.with + "key",
			a.with + "seq 100000 | " + a.with + "key",
			a.with + "sh -c 'seq 100000 | key'",
		} {
			t.Run(command, func(t *testing.T) {
				s := login(t)
				s.typed(command)
				s.until("100000 lines, press a key\n")
				s.press("q")
				s.until(`pressed "q"\n`)
				s.prompt()
				s.wants("echo rc=$?", "rc=0")

				s.typed(command)
				s.until("100000 lines, press a key\n")
				s.press(ctrlZ)
				s.until(`\[1\]\+  Stopped`)
				s.prompt()
				s.pagerStopped()
				s.typed("fg")
				s.until("press a key\n")
				s.press("q")
				s.until(`pressed "q"\n`)
				s.prompt()
				s.wants("echo rc=$?", "rc=0")

				s.typed(command)
				s.until("100000 lines, press a key\n")
				s.press(ctrlC)
				s.prompt()
				s.wants("echo rc=$?", "rc=130")
			})
		}
	})
}

// pagerStopped waits until the pager has stopped too. The shell prompts when the
// process that it waits for has; until the pager has had its turn on a busy
// machine it would still take what is typed next.
func (s *shell) pagerStopped() {
	s.t.Helper()
	eventually(s.t, "stopped", func() (bool, string) {
		for _, p := range session(s.cmd.Process.Pid) {
			if p.name == "key" {
				return p.state == "T", p.String()
			}
		}
		return false, "no pager"
	})
}

// Ctrl-C ends a script when it has ended the program that the script waits for,
// and not when that program has made up its mind to end otherwise.
func TestScript(t *testing.T) {
	need.Program(t, "bash", "bash")
	need.Program(t, "dash", "dash")
	bothArms(t, func(t *testing.T, a arm) {
		dies := a.with + `sh -c "echo rea""dy pid=\$\$; exec sleep 100"`
		handles := a.with + "catch INT:0"
		for _, tt := range []struct {
			name, command, want, status string
		}{
			{"sh", "sh -c '" + dies + "; echo after'", "^C\n", "rc=130"},
			{"bash", "bash -c '" + dies + "; echo after'", "^C\n", "rc=130"},
			// dash ends whatever the program says, bash goes on.
			{"sh, handled", "dash -c '" + handles + "; echo after'", "^Ccaught INT\n\n", "rc=130"},
			{"bash, handled", "bash -c '" + handles + "; echo after'", "^Ccaught INT\nafter\n", "rc=0"},
			{"loop", "for i in 1 2 3; do " + dies + "; echo after; done", "^C\n", "rc=130"},
			{"list", dies + "; echo after", "^C\n", "rc=130"},
			{"or", dies + " || echo after", "^C\n", "rc=130"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				s := login(t)
				s.typed(tt.command)
				s.child()
				s.press(ctrlC)
				if got := s.prompt(); got != tt.want {
					t.Errorf("shown: %q, want %q", got, tt.want)
				}
				s.wants("echo rc=$?", tt.status)
			})
		}
	})
}
