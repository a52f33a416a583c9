package clitest

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// flight is a server that has a slow request in flight. gen is the generation that was the
// first to say what becomes of it, 0 before.
type flight struct {
	*running
	url    string
	answer chan string
	failed chan error
	gen    int
}

// takeOff starts the server under relance and flags, and a slow request to it. On a busy
// machine the clock may have its way before there is one, so that it is asked for again.
func takeOff(t *testing.T, way string, flags ...string) *flight {
	t.Helper()
	port := need.Port(t)
	words := append(append([]string{relance()}, flags...), "--", python(t), program(t, "flight.py"), way, fmt.Sprint(port))
	f := &flight{start(t, words...), fmt.Sprintf("http://127.0.0.1:%d", port), make(chan string, 1), make(chan error, 1), 0}
	f.out.want(t, "^up$")
	askAnyway(t, f.url+"/first")
	begin := func() {
		text, err := get(f.url + "/slow")
		f.answer <- text
		f.failed <- err
	}
	go begin()
	eventually(t, "a slow request in flight", func() bool {
		if strings.Contains(f.out.all(), "slow") {
			return true
		}
		select {
		case text := <-f.answer:
			if err := <-f.failed; !errors.Is(err, unix.ECONNREFUSED) && !untaken(err) {
				t.Fatalf("the slow request was answered %q, %v", text, err)
			}
			go begin()
		default:
		}
		return false
	})
	return f
}

// wantSaid waits for a line that relance says of the generation.
func (f *flight) wantSaid(t *testing.T, pattern string) {
	t.Helper()
	gen := `\d+`
	if f.gen > 0 {
		gen = fmt.Sprint(f.gen)
	}
	f.gen = pidIn(t, f.errs.want(t, `^relance: gen (`+gen+`): `+pattern+`$`))
}

// quit ends relance, and with it what is still served.
func (f *flight) quit(t *testing.T) {
	t.Helper()
	f.errs.want(t, fmt.Sprintf(`^relance: gen %d: up`, f.gen+1))
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
				f.wantSaid(t, test.line+`; waits for 1 request in flight, 30 s at most`)
				begin := time.Now()
				ask(t, f.url+"/release")
				if text, err := <-f.answer, <-f.failed; text != "/slow is done\n" || err != nil {
					t.Errorf("the slow request was answered %q, %v", text, err)
				}
				f.wantSaid(t, test.line+`; stopping \(TERM, KILL in 10 s\)`)
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
			f.wantSaid(t, test.line+`; waits for 1 request in flight, 200 ms at most`)
			begin := time.Now()
			f.wantSaid(t, test.line+`, 1 request still in flight; stopping \(TERM, KILL in 10 s\)`)
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
			f.wantSaid(t, test.line+`; stopping \(TERM, KILL in 10 s\)`)
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
