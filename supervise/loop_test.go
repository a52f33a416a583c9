package supervise

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/restart"
)

func TestRecycleOnMemory(t *testing.T) {
	p := policy()
	p.MemoryHigh, p.MinUptime = 1000, 0
	play(t, Config{Policy: p}, func(s *scene) {
		s.want("0s spawn 1")
		s.pass(100 * time.Millisecond)
		s.want("100ms look")
		s.use.Memory = 1000
		s.pass(200 * time.Millisecond)
		s.want("300ms look")
		s.pass(25 * time.Millisecond)
		s.want("325ms look",
			"325ms report stopping gen=1 memory-high", "325ms headroom true", "325ms signal 101 TERM", "325ms signal 101 CONT")
		s.pass(2 * time.Second)
		s.use.Memory = 1
		s.exit(child.Change{Code: 0})
		s.want("2.325s over", "2.325s spawn 2", "2.325s report up gen=2")
		if s.report.PID != 102 || s.report.After != 1 {
			t.Errorf("%+v", s.report)
		}
	})
}

// TestCrashes: each delay is kept to the nanosecond, and the last crash is the
// end, with its status.
func TestCrashes(t *testing.T) {
	p := policy()
	p.Restart, p.GiveUp, p.GiveUpWithin = restart.OnFailure, 4, time.Minute
	play(t, Config{Policy: p}, func(s *scene) {
		s.want("0s spawn 1")
		for gen := 1; gen < p.GiveUp; gen++ {
			s.exit(child.Change{Code: 3})
			at := time.Since(s.start)
			want := []string{fmt.Sprint(at, " over"), fmt.Sprintf("%v report backoff gen=%d exit", at, gen)}
			if gen > 1 { // of the first nobody was before
				want = append(want, fmt.Sprintf("%v taken %d", at, gen))
			}
			s.want(want...)
			middle := 100 * time.Millisecond << (gen - 1)
			if in := s.report.In; in < middle*4/5 || in > middle*6/5 {
				t.Errorf("gen %d: next try in %v", gen, in)
			}
			s.pass(s.report.In - 1)
			s.want()
			s.pass(1)
			at += s.report.In
			s.want(fmt.Sprintf("%v spawn %d", at, gen+1), fmt.Sprintf("%v report up gen=%d", at, gen+1))
		}
		s.exit(child.Change{Signal: unix.SIGSEGV})
		at := time.Since(s.start)
		s.want(fmt.Sprint(at, " over"), fmt.Sprint(at, " report gave-up gen=4 signal"))
		s.wantStatus(139)
	})
}

func TestStop(t *testing.T) {
	play(t, Config{Policy: policy()}, func(s *scene) {
		s.pass(5 * time.Second)
		s.kill(unix.SIGTERM)
		s.want("0s spawn 1", "5s report stopping gen=1 asked", "5s signal 101 TERM", "5s signal 101 CONT")
		s.pass(3 * time.Second)
		s.exit(child.Change{Code: 7})
		s.want("8s over")
		s.wantStatus(7)
	})
}

// TestGraceOver: SIGKILL comes when the grace is over, not before, and again.
func TestGraceOver(t *testing.T) {
	play(t, Config{Policy: policy()}, func(s *scene) {
		s.kill(unix.SIGTERM)
		s.want("0s spawn 1", "0s report stopping gen=1 asked", "0s signal 101 TERM", "0s signal 101 CONT")
		s.pass(10*time.Second - 1)
		s.want()
		s.pass(1)
		s.want("10s report killing gen=1 asked", "10s kill")
		s.pass(750 * time.Millisecond)
		s.want("10.25s kill", "10.75s kill")
		s.exit(child.Change{Signal: unix.SIGKILL})
		s.want("10.75s over")
		s.wantStatus(137)
	})
}

// TestSecondTerm: who asks again cannot wait; who asks twice at once, as
// timeout(1) does, has asked once.
func TestSecondTerm(t *testing.T) {
	play(t, Config{Policy: policy()}, func(s *scene) {
		s.kill(unix.SIGTERM)
		s.want("0s spawn 1", "0s report stopping gen=1 asked", "0s signal 101 TERM", "0s signal 101 CONT")
		s.kill(unix.SIGTERM)
		s.pass(99 * time.Millisecond)
		s.kill(unix.SIGTERM)
		s.want()
		s.pass(time.Millisecond)
		s.kill(unix.SIGINT)
		s.want("100ms report killing gen=1 asked", "100ms kill")
		s.exit(child.Change{Signal: unix.SIGKILL})
		s.want("100ms over")
		s.wantStatus(137)
	})
}

// TestOrphans: what ends while the child is up is reaped and is nobody's affair.
func TestOrphans(t *testing.T) {
	play(t, Config{Policy: policy()}, func(s *scene) {
		s.want("0s spawn 1")
		for i := range 1000 {
			s.changes = append(s.changes, child.Change{PID: 5000 + i, Signal: unix.SIGKILL})
		}
		s.chld()
		s.want()
		if len(s.changes) > 0 || s.calls["count"] > 0 {
			t.Errorf("%d not reaped, counted the tree %d times", len(s.changes), s.calls["count"])
		}
		// Orphans before and after the child, behind one SIGCHLD.
		s.changes = []child.Change{{PID: 6001}, {PID: 101, Code: 5}, {PID: 6002, Code: 9}}
		s.pid = 0
		s.chld()
		s.want("0s over")
		s.wantStatus(5)
	})
}

