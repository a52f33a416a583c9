package ptytest

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Ctrl-C that ends the child ends relance, even if it would relaunch after any
// other end; it is for the child to say.
func TestCtrlCEndsTheWhole(t *testing.T) {
	for _, tt := range []struct{ name, command, want string }{
		{"default action", "catch USR1", "rc=130"},
		{"handled", "catch INT:0", "rc=0"},
		{"handled, failure", "catch INT:3", "rc=3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := login(t)
			s.typed("relance --restart always -- " + tt.command)
			s.child()
			s.press(ctrlC)
			if out := s.prompt(); strings.Contains(out, "relance") {
				t.Errorf("relance has something to say: %q", out)
			}
			s.wants("echo rc=$?", tt.want)
			s.press("exit\n")
			s.empty()
		})
	}
}

// A child that goes on after Ctrl-C is relaunched when it ends later.
func TestCtrlCIsForTheChildToAct(t *testing.T) {
	s := login(t)
	// A grace of nearly nothing: that is how long an end is put down to Ctrl-C.
	s.typed("relance --restart always --min-uptime 1us --stop-timeout 1us -- catch INT")
	first := s.child()
	s.press(ctrlC)
	s.until("caught INT")
	send(t, first, unix.SIGKILL)
	second := s.child()
	if first == second {
		t.Error("the same child")
	}
	foreground(t, second)
	s.press(ctrlC)
	s.until("caught INT")
	send(t, must(t, second).ppid, unix.SIGTERM)
	s.prompt()
}

// Ctrl-C while nothing runs but relance ends it, and the loop around it.
func TestCtrlCInBackoff(t *testing.T) {
	s := login(t)
	s.typed("for i in 1 2; do relance --restart on-failure --backoff 1h..1h -- sh -c 'exit 3'; echo after; done")
	s.until("relance: .*next try in .*\n")
	s.press(ctrlC)
	if out := s.prompt(); strings.Contains(out, "after") {
		t.Errorf("the loop goes on: %q", out)
	}
	s.wants("echo rc=$?", "rc=130")
}

// Where the child has ended and hooks are waited for, Ctrl-C does not wait for them. One
// that is left alone ends by itself, and is not said to have been ended then.
func TestCtrlCEndsHooks(t *testing.T) {
	s := login(t)
	s.typed("relance --hook-timeout infinity --on-event 'echo has begun; exec sleep 40' --on-event-filter left -- catch USR1")
	s.child()
	s.press(ctrlC)
	s.until("has begun\n")
	s.press(ctrlC)
	s.until("all has ended; of the commands for it, 1 were not run to their end\n")
	s.prompt()
	s.wants("echo rc=$?", "rc=130")
}

// A full-screen program that is killed leaves the terminal raw, and perhaps in
// the hands of its own dead process group. The next generation finds it as the
// first one did.
func TestTerminalIsReclaimed(t *testing.T) {
	for _, command := range []string{"owner", "owner group"} {
		t.Run(command, func(t *testing.T) {
			s := login(t)
			s.typed("relance --restart on-failure --backoff 1ms..1ms -- " + command)
			for gen := range 3 {
				if got := s.next("(canonical=.*)\n"); strings.TrimSpace(got) != "canonical=true echo=true foreground=true" {
					t.Errorf("generation %d: %s", gen+1, got)
				}
				send(t, s.child(), unix.SIGKILL)
			}
			pid := s.child()
			send(t, must(t, pid).ppid, unix.SIGTERM)
			s.prompt()
		})
	}
}

// relance reports from the background where that would stop another program, and
// leaves a terminal alone that belongs to the shell.
func TestRelaunchInBackground(t *testing.T) {
	s := login(t)
	s.run("stty tostop")
	s.typed("relance --restart on-failure --backoff 1ms..1ms -- catch USR1 2>/dev/tty >/dev/null &")
	job := s.started()
	var pid int
	for range 3 {
		eventually(t, "with a new child", func() (bool, string) {
			for _, p := range session(s.cmd.Process.Pid) {
				if p.ppid == job && p.pid != pid && p.name == "catch" {
					pid = p.pid
					return true, ""
				}
			}
			return false, ""
		})
		send(t, pid, unix.SIGKILL)
		s.until(fmt.Sprintf("relance: .*pid %d|relance: .*KILL.*", pid))
	}
	reaches(t, job, "SR")
	s.press("true\n")
	s.until("true\n")
	if p := must(t, s.cmd.Process.Pid); p.foreground != p.group {
		t.Errorf("the shell has lost its terminal: %v", p)
	}
	send(t, job, unix.SIGTERM)
	gone(t, job)
}
