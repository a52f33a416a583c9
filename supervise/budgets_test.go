package supervise

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/files"
	"relance/requests"
	"relance/restart"
	"relance/signals"
)

// TestCPUClock: the alarm is set at the start, and when it comes there is a look;
// one that is about another process than the child is none.
func TestCPUClock(t *testing.T) {
	p := policy()
	p.CPUTime, p.CPUs = time.Minute, 1
	play(t, Config{Policy: p}, func(s *scene) {
		s.want("0s spawn 1")
		if s.alarm != time.Minute {
			t.Errorf("alarm in %v", s.alarm)
		}
		s.pass(30 * time.Second)
		s.use.CPU = 20 * time.Second
		s.send(signals.Signal{Number: 64, FromTimer: true, Sender: 100})
		s.want()
		s.send(signals.Signal{Number: 64, FromTimer: true, Sender: s.pid})
		s.want("30s look")
		if s.alarm != 40*time.Second {
			t.Errorf("alarm in %v", s.alarm)
		}
		s.use.CPU = time.Minute
		s.pass(10 * time.Second)
		s.send(signals.Signal{Number: 64, FromTimer: true, Sender: s.pid})
		s.want("40s look", "40s report stopping gen=1 cpu-time", "40s signal 101 TERM", "40s signal 101 CONT")
	})
}

// TestNoAlarmForTheDead: the number of a child that was reaped may be anybody's.
func TestNoAlarmForTheDead(t *testing.T) {
	s := &scene{}
	for pid, want := range map[int]time.Duration{0: 0, 100: time.Second} {
		s.alarm = 0
		l := loop{world: s, lives: []*life{{gen: 1, pid: pid}}}
		if l.perform(restart.Alarm{Gen: 1, In: time.Second}); s.alarm != want {
			t.Errorf("child %d: alarm in %v", pid, s.alarm)
		}
	}
}

// TestRestartSignal: the signal that is set asks for another generation, if a
// process has sent it; what the terminal sends does not.
func TestRestartSignal(t *testing.T) {
	for _, sig := range []unix.Signal{unix.SIGUSR1, unix.SIGHUP} {
		play(t, Config{Policy: policy(), RestartSignal: sig, Situation: signals.Situation{Leader: true}}, func(s *scene) {
			s.pass(time.Minute)
			s.want("0s spawn 1")
			s.kill(unix.SIGUSR2)
			s.want("1m0s signal 101 USR2")
			s.terminal(unix.SIGHUP)
			s.want("1m0s signal 101 HUP") // we lead the session, so it comes to us alone
			s.kill(sig)
			s.want("1m0s report stopping gen=1 asked", "1m0s signal 101 TERM", "1m0s signal 101 CONT")
			if r := s.report; !r.Again || r.By == "" {
				t.Errorf("%+v", r)
			}
			s.exit(child.Change{Signal: unix.SIGTERM})
			s.want("1m0s over", "1m0s spawn 2", "1m0s report up gen=2")
		})
	}
}

// TestUnseen: what a look could not see is said, and the rest counts.
func TestUnseen(t *testing.T) {
	p := policy()
	p.MaxTasks, p.MaxSockets = 10, 10
	play(t, Config{Policy: p}, func(s *scene) {
		s.use = restart.Usage{Tasks: 10, Unseen: "count the sockets: permission denied"}
		s.pass(125 * time.Millisecond)
		s.want("0s spawn 1", "100ms look", "100ms report blind gen=1", "125ms look", "125ms report stopping gen=1 tasks",
			"125ms signal 101 TERM", "125ms signal 101 CONT")
	})
}

