package ptytest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// started is the pid of the job that the shell has just put into the background.
func (s *shell) started() int {
	s.t.Helper()
	pid, err := strconv.Atoi(s.next(`\[1\] (\d+)\n`))
	if err != nil {
		s.t.Fatal(err)
	}
	return pid
}

// stops waits until the shell says that its foreground job has stopped, and
// compares why.
func (s *shell) stops(why string) {
	s.t.Helper()
	s.until(`\n\[1\]\+  Stopped`)
	s.prompt()
	s.job(why)
}

// job waits until the shell says that of its only job: it sees what has become of
// it only when it has waited for it, some time after the fact.
func (s *shell) job(want string) {
	s.t.Helper()
	state := regexp.MustCompile(`^\[1\]\+ +\d+ (\w+( \([a-z ]+\))?) `)
	list := ""
	for late := time.Now().Add(patience); time.Now().Before(late); {
		list = s.run("jobs -l")
		if match := state.FindStringSubmatch(list); match != nil && match[1] == want {
			return
		}
	}
	s.t.Errorf("jobs -l: %q, want %q", list, want)
}

// told waits until the shell says what has become of its background job, and
// returns what was shown before that. It may say so before any prompt, and sees it only when
// it has reaped.
func (s *shell) told(what string) (before string) {
	s.t.Helper()
	for {
		s.press("true\n")
		before += s.until("true\n") + s.prompt()
		if shown, _, ok := strings.Cut(before, "[1]+  "+what); ok {
			return shown
		}
	}
}

// fg brings the job back, with pid in it, into the foreground.
func (s *shell) fg(pid int) {
	s.t.Helper()
	s.typed("fg")
	foreground(s.t, pid)
}

// Ctrl-Z, jobs, fg and bg, for a job of the shell and for one of a shell inside.
func TestJobControl(t *testing.T) {
	bothArms(t, func(t *testing.T, a arm) {
		for _, depth := range []string{"job of the shell", "job of a shell inside"} {
			t.Run(depth, func(t *testing.T) {
				s := login(t)
				command := a.with + "catch INT USR1"
				within := a
				if depth == "job of a shell inside" {
					s.inner(a)
					command, within = "catch INT USR1", arm{}
				}
				s.typed(command)
				pid := s.child()
				s.press(ctrlZ)
				s.stops("Stopped")
				s.run("bg")
				reaches(t, pid, "S")
				s.job("Running")
				s.fg(pid)
				s.until(`catch INT USR1\n`)
				if got := s.caught(within, pid); got != "" {
					t.Errorf("before Ctrl-C: %q", got)
				}
				s.press(ctrlC)
				s.sees("caught INT")
				if got := s.caught(within, pid); got != "caught INT" {
					t.Errorf("Ctrl-C after bg and fg: %q", got)
				}
				s.press(ctrlZ)
				s.stops("Stopped")
				s.fg(pid)
				send(t, pid, unix.SIGKILL)
				s.prompt()
				s.wants("echo rc=$?", "rc=137")
				s.wants("jobs", "")
			})
		}
	})
}

// A program that goes on after Ctrl-Z and fg is told so once.
func TestContinuedOnce(t *testing.T) {
	bothArms(t, func(t *testing.T, a arm) {
		s := login(t)
		s.typed(a.with + "catch CONT USR1")
		pid := s.child()
		for range 5 {
			s.press(ctrlZ)
			s.stops("Stopped")
			s.fg(pid)
			s.until("catch CONT USR1\n")
			s.sees("caught CONT")
			if got := s.caught(a, pid); got != "caught CONT" {
				t.Errorf("after fg: %q", got)
			}
		}
	})
}

// suspend in a shell inside gives the terminal back to the shell outside; fg
// gives it to the one inside again.
func TestSuspend(t *testing.T) {
	bothArms(t, func(t *testing.T, a arm) {
		s := login(t)
		s.inner(a)
		pid, err := strconv.Atoi(strings.TrimSpace(s.run("echo $$")))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			s.press("suspend\n")
			s.level = 1
			s.stops("Stopped (signal)")
			s.fg(pid)
			s.level = 2
			s.prompt()
			s.wants("echo inside $SHLVL", "inside 2")
		}
		s.press("exit 7\n")
		s.level = 1
		s.prompt()
		s.wants("echo rc=$?", "rc=7")
	})
}

