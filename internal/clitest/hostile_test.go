package clitest

import (
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// A child that floods both sockets cannot make relance grow, nor disturb who counts
// beside it.
func TestHostileChild(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(relance(), "--max-requests", "10", "--", debianPython, program(t, "hostile.py"), need.Much("128", "1024"))
	module(t, "python3", debianPython, "-c", "")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	r := startCmd(t, cmd)
	for _, what := range []string{"status is said", "no newline is said", "nothing is read"} {
		r.out.want(t, "^"+what+"$")
		if grown := anonymous(t, r.pid); grown > 16<<20 {
			t.Errorf("%s: %d KiB of memory", what, grown>>10)
		} else {
			t.Logf("%s: %d KiB", what, grown>>10)
		}
	}
	in.Close()
	r.errs.want(t, `^relance: gen 1: requests: 10 of 10 served after `)
	r.signal(unix.SIGTERM)
	<-r.done
}
