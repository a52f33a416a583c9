package clitest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// flight is a server that has a slow request in flight.
type flight struct {
	*running
	url    string
	answer chan string
	failed chan error
}

// takeOff starts the server under relance and flags, and a slow request to it.
func takeOff(t *testing.T, way string, flags ...string) *flight {
	t.Helper()
	port := freePort(t)
	words := append(append([]string{relance()}, flags...), "--", python(t), program(t, "flight.py"), way, fmt.Sprint(port))
	f := &flight{start(t, words...), fmt.Sprintf("http://127.0.0.1:%d", port), make(chan string, 1), make(chan error, 1)}
	f.out.want(t, "^up$")
	ask(t, f.url+"/first")
	go func() {
		text, err := get(f.url + "/slow")
		f.answer <- text
		f.failed <- err
	}()
	f.out.want(t, "^slow$")
	return f
}

// quit ends relance, and with it what is still served.
func (f *flight) quit(t *testing.T) {
	t.Helper()
	f.errs.want(t, `^relance: gen 2: up`)
	f.out.want(t, "^up$")
	f.signal(unix.SIGTERM)
	f.wantEnd(143)
	if strings.Contains(f.errs.all(), "KILL to the whole tree") {
		t.Error("TERM was not enough")
	}
}

// due are the ways in which a recycle comes due: flags, what to do for it, and the
// line.
var due = []struct {
	name  string
	flags []string
	do    func(t *testing.T, f *flight)
	line  string
}{
	{"memory-high", []string{"--memory-high", "80M", "--notify", "yes"}, func(t *testing.T, f *flight) { ask(t, f.url+"/leak") },
		`memory-high: ([89][0-9](\.[0-9])?|1[0-9][0-9]) MiB of 80 MiB after [^;]*, 1 process`},
	{"clock", []string{"--every", "5s", "--timezone", "UTC", "--notify", "yes"}, func(*testing.T, *flight) {},
		`age: due [0-9-]+ [0-9:]+ UTC, after [0-9.]+ s`},
	{"max-requests", []string{"--max-requests", "3"}, func(t *testing.T, f *flight) {
		ask(t, f.url+"/second")
		ask(t, f.url+"/third")
	}, `requests: [345] of 3 served after [^;,]*`},
	{"asked", []string{"--restart-signal", "USR1", "--notify", "yes"}, func(_ *testing.T, f *flight) { f.signal(unix.SIGUSR1) },
		`asked[^;]*`},
}

// Whatever makes a recycle due, what is being served is answered in full first, and
// the server goes on meanwhile.
func TestDrain(t *testing.T) {
	t.Parallel()
	for _, test := range due {
		for _, way := range []string{"stream", "notify"} {
			t.Run(test.name+"/"+way, func(t *testing.T) {
				t.Parallel()
				f := takeOff(t, way, test.flags...)
				test.do(t, f)
				f.errs.want(t, `^relance: gen 1: `+test.line+`; waits for 1 request in flight, 30 s at most$`)
				begin := time.Now()
				ask(t, f.url+"/release")
				if text, err := <-f.answer, <-f.failed; text != "/slow is done\n" || err != nil {
					t.Errorf("the slow request was answered %q, %v", text, err)
				}
				f.errs.want(t, `^relance: gen 1: `+test.line+`; stopping \(TERM, KILL in 10 s\)$`)
				t.Logf("stopped within %s of the answer", time.Since(begin))
				f.quit(t)
			})
		}
	}
}

// Who takes longer than --drain-timeout is cut off, and that is said.
func TestDrainTimeout(t *testing.T) {
	t.Parallel()
	for _, test := range due {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := takeOff(t, "stream", append(test.flags, "--drain-timeout", "200ms")...)
			test.do(t, f)
			f.errs.want(t, `^relance: gen 1: `+test.line+`; waits for 1 request in flight, 200 ms at most$`)
			begin := time.Now()
			f.errs.want(t, `^relance: gen 1: `+test.line+`, 1 request still in flight; stopping \(TERM, KILL in 10 s\)$`)
			t.Logf("waited for %s", time.Since(begin))
			f.wantCut(t)
			f.quit(t)
		})
	}
}

// The control: a server that does not say what is in flight is stopped in the midst
// of it.
func TestDrainUntold(t *testing.T) {
	t.Parallel()
	for _, test := range due {
		if test.name == "max-requests" {
			continue // it says nothing, so it serves none
		}
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := takeOff(t, "mute", test.flags...)
			test.do(t, f)
			f.errs.want(t, `^relance: gen 1: `+test.line+`; stopping \(TERM, KILL in 10 s\)$`)
			f.wantCut(t)
			f.quit(t)
			if said := f.errs.all(); strings.Contains(said, "in flight") {
				t.Error("something was in flight")
			}
		})
	}
}

// wantCut checks that the slow request has no answer.
func (f *flight) wantCut(t *testing.T) {
	t.Helper()
	text, err := <-f.answer, <-f.failed
	if !untaken(err) {
		t.Errorf("the slow request was answered %q, %v", text, err)
	}
}

// What hangs, or is asked to end, is not waited for.
func TestDrainNot(t *testing.T) {
	t.Parallel()
	f := takeOff(t, "stream", "--notify", "yes")
	f.signal(unix.SIGTERM)
	f.wantCut(t)
	f.wantEnd(143)
	if said := f.errs.all(); regexp.MustCompile("waits for").MatchString(said) {
		t.Error("waited for what was in flight")
	}
}
