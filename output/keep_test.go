package output

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Lines of stderr are kept, with who has written them; counted ones are counted all the
// same, and where stdout is the same file both are kept.
func TestKeep(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		one, counted bool
		want         []string
		count        int64
	}{
		{"stderr", false, false, []string{"1 err", "2 x"}, 0},
		{"stderr, and stdout is counted", false, true, []string{"1 err", "2 x"}, 1},
		{"one file", true, false, []string{"1 err", "1 x", "2 x"}, 0},
		{"one file, and it is counted", true, true, []string{"1 err", "1 x", "2 x"}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, w := pipe(t)
			rd, errs := pipe(t)
			defer unix.Close(out)
			if test.one {
				errs = w
			}
			var c tally
			want := Want{}
			if test.counted {
				want = c.counting("^x$")
				want.Stdout, want.Stderr = true, test.one
			}
			told := make(chan string, 9)
			want.Keep = func(gen int, line []byte) { told <- fmt.Sprintf("%d %s", gen, line) }
			r := carryFor(t, w, errs, want)
			defer unix.Close(rd)
			r.send(2, "err\n")
			if test.one || test.counted {
				r.send(1, "x\n")
			}
			kept := []string{<-told}
			if test.one {
				kept = append(kept, <-told)
			}
			if err := r.Begin(2); err != nil {
				t.Fatal(err)
			}
			r.send(2, "x\n")
			r.close()
			kept = append(kept, <-told)
			if !slices.Equal(kept, test.want) {
				t.Errorf("kept %q, want %q", kept, test.want)
			}
			if got := c[0].Load() + c[1].Load() + c[2].Load(); got != test.count {
				t.Errorf("%d lines counted, want %d", got, test.count)
			}
			if streams := len(r.Streams()); test.one && streams != 1 || !test.one && !test.counted && streams != 1 {
				t.Errorf("%d streams are carried", streams)
			}
		})
	}
}

// A stderr that cannot be carried is refused, whatever stdout is.
func TestUnkept(t *testing.T) {
	t.Parallel()
	tty := openFile(t, "/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY)
	_, good := pipe(t)
	for want, closed := range map[string][3]bool{"stderr is a terminal, which": {}, "stderr is closed, which": {2: true}} {
		_, err := open(good, tty, closed, func(string) {}, Want{Keep: func(int, []byte) {}})
		if !errors.As(err, new(*UnkeptError)) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