// TestFiles: a touch is heard, examined when it is settled, and what has changed
// is a recycle; during the stop the next one finds it.
func TestFiles(t *testing.T) {
	play(t, Config{Policy: policy()}, func(s *scene) {
		touch := func() { s.let(func() { s.touched <- files.Touched{} }) }
		s.pass(time.Minute)
		s.want("0s spawn 1")
		touch()
		s.want("1m0s heard")
		s.pass(200 * time.Millisecond)
		s.want("1m0.2s examine false")
		s.examined = restart.Examined{Settled: true, Path: "a", More: 1}
		s.pass(200 * time.Millisecond)
		s.want("1m0.4s examine false", "1m0.4s report stopping gen=1 changed", "1m0.4s signal 101 TERM", "1m0.4s signal 101 CONT")
		touch()
		s.exit(child.Change{})
		s.want("1m0.4s heard", "1m0.4s over", "1m0.4s examine true", "1m0.4s spawn 2", "1m0.4s report up gen=2")
	})
}

// TestRequests: the count is asked for and told, what is in flight is waited for.
func TestRequests(t *testing.T) {
	p := policy()
	p.MaxRequests, p.Drains, p.DrainTimeout = 10, true, time.Minute
	play(t, Config{Policy: p}, func(s *scene) {
		tell := func(n requests.News) { s.let(func() { s.asked <- n }) }
		s.pass(time.Second)
		s.want("0s spawn 1", "0s count 10")
		tell(requests.News{Gen: 2, Kind: requests.Extend})
		s.tellCounted() // of the generation before
		s.want()
		s.served, s.inFlight = 10, 2
		s.tellCounted()
		s.want("1s drain", "1s report draining gen=1 requests")
		if s.report.InFlight != 2 || s.report.Requests != 10 {
			t.Errorf("%+v", s.report)
		}
		tell(requests.News{Gen: 1, Kind: requests.Extend, By: time.Hour})
		s.pass(2 * time.Minute)
		s.served, s.inFlight = 12, 0
		s.tellCounted()
		s.want("2m1s report stopping gen=1 requests", "2m1s signal 101 TERM", "2m1s signal 101 CONT")
	})
}

// TestDrainRunsOut: it is said how many are in flight still, and not how many were, when
// the time for it is over and when somebody does not wait for that.
func TestDrainRunsOut(t *testing.T) {
	for name, end := range map[string]func(s *scene){
		"time": func(s *scene) { s.pass(time.Minute) },
		"TERM": func(s *scene) { s.kill(unix.SIGTERM) },
	} {
		p := policy()
		p.MaxRequests, p.Drains, p.DrainTimeout = 10, true, time.Minute
		play(t, Config{Policy: p}, func(s *scene) {
			s.served, s.inFlight = 10, 5
			s.tellCounted()
			s.want("0s spawn 1", "0s count 10", "0s drain", "0s report draining gen=1 requests")
			s.served, s.inFlight = 14, 1
			end(s)
			if s.report.Kind != restart.Stopping || s.report.InFlight != 1 || s.report.Requests != 14 {
				t.Errorf("%s: %+v", name, s.report)
			}
			s.notes = nil
		})
	}
}

// TestSettling: the end of a tree is told when it is known what becomes of its
// requests; until then it can be asked to end.
func TestSettling(t *testing.T) {
	p := policy()
	p.Stdio, p.Restart = true, restart.Always
	play(t, Config{Policy: p}, func(s *scene) {
		s.settles = true
		tell := func(n requests.News) { s.let(func() { s.asked <- n }) }
		s.pass(time.Minute)
		s.want("0s spawn 1")
		tell(requests.News{Kind: requests.InputEnded})
		s.exit(child.Change{Signal: unix.SIGKILL})
		s.pass(time.Minute)
		s.want("1m0s over")
		tell(requests.News{Gen: 1, Kind: requests.Ended, Lost: 1, Owed: 2})
		s.want("2m0s report backoff gen=1 signal")
		if s.report.Lost != 1 {
			t.Errorf("%+v", s.report)
		}
		s.pass(time.Second)
		s.settles = false
		s.let(func() {})
		if s.calls["spawn"] != 2 || s.report.Kind != restart.Up {
			t.Errorf("what is owed is not asked of another one: %q", s.notes)
		}
		s.notes = nil
	})
}

