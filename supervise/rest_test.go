package supervise

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/requests"
	"relance/restart"
)

// restful is a configuration that notes when memory is given back, by the time since
// the start.
func restful(p restart.Policy) (Config, *[]time.Duration) {
	p.Restart, p.BackoffMin, p.BackoffMax = restart.OnFailure, time.Millisecond, time.Millisecond
	start := time.Time{}
	var at []time.Duration
	return Config{Policy: p, Settled: func() {
		if start.IsZero() {
			start = time.Now()
		}
		at = append(at, time.Since(start))
	}}, &at
}

// TestRest: at once after the first start, and a second after each later one; in
// between the loop is not woken.
func TestRest(t *testing.T) {
	c, at := restful(policy())
	play(t, c, func(s *scene) {
		s.pass(time.Hour)
		s.exit(child.Change{Code: 3})
		s.pass(time.Second) // the backoff is a part of it
		wantRests(t, *at, 0)
		s.pass(time.Second)
		wantRests(t, *at, 0, time.Hour+time.Second)
		s.pass(time.Hour)
		wantRests(t, *at, 0, time.Hour+time.Second)
		s.notes = nil
	})
}

// TestNoRestInALoop: what is needed again at once is kept.
func TestNoRestInALoop(t *testing.T) {
	c, at := restful(policy())
	c.RestartSignal = unix.SIGUSR1
	play(t, c, func(s *scene) {
		for range 20 {
			s.pass(900 * time.Millisecond)
			s.kill(unix.SIGUSR1)
			s.exit(child.Change{Signal: unix.SIGTERM})
		}
		wantRests(t, *at, 0)
		s.pass(2 * time.Second)
		if len(*at) != 2 {
			t.Errorf("given back at %v, want once more after the loop", *at)
		}
		s.notes = nil
	})
}

// TestRestAfterLarge: what a large message took is given back when nothing has followed for
// a second, and not between two of them.
func TestRestAfterLarge(t *testing.T) {
	c, at := restful(policy())
	play(t, c, func(s *scene) {
		s.pass(time.Hour)
		for range 10 {
			s.let(func() { s.asked <- requests.News{Gen: 1, Kind: requests.Large} })
			s.pass(900 * time.Millisecond)
		}
		wantRests(t, *at, 0)
		s.pass(time.Hour)
		wantRests(t, *at, 0, time.Hour+9*900*time.Millisecond+time.Second)
		s.notes = nil
	})
}

// TestNoRestBetweenBeats: a relance that has something to do all the time needs what it has.
func TestNoRestBetweenBeats(t *testing.T) {
	c, at := restful(policy())
	c.Beat = calm
	play(t, c, func(s *scene) {
		s.pass(20 * time.Second)
		wantRests(t, *at)
		s.notes = nil
	})
}

func wantRests(t *testing.T, at []time.Duration, want ...time.Duration) {
	t.Helper()
	if len(at) != len(want) {
		t.Fatalf("given back at %v, want at %v", at, want)
	}
	for i := range want {
		if at[i] < want[i] || at[i] > want[i]+10*time.Millisecond {
			t.Errorf("given back at %v, want at %v", at, want)
		}
	}
}
