package signals

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want unix.Signal
		name string
	}{
		{"TERM", 15, "TERM"}, {"SIGTERM", 15, "TERM"}, {"term", 15, "TERM"}, {"sigusr1", 10, "USR1"}, {"15", 15, "TERM"},
		{"1", 1, "HUP"}, {"64", 64, "RTMIN+30"}, {"RTMIN", 34, "RTMIN"}, {"RTMIN+3", 37, "RTMIN+3"}, {"SIGRTMIN+30", 64, "RTMIN+30"},
		{"RTMAX", 64, "RTMIN+30"}, {"RTMAX-1", 63, "RTMIN+29"}, {"rtmax-30", 34, "RTMIN"}, {"IO", 29, "IO"}, {"WINCH", 28, "WINCH"},
		{"32", 32, "32"},
	} {
		got, err := Parse(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("Parse(%q) = %v, %v; want %d", tt.in, int(got), err, tt.want)
		}
		if name := Name(got); name != tt.name {
			t.Errorf("Name(%d) = %q, want %q", int(got), name, tt.name)
		}
	}
	for _, in := range []string{"", "0", "65", "-1", "TERMM", "RTMIN+31", "RTMIN-1", "RTMAX+1", "RTMIN+", "RTMIN+x", "SIG", "1.5", "SIGSIGTERM", "RTMAX-999999999999"} {
		if got, err := Parse(in); err == nil {
			t.Errorf("Parse(%q) = %d, want an error", in, got)
		} else if !strings.Contains(err.Error(), "use") {
			t.Errorf("Parse(%q): %q does not name the cure", in, err)
		}
	}
}

func TestNameIsParsed(t *testing.T) {
	for sig := unix.Signal(1); sig <= rtMax; sig++ {
		if got, err := Parse(Name(sig)); err != nil || got != sig {
			t.Errorf("Parse(Name(%d)) = %d, %v", int(sig), int(got), err)
		}
	}
}

func TestMeaning(t *testing.T) {
	user := func(n unix.Signal) Signal { return Signal{Number: n, Sender: 7} }
	kernel := func(n unix.Signal) Signal { return Signal{Number: n, FromKernel: true} }
	for _, tt := range []struct {
		s    Signal
		in   Situation
		want Meaning
	}{
		{user(unix.SIGTERM), Situation{}, Stop},
		{user(unix.SIGINT), Situation{}, Stop},
		{user(unix.SIGINT), Situation{Ignored: 1 << (unix.SIGINT - 1)}, Forward},
		{kernel(unix.SIGINT), Situation{}, Interrupt},
		{kernel(unix.SIGQUIT), Situation{}, Interrupt},
		{user(unix.SIGQUIT), Situation{}, Forward},
		{kernel(unix.SIGHUP), Situation{}, Interrupt},
		{kernel(unix.SIGHUP), Situation{Leader: true}, Forward},
		{user(unix.SIGHUP), Situation{}, Forward},
		{kernel(unix.SIGCHLD), Situation{}, Reap},
		{user(unix.SIGCHLD), Situation{}, Reap},
		{kernel(unix.SIGTSTP), Situation{}, Ours},
		{user(unix.SIGTSTP), Situation{}, Forward},
		{kernel(unix.SIGWINCH), Situation{}, Ours},
		{user(unix.SIGWINCH), Situation{}, Forward},
		{user(unix.SIGCONT), Situation{}, Forward},
		{kernel(unix.SIGCONT), Situation{}, Ours},
		{kernel(unix.SIGCONT), Situation{Leader: true}, Forward},
		{kernel(unix.SIGALRM), Situation{}, Ours},
		{user(unix.SIGPIPE), Situation{Self: 7}, Ours},
		{user(unix.SIGPIPE), Situation{Self: 8}, Forward},
		{user(unix.SIGXFSZ), Situation{Self: 7}, Ours},
		{user(unix.SIGXFSZ), Situation{Self: 8}, Forward},
		{user(40), Situation{}, Forward},
		{user(clockSignal), Situation{}, Forward},
		{Signal{Number: clockSignal, FromTimer: true, Sender: 7}, Situation{}, CPUClock},
	} {
		if got := tt.in.Meaning(tt.s); got != tt.want {
			t.Errorf("%+v in %+v: %d, want %d", tt.s, tt.in, got, tt.want)
		}
	}
}

func TestRewrites(t *testing.T) {
	r, err := ParseRewrites([]string{"HUP=QUIT", "TERM=none", "SIGUSR1=1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		in, want unix.Signal
		ok       bool
	}{{unix.SIGHUP, unix.SIGQUIT, true}, {unix.SIGTERM, 0, false}, {unix.SIGUSR1, unix.SIGHUP, true}, {unix.SIGINT, unix.SIGINT, true}} {
		if got, ok := r.Apply(tt.in); got != tt.want || ok != tt.ok {
			t.Errorf("Apply(%d) = %d, %v", int(tt.in), int(got), ok)
		}
	}
	for _, bad := range []string{"HUP", "=HUP", "HUP=", "HUP=NOPE", "NOPE=HUP", "KILL=TERM", "URG=TERM", "CHLD=TERM", "HUP=QUIT=TERM"} {
		if _, err := ParseRewrites([]string{bad}); err == nil {
			t.Errorf("ParseRewrites(%q): no error", bad)
		}
	}
	if _, err := ParseRewrites([]string{"HUP=INT", "SIGHUP=TERM"}); err == nil {
		t.Error("the same signal twice: no error")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"TERM", "SIGRTMIN+4", "RTMAX-31", "9", "HUP=QUIT", "sig"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if sig, err := Parse(s); err == nil {
			if sig < 1 || sig > rtMax {
				t.Errorf("Parse(%q) = %d", s, int(sig))
			}
			if again, err := Parse(Name(sig)); err != nil || again != sig {
				t.Errorf("Parse(Name(%d)) = %d, %v", int(sig), int(again), err)
			}
		}
		if r, err := ParseRewrites([]string{s}); err == nil && len(r) != 1 {
			t.Errorf("ParseRewrites(%q) = %v", s, r)
		}
	})
}