// TestLeftBehind: nothing starts before the last of the tree is gone, and the
// child is never signalled again once it was reaped.
func TestLeftBehind(t *testing.T) {
	p := policy()
	p.Restart = restart.Always
	play(t, Config{Policy: p}, func(s *scene) {
		s.pass(time.Minute)
		s.rest = 3
		s.exit(child.Change{Code: 0})
		s.want("0s spawn 1", "1m0s report left-behind gen=1 exit", "1m0s tree TERM", "1m0s tree CONT")
		if s.report.Left != 3 {
			t.Errorf("left %d", s.report.Left)
		}
		s.kill(unix.SIGHUP) // for a child that is no more
		s.want()
		s.rest = 1
		s.changes = []child.Change{{PID: 7001}, {PID: 7002}}
		s.chld()
		s.want()
		s.pass(10 * time.Second)
		s.want("1m10s report killing gen=1 exit", "1m10s kill")
		s.kill(unix.SIGUSR1)
		s.rest = 0
		s.changes = []child.Change{{PID: 7003, Signal: unix.SIGKILL}}
		s.chld()
		s.want("1m10s over", "1m10s report ended gen=1 exit", "1m10s spawn 2", "1m10s report up gen=2")
		// A SIGCHLD with nothing behind it.
		s.chld()
		s.want()
		if s.calls["over"] != 1 {
			t.Errorf("over %d times", s.calls["over"])
		}
	})
}

// TestChildlessIsEmpty: when there is no child at all, the tree need not be
// looked for.
func TestChildlessIsEmpty(t *testing.T) {
	play(t, Config{Policy: policy()}, func(s *scene) {
		s.exit(child.Change{Code: 1})
		s.want("0s spawn 1", "0s over")
		s.wantStatus(1)
		if s.calls["count"] > 0 {
			t.Error("walked the tree of nobody")
		}
	})
}

func TestChildStops(t *testing.T) {
	play(t, Config{Policy: policy()}, func(s *scene) {
		s.changes = []child.Change{
			{PID: 8001, Stopped: unix.SIGSTOP}, // an orphan: not our job
			{PID: 101, Stopped: unix.SIGTSTP},
		}
		s.chld()
		s.want("0s spawn 1", "0s stopped TSTP")
		s.kill(unix.SIGHUP) // it is still the child
		s.want("0s signal 101 HUP")
	})
}

func TestSpawnFails(t *testing.T) {
	missing := &child.StageError{Step: `run "app"`, Command: "app", Exec: true, Errno: unix.ENOENT}
	forbidden := fmt.Errorf("start: %w", &child.StageError{Step: "run /", Command: "/", Exec: true, Errno: unix.EACCES})
	for _, c := range []struct {
		err    error
		status int
	}{{missing, 127}, {forbidden, 126}, {errors.New("fork: out of memory"), 125}} {
		t.Run(c.err.Error(), func(t *testing.T) {
			p := policy()
			p.Restart = restart.OnFailure
			play(t, Config{Policy: p}, func(s *scene) {
				// Later it is tried again.
				s.pass(2 * time.Second)
				s.refused = c.err
				s.exit(child.Change{Code: 1})
				s.want("0s spawn 1", "2s over", "2s report backoff gen=1 exit")
				s.pass(s.report.In)
				at := time.Since(s.start)
				s.want(fmt.Sprint(at, " spawn 2"), fmt.Sprint(at, " report backoff gen=2 start-failed"))
				if s.report.Err != c.err.Error() {
					t.Errorf("says %q", s.report.Err)
				}
				s.kill(unix.SIGTERM) // while nobody is there
				s.want()
				s.wantStatus(c.status)
			})
		})
	}
}

func TestFirstSpawnFails(t *testing.T) {
	end := make(chan int, 1)
	s := &scene{t: t, start: time.Now(), calls: map[string]int{}, refused: errors.New("no")}
	end <- Run(Config{Policy: policy(), Report: s.told}, s, Sources{})
	if got := <-end; got != 125 || s.report.Kind != restart.StartFailure {
		t.Errorf("ended with %d, said %+v", got, s.report)
	}
}

// TestIdle: a command without a budget costs nothing at all, one with a budget
// a look in ten seconds.
func TestIdle(t *testing.T) {
	watched := policy()
	watched.MemoryHigh = 1000
	for _, c := range []struct {
		name        string
		policy      restart.Policy
		least, most int
	}{{"no budget", policy(), 0, 0}, {"a budget", watched, 350, 370}} {
		t.Run(c.name, func(t *testing.T) {
			play(t, Config{Policy: c.policy}, func(s *scene) {
				s.pass(time.Hour)
				s.notes = nil
				calls := 0
				for _, n := range s.calls {
					calls += n
				}
				if n := s.calls["look"]; n < c.least || n > c.most || calls != n+1 {
					t.Errorf("in an hour: %v", s.calls)
				}
			})
		})
	}
}

// TestBlind: a look that is not possible is said once, and ends nothing.
func TestBlind(t *testing.T) {
	p := policy()
	p.MemoryHigh = 1000
	play(t, Config{Policy: p}, func(s *scene) {
		s.blind = errors.New("permission denied")
		s.pass(25 * time.Second)
		s.want("0s spawn 1", "100ms look", "100ms report blind gen=1",
			"300ms look", "700ms look", "1.5s look", "3.1s look", "6.3s look", "12.7s look", "22.7s look")
	})
}