// A shell inside that is stopped from outside, or started in the background, has
// the terminal for itself after fg.
func TestShellInsideAfterFg(t *testing.T) {
	bothArms(t, func(t *testing.T, a arm) {
		s := login(t)
		s.inner(a)
		pid, err := strconv.Atoi(strings.TrimSpace(s.run("echo $$")))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			s.level = 2
			send(t, pid, unix.SIGSTOP)
			s.level = 1
			s.stops("Stopped (signal)")
			s.fg(pid)
			s.level = 2
			s.press("echo inside $SHLVL\n")
			s.until("\ninside 2\n")
			s.prompt()
		}
		s.press("exit\n")
		s.level = 1
		s.prompt()

		s.typed(a.with + "bash --norc -i &")
		job := s.started()
		reaches(t, job, "T")
		s.told("Stopped")
		s.job("Stopped (tty input)")
		s.typed("fg")
		// bash counts the levels otherwise here: the prompt is the same.
		s.prompt()
		s.wants(fmt.Sprintf("[ $$ != %d ] && echo inside", s.cmd.Process.Pid), "inside")
		s.run("exit 7")
		s.wants("echo rc=$?", "rc=7")
	})
}

// A job in the background that reads the terminal is stopped, and so is one
// that writes to it where the user has asked for that; fg lets them go on.
func TestBackground(t *testing.T) {
	bothArms(t, func(t *testing.T, a arm) {
		s := login(t)
		s.typed(a.with + "cat &")
		job := s.started()
		reaches(t, job, "T")
		s.told("Stopped")
		s.job("Stopped (tty input)")
		s.fg(job)
		s.until("cat\n")
		s.press("hello\n")
		s.until("hello\nhello\n")
		s.press(ctrlD)
		s.prompt()
		s.wants("echo rc=$?", "rc=0")

		s.typed(a.with + "sh -c 'echo writ''ten' &")
		job = s.started()
		s.until("written")
		gone(t, job)
		s.told("Done")

		s.run("stty tostop")
		s.typed(a.with + "sh -c 'echo writ''ten' &")
		job = s.started()
		reaches(t, job, "T")
		s.told("Stopped")
		s.job("Stopped (tty output)")
		s.typed("fg")
		s.until("\nwritten\n")
		s.prompt()
		s.wants("echo rc=$?", "rc=0")
	})
}

// kill %1 ends the job, whether it runs or is stopped.
func TestKillJob(t *testing.T) {
	bothArms(t, func(t *testing.T, a arm) {
		s := login(t)
		s.typed(a.with + "catch TERM:0 &")
		job := s.started()
		s.child()
		s.typed("kill %1")
		s.until(`caught TERM\n`)
		gone(t, job)
		if between := s.told("Done"); strings.Contains(between, "caught") {
			t.Errorf("after the first TERM: %q", between)
		}
		s.typed(a.with + "catch TERM:0")
		job = a.supervisor(t, s.child())
		s.press(ctrlZ)
		s.stops("Stopped")
		s.typed("kill %1")
		s.until(`caught TERM\n`)
		gone(t, job)
		if between := s.told("Done"); strings.Contains(between, "caught") {
			t.Errorf("after the first TERM: %q", between)
		}
	})
}

// SIGSTOP from outside, to the child or to who supervises it, stops the job for
// the shell; SIGCONT and fg let it go on.
func TestStoppedFromOutside(t *testing.T) {
	bothArms(t, func(t *testing.T, a arm) {
		for _, whom := range []string{"child", "supervisor"} {
			t.Run(whom, func(t *testing.T) {
				s := login(t)
				s.typed(a.with + "catch INT USR1")
				pid := s.child()
				to := pid
				if whom == "supervisor" {
					to = a.supervisor(t, pid)
				}
				for range 2 {
					send(t, to, unix.SIGSTOP)
					s.stops("Stopped (signal)")
					s.fg(pid)
					s.until("catch INT USR1\n")
					s.press(ctrlC)
					s.sees("caught INT")
					if got := s.caught(a, pid); got != "caught INT" {
						t.Errorf("Ctrl-C after fg: %q", got)
					}
				}
				send(t, to, unix.SIGSTOP)
				s.stops("Stopped (signal)")
				send(t, a.supervisor(t, pid), unix.SIGCONT)
				reaches(t, pid, "S")
				s.job("Running")
			})
		}
	})
}