// TestSettlingStalls: who reads our answers has stalled, so that nobody says what
// becomes of the requests of a tree that is gone. The grace does not run out on it, also
// where the loop is awake for something else, and who asks for the end does not wait.
func TestSettlingStalls(t *testing.T) {
	p := policy()
	p.Stdio, p.Restart = true, restart.Always
	for _, beat := range []time.Duration{0, 3 * time.Second} {
		play(t, Config{Policy: p, RestartSignal: unix.SIGUSR1, Beat: beat}, func(s *scene) {
			s.settles = true
			s.pass(time.Minute)
			s.want("0s spawn 1")
			s.kill(unix.SIGUSR1)
			s.want("1m0s report stopping gen=1 asked", "1m0s close-input")
			s.exit(child.Change{})
			s.pass(time.Hour)
			s.want("1m0s over")
			s.kill(unix.SIGTERM)
			s.wantStatus(0)
		})
	}
}

// TestDrainOfWhatWeCarry: that nothing is in flight counts only once nothing more can
// be handed over, which is told; that something is counts at once.
func TestDrainOfWhatWeCarry(t *testing.T) {
	p := policy()
	p.Stdio, p.Drains, p.DrainTimeout = true, true, time.Minute
	for _, inFlight := range []int64{0, 1} {
		play(t, Config{Policy: p, RestartSignal: unix.SIGUSR1}, func(s *scene) {
			s.settles, s.inFlight = true, inFlight
			s.pass(time.Second)
			s.want("0s spawn 1")
			s.kill(unix.SIGUSR1)
			if want := []string{"1s drain"}; inFlight == 0 {
				s.want(want...)
			} else {
				s.want(append(want, "1s report draining gen=1 asked")...)
			}
			s.inFlight = 0
			s.tellCounted()
			s.want("1s report stopping gen=1 asked", "1s close-input")
			s.settles = false
		})
	}
}

// TestUnheard: who is read by nobody is told by the signal that a write would have
// brought, and only then its stdin ends.
func TestUnheard(t *testing.T) {
	p := policy()
	p.Stdio, p.Restart = true, restart.Always
	play(t, Config{Policy: p}, func(s *scene) {
		s.want("0s spawn 1")
		s.let(func() { s.asked <- requests.News{Kind: requests.InputEnded} })
		s.let(func() { s.asked <- requests.News{Gen: 1, Kind: requests.Unheard} })
		s.want("0s signal 101 PIPE", "0s close-input")
		s.exit(child.Change{Signal: unix.SIGPIPE})
		s.want("0s over")
		s.wantStatus(128 + 13)
	})
}

// TestReady: a generation is up when it says so.
func TestReady(t *testing.T) {
	p := policy()
	p.Ready = restart.ReadyWhenSaid
	play(t, Config{Policy: p}, func(s *scene) {
		s.pass(time.Minute)
		s.want("0s spawn 1")
		s.let(func() { s.asked <- requests.News{Gen: 1, Kind: requests.Ready} })
		s.want("1m0s report up gen=1")
	})
}

// TestStatus: what the child says of its state is told where it is new, and not more
// often than once a second.
func TestStatus(t *testing.T) {
	var said []string
	play(t, Config{Policy: policy(), Say: func(line string) { said = append(said, line) }}, func(s *scene) {
		tell := func(text string) {
			s.let(func() { s.asked <- requests.News{Gen: 1, Kind: requests.Status, Text: text} })
		}
		s.want("0s spawn 1")
		tell("one")
		tell("two")
		s.pass(time.Second)
		tell("one")
		tell("three")
		s.pass(time.Second)
		tell("three")
	})
	if want := []string{"gen 1: status: one", "gen 1: status: three"}; !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
}
