package child

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// A hook has a session of its own, and of our descriptors only the first three. That it has
// others without that is the negative control.
func TestSpawnApart(t *testing.T) {
	var fds [2]int
	if err := unix.Pipe(fds[:]); err != nil { // inherited
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	for _, apart := range []bool{true, false} {
		s, output := shell(t, fmt.Sprintf("cut -d' ' -f6 /proc/$$/stat; echo $0; ls /proc/$$/fd | grep -cx -e %d -e %d", fds[0], fds[1]))
		s.Path, s.Argv[0] = "/bin/sh", "called"
		s.OwnSession, s.OnlyStdio = apart, apart
		pid, _, err := spawn(t, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		sid, err := unix.Getsid(0)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("%d\ncalled\n2", sid)
		if apart {
			want = fmt.Sprintf("%d\ncalled\n0", pid)
		}
		if got := output(); got != want {
			t.Errorf("apart %v: got %q, want %q", apart, got, want)
		}
	}
}
