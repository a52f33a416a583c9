package output

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Of which streams lines cannot be counted, and how that is told.
func TestOpenUncounted(t *testing.T) {
	t.Parallel()
	tty := openFile(t, "/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY)
	null := openFile(t, os.DevNull, unix.O_WRONLY)
	_, good := pipe(t)
	const (
		rest  = ", which relance does not stand between"
		cure  = rest + "; redirect one to a file or a pipe"
		other = rest + ": its lines are not counted"
	)
	for _, test := range []struct {
		out, errs int
		closed    [3]bool
		want      Want
		// err is why not, said what is said instead.
		err, said string
	}{
		{tty, tty, [3]bool{}, Want{Stdout: true, Stderr: true}, "stdout and stderr are a terminal" + cure, ""},
		{tty, good, [3]bool{}, Want{Stdout: true, Stderr: true}, "", "stdout is a terminal" + other},
		{good, tty, [3]bool{}, Want{Stdout: true, Stderr: true}, "", "stderr is a terminal" + other},
		{good, null, [3]bool{2: true}, Want{Stdout: true, Stderr: true}, "", ""},
		{good, tty, [3]bool{}, Want{Stdout: true}, "", ""},
		{good, tty, [3]bool{}, Want{Stderr: true}, "stderr is a terminal" + rest + "; redirect it to a file or a pipe", ""},
		{good, tty, [3]bool{}, Want{Stderr: true, Silence: true}, "stderr is a terminal" + rest + "; redirect it to a file or a pipe", ""},
		{good, good, [3]bool{1: true}, Want{Stdout: true}, "stdout is closed" + rest + "; redirect it to a file or a pipe", ""},
		{good, good, [3]bool{1: true}, Want{Stderr: true}, "", ""},
		{good, good, [3]bool{}, Want{Stdout: true}, "stdout and stderr are one file here, so it does not show whose line is whose; count in both, or redirect one", ""},
		{good, good, [3]bool{}, Want{Stdout: true, Stderr: true}, "", ""},
		{good, null, [3]bool{}, Want{Stderr: true}, "", ""},
	} {
		test.want.Matches, test.want.Count = func([]byte) bool { return true }, func(int, int64) {}
		said := ""
		c, err := open(test.out, test.errs, test.closed, func(line string) { said += line }, test.want)
		var uncounted *UncountedError
		switch {
		case test.err != "" && (!errors.As(err, &uncounted) || err.Error() != test.err):
			t.Errorf("%+v: got %v, want %s", test, err, test.err)
		case test.err == "" && err != nil:
			t.Errorf("%+v: %v", test, err)
		case said != test.said:
			t.Errorf("%+v: said %q", test, said)
		}
		if c == nil {
			continue
		}
		for _, s := range c.Streams() {
			go s.Run()
		}
		c.Close()
	}
	// Where both are asked for, each has its own flag to blame.
	if _, err := open(tty, tty, [3]bool{}, nil, Want{Silence: true, Stdout: true}); err == nil || errors.As(err, new(*UncountedError)) {
		t.Errorf("silence of a terminal: %v", err)
	}
}
