package clitest

import (
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// share is a budget of which each generation and each worker has one of its own.
type share struct {
	flags  []string
	reason string
	// spend is what spends it, and goes on as if nothing were; well is what uses some of
	// it, or keeps away from it, in the background.
	spend, well string
	// rounds is how often it is spent.
	rounds int
}

var shares = map[string]share{
	"cpu-time":     {[]string{"--cpu-time", "200ms"}, "cpu-time", `while :; do :; done`, `:`, 3},
	"max-requests": {[]string{"--max-requests", "5", "--drain-timeout", "0"}, "requests", `relance notify --request=5; relance notify --request=100; exec sleep 1000`, `relance notify --request=3`, 3},
	"count-lines": {[]string{"--max-requests", "5", "--count-lines", "^req", "--drain-timeout", "0"}, "requests",
		`for n in 1 2 3 4 5 6 7 8 9 10; do echo req $n; done; exec sleep 1000`, `echo req; echo req; echo req`, 3},
	"output-silence": {[]string{"--output-silence", "4s"}, "watchdog", `exec sleep 1000`, `(until [ -e $dir/go ]; do echo alive; sleep 0.02; done) &`, 1},
	// relance notify has some threads, too, while it is there.
	"max-tasks": {[]string{"--max-tasks", "30"}, "tasks", `for n in 1 2 3 4 5 6 7 8 9 10; do for m in 1 2 3 4; do sleep 1000 & done; done; wait`,
		`sleep 1000 & sleep 1000 & sleep 1000 &`, 3},
}

// command spends its share as long as $spender says so. Else it is well until it is let
// go on, for which it waits without using any CPU time: nobody knows how long.
func (s *share) command(spender, dir string) []string {
	return []string{"sh", "-c", `dir=$1; relance() { "$relance" "$@"; }; relance=$2
` + spender + ` || { ` + s.well + `
relance notify --ready; echo well; read x <$dir/gate; }
relance notify --ready; ` + s.spend, "sh", dir, relance()}
}

// letGo lets those go on who are well and wait at the gate, and from now on all who come there.
func letGo(t *testing.T, dir string, gate *gate) (when time.Time) {
	t.Helper()
	when = time.Now()
	write(t, filepath.Join(dir, "go"), "", 0o644)
	for range 1000 { // more than come
		gate.pass()
	}
	return when
}

// What the old generation spends, before and while the next one starts, is not charged
// to that.
func TestSharesOfAHandover(t *testing.T) {
	t.Parallel()
	for name, s := range shares {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			gate := shut(t, dir)
			words := append([]string{relance(), "--log-format", "json", "--handover", "--ready", "notify", "--min-uptime", "0"}, s.flags...)
			r := start(t, append(append(words, "--"), s.command(`[ $RELANCE_GENERATION -le `+strconv.Itoa(s.rounds)+` ]`, dir)...)...)
			if e := nextEvent(t, r.errs); e.Event != "up" || e.Generation != 1 {
				t.Fatalf("%+v", e)
			}
			wantTurn := func(gen int) (handing event) {
				t.Helper()
				for i, kind := range []string{"handing-over", "up", "stopping"} {
					e := nextEvent(t, r.errs)
					for e.Event == "queued" {
						e = nextEvent(t, r.errs) // the one before it leaves still
					}
					want := gen + i%2
					if e.Event != kind || e.Generation != want || kind != "up" && e.Reason != s.reason {
						t.Fatalf("%+v, want %s of generation %d", e, kind, want)
					}
					if i == 0 {
						handing = e
					}
				}
				return handing
			}
			for gen := 1; gen <= s.rounds; gen++ {
				wantTurn(gen)
			}
			r.out.want(t, "^well$")
			when := letGo(t, dir, gate)
			if e := wantTurn(s.rounds + 1); e.Time.Before(when) {
				t.Errorf("%+v, but it was well until %v", e, when)
			}
			r.signal(syscall.SIGTERM)
			<-r.done
		})
	}
}

// What one worker spends is not charged to another one.
func TestSharesOfWorkers(t *testing.T) {
	t.Parallel()
	for name, s := range shares {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			gate := shut(t, dir)
			words := append([]string{relance(), "--log-format", "json", "--workers", "2", "--ready", "notify", "--min-uptime", "0"}, s.flags...)
			r := start(t, append(append(words, "--"), s.command(`[ $RELANCE_WORKER = 1 ]`, dir)...)...)
			stops := func(worker int) event {
				t.Helper()
				for {
					e := nextEvent(t, r.errs)
					switch e.Event {
					case "up", "queued":
						continue
					case "stopping":
						if e.Worker == worker && e.Reason == s.reason {
							return e
						}
					}
					t.Fatalf("%+v, want that worker %d has spent its %s", e, worker, s.reason)
				}
			}
			r.out.want(t, "^well$")
			for range s.rounds {
				stops(1)
			}
			when := letGo(t, dir, gate)
			for {
				e := wantEvent(t, r.errs, "stopping")
				if e.Worker == 1 {
					continue
				}
				if e.Time.Before(when) {
					t.Errorf("%+v, but it was well until %v", e, when)
				}
				break
			}
			r.signal(syscall.SIGTERM)
			<-r.done
		})
	}
}
