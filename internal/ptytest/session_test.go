package ptytest

import (
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/misbehave/misbehavetest"
)

// Without a controlling terminal the child has a process group of its own: a
// signal to the group of relance reaches it once, through relance.
func TestNoTerminal(t *testing.T) {
	misbehavetest.Raw(t)
	term := detached(t, "relance", "--", "raw", "print-signals")
	pid, leader := term.child(), term.cmd.Process.Pid
	if p := must(t, pid); p.group != pid || p.session != leader {
		t.Errorf("not the leader of its group: %v", p)
	}
	var got []string
	for _, sig := range []unix.Signal{unix.SIGHUP, unix.SIGUSR2, unix.SIGTERM} {
		if err := unix.Kill(-leader, sig); err != nil {
			t.Fatal(err)
		}
		got = append(got, term.next(`(\d+) code=0 from=\d+\n`))
	}
	if status := term.status(); status.ExitStatus() != 0 {
		t.Errorf("ended with %#x", status)
	}
	got = append(got, regexp.MustCompile(`.+`).FindAllString(term.rest(), -1)...)
	if got := strings.Join(got, " "); got != "1 12 15" {
		t.Errorf("signals %s", got)
	}
	term.empty()
}
