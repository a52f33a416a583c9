package clitest

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// When relance is killed, its child has the stop signal at once.
func TestParentDeath(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		flags []string
		want  string
	}{
		{"plain", nil, `^15 code=`},
		{"quit", []string{"--stop-signal", "QUIT"}, `^3 code=`},
		{"rt", []string{"--stop-signal", "RTMIN+3"}, `^37 code=`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, append(append([]string{relance()}, test.flags...), "--", raw(t), "print-signals", test.want[1:3])...)
			r.out.want(t, `^ready pid=`)
			r.signal(unix.SIGKILL)
			r.out.want(t, test.want)
			r.wantEnd(-9)
			r.out.wantClosed(t)
		})
	}
}

// Also after many relaunches: the signal is tied to the thread that made
// the child (prctl(2)), and the same one makes them all.
func TestParentDeathAfterRelaunches(t *testing.T) {
	t.Parallel()
	relaunches := need.Much("200", "10000")
	r := start(t, relance(), "--restart", "always", "--backoff", "1us..1us", "--min-uptime", "0s",
		"--", raw(t), "tally", filepath.Join(t.TempDir(), "tally"), relaunches)
	child := pidIn(t, r.out.want(t, `^ready pid=(\d+)$`))
	r.signal(unix.SIGKILL)
	r.out.want(t, `^15 code=`)
	r.out.wantClosed(t)
	r.wantEnd(-9)
	eventually(t, "the child gone", func() bool { return state(t, child) == 0 || state(t, child) == 'Z' })
}

// A child that honours the signal is gone with the children it has.
func TestParentDeathOfTree(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--", "sh", "-c",
		`trap 'kill $!; wait; exit' TERM; `+misbehave(t)+` drain 0s & wait`)
	r.out.want(t, `^ready pid=`)
	r.signal(unix.SIGKILL)
	r.out.want(t, `^drained$`)
	// Nobody has the output open: shell and child are gone.
	r.out.wantClosed(t)
}

// "relance exec" leaves no such signal behind: who execs it is the command's
// parent.
func TestNoParentDeathAfterExec(t *testing.T) {
	t.Parallel()
	in, inW := pipe(t)
	defer inW.Close()
	cmd := exec.Command("sh", "-c", relance()+" exec -- "+raw(t)+" print-signals <&0 & wait")
	cmd.Stdin = in
	r := startCmd(t, cmd)
	child := pidIn(t, r.out.want(t, `^ready pid=(\d+)$`))
	r.signal(unix.SIGKILL)
	r.wantEnd(-9)
	if err := unix.Kill(child, unix.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	r.out.want(t, `^10 code=`)
	if err := unix.Kill(child, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	r.out.wantClosed(t)
	if strings.Count(r.out.all(), "code=") != 2 {
		t.Errorf("more signals than two:\n%s", r.out.all())
	}
}
