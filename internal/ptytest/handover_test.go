package ptytest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// script writes a shell script into the folder of the session.
func (s *shell) script(text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.cmd.Dir, "script"), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		s.t.Fatal(err)
	}
}

// Ctrl-C in the middle of a handover reaches both commands. It is for the one that
// serves to say whether that is the end; the one that was to take its place is never
// left behind.
func TestCtrlCInAHandover(t *testing.T) {
	for _, tt := range []struct{ name, old, next, want string }{
		{"default action", "USR1", "USR1", "rc=130"},
		{"the old one handles it", "INT:3", "USR1", "rc=3"},
		{"both handle it", "INT:3", "INT:4", "rc=3"},
		{"the new one goes on", "USR1", "INT TERM:0", "rc=130"},
		{"it goes on, and is killed", "INT:0", "INT TERM", "rc=0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := login(t)
			s.script(fmt.Sprintf("test $RELANCE_GENERATION = 1 || exec catch %s; relance notify --ready; exec catch %s", tt.next, tt.old))
			s.typed("relance --restart always --handover --ready notify --restart-signal USR1 --stop-timeout 5s -- ./script")
			s.sees("relance: gen 1: up")
			old := s.child()
			supervisor := must(t, old).ppid
			send(t, supervisor, unix.SIGUSR1)
			s.until("works on until the next one is ready")
			next := s.child()
			foreground(t, next)
			s.press(ctrlC)
			if out := s.prompt(); strings.Contains(out, "up, pid") {
				t.Errorf("it goes on: %q", out)
			}
			s.wants("echo rc=$?", tt.want)
			gone(t, old)
			gone(t, next)
			s.press("exit\n")
			s.empty()
		})
	}
}

// Who serves goes on after Ctrl-C, so all goes on: the next one takes over when it is
// ready, or is tried again if Ctrl-C has ended it: when the old one has had the time to end
// for it too, and so it is said.
func TestCtrlCInAHandoverGoesOn(t *testing.T) {
	s := login(t)
	s.script("test $RELANCE_GENERATION != 2 || exec catch USR1; relance notify --ready; exec catch INT TERM:0")
	s.typed("relance --restart always --handover --ready notify --restart-signal USR1 --backoff 1ms..1ms --min-uptime 1us --stop-timeout 5s -- ./script")
	s.sees("relance: gen 1: up")
	old := s.child()
	supervisor := must(t, old).ppid
	send(t, supervisor, unix.SIGUSR1)
	s.until("works on until the next one is ready")
	foreground(t, s.child())
	s.press(ctrlC)
	s.until("relance: gen 2: .*next try in [1-5](\\.[0-9]+)? s; the old one works on\n")
	s.sees("relance: gen 3: up")
	next := s.child()
	gone(t, old)
	send(t, supervisor, unix.SIGTERM)
	gone(t, next)
	s.prompt()
}
