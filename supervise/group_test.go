package supervise

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/child"
	"relance/restart"
)

func guarded() restart.Policy {
	p := policy()
	p.MemoryHigh, p.MemoryEvents = 1000, true
	return p
}

// TestWoken: the kernel calls for a look, a look is followed by a pause, and
// nothing else ever wakes us.
func TestWoken(t *testing.T) {
	play(t, Config{Policy: guarded()}, func(s *scene) {
		s.use.Exact = true
		s.pass(time.Hour)
		s.want("0s spawn 1")
		if len(s.calls) != 1 {
			t.Errorf("in an hour: %v", s.calls)
		}
		s.count.High = 1
		s.news(cgroup.Change{Gen: 1})
		s.pass(time.Hour)
		s.want("1h0m0s look", "1h0m0.1s watch")
		s.count.High, s.use.Memory = 2, 1000
		s.news(cgroup.Change{Gen: 1})
		s.want("2h0m0s look", "2h0m0s report stopping gen=1 memory-high", "2h0m0s headroom true",
			"2h0m0s signal 101 TERM", "2h0m0s signal 101 CONT")
		s.count.High = 3
		s.news(cgroup.Change{Gen: 1})
		s.want()
		s.exit(child.Change{Signal: unix.SIGTERM})
		s.want("2h0m0s over", "2h0m0s spawn 2", "2h0m0s report up gen=2")
		if s.report.Counters != (restart.Counters{}) {
			t.Errorf("counters of the last generation: %+v", s.report)
		}
		// What is still on its way of the old group must not be taken for the new one's.
		counted := s.calls["counters"]
		s.news(cgroup.Change{Gen: 1})
		s.news(cgroup.Change{Gen: 1, Pressed: true})
		s.want()
		if s.calls["counters"] != counted {
			t.Error("read the counters for news of another generation")
		}
	})
}

// TestTripwire: the brake is off while an excess lasts, and on again after it.
func TestTripwire(t *testing.T) {
	p := guarded()
	p.MemoryFor = time.Second
	play(t, Config{Policy: p}, func(s *scene) {
		s.use, s.count.High = restart.Usage{Memory: 1000, Exact: true}, 1
		s.pass(time.Minute)
		s.news(cgroup.Change{Gen: 1})
		s.use.Memory = 999
		s.pass(time.Minute)
		s.want("0s spawn 1", "1m0s look", "1m0s headroom true", "1m0.125s look", "1m0.125s headroom false", "1m0.125s watch")
	})
}

// TestVictim: the news of an OOM kill come before SIGCHLD, and its victim was the
// child. That is the end of it, and no stop.
func TestVictim(t *testing.T) {
	play(t, Config{Policy: guarded()}, func(s *scene) {
		s.pass(time.Minute)
		s.want("0s spawn 1")
		s.count = restart.Counters{OOM: 1, OOMKill: 1, Victim: "python3, pid 812"}
		s.changes, s.pid = []child.Change{{PID: 101, Signal: unix.SIGKILL}}, 0
		s.news(cgroup.Change{Gen: 1})
		s.want("1m0s over", "1m0s report ended gen=1 oom-kill", "1m0s spawn 2", "1m0s report up gen=2")
		s.chld() // which was merged with the other
		s.pass(time.Hour)
		s.want()
	})
}

// TestCountedAtTheEnd: nothing but SIGCHLD comes; the counters go with the end,
// and are read before the group is given up.
func TestCountedAtTheEnd(t *testing.T) {
	play(t, Config{Policy: guarded()}, func(s *scene) {
		s.pass(time.Minute)
		s.count = restart.Counters{OOM: 1, OOMKill: 1, Victim: "python3, pid 812"}
		s.exit(child.Change{Signal: unix.SIGKILL})
		s.want("0s spawn 1", "1m0s over", "1m0s report ended gen=1 oom-kill", "1m0s spawn 2", "1m0s report up gen=2")
	})
}

// TestWorkerKilled: the child lives, and is asked to leave when it is certain.
func TestWorkerKilled(t *testing.T) {
	play(t, Config{Policy: guarded()}, func(s *scene) {
		s.pass(time.Minute)
		s.count = restart.Counters{OOM: 1, OOMKill: 1, Victim: "python3, pid 812"}
		s.news(cgroup.Change{Gen: 1})
		s.want("0s spawn 1", "1m0s watch")
		s.pass(time.Second)
		s.want("1m0.1s report stopping gen=1 oom-kill", "1m0.1s headroom true", "1m0.1s signal 101 TERM", "1m0.1s signal 101 CONT")
		if s.report.Counters != s.count {
			t.Errorf("says %+v", s.report.Counters)
		}
		s.exit(child.Change{})
		s.want("1m1s over", "1m1s spawn 2", "1m1s report up gen=2")
	})
}

// TestPressed: the trigger brings the figures of a look with it, if there are any.
func TestPressed(t *testing.T) {
	for _, blind := range []error{nil, errors.New("refused")} {
		p := guarded()
		p.Pressure = "full 200ms/2s"
		play(t, Config{Policy: p}, func(s *scene) {
			s.pass(time.Minute)
			s.use.Memory, s.blind = 900, blind
			if blind != nil {
				s.use = restart.Usage{}
			}
			s.news(cgroup.Change{Gen: 1, Pressed: true})
			s.want("0s spawn 1", "1m0s look", "1m0s report stopping gen=1 memory-high", "1m0s headroom true",
				"1m0s signal 101 TERM", "1m0s signal 101 CONT")
			if r := s.report; r.Pressure != p.Pressure || r.Usage != s.use {
				t.Errorf("says %+v", r)
			}
		})
	}
}

// TestNewsWhileHeld: the end of a child that the terminal may be behind is kept
// back for a moment. News of its group are older.
func TestNewsWhileHeld(t *testing.T) {
	p := guarded()
	p.Restart, p.OOM = restart.Always, restart.OOMContinue
	play(t, Config{Policy: p, Terminal: true}, func(s *scene) {
		s.pass(time.Minute)
		s.count = restart.Counters{OOM: 1, OOMKill: 1}
		s.rest = 1
		s.exit(child.Change{Signal: unix.SIGKILL})
		s.count.High = 5
		s.news(cgroup.Change{Gen: 1})
		s.news(cgroup.Change{Gen: 1, Pressed: true})
		s.want("0s spawn 1")
		s.pass(late)
		s.want("1m0.05s report left-behind gen=1 oom-kill", "1m0.05s headroom true", "1m0.05s tree TERM", "1m0.05s tree CONT")
		s.rest = 0
		s.changes = []child.Change{{PID: 7001}}
		s.chld()
		s.want("1m0.05s over", "1m0.05s report ended gen=1 oom-kill", "1m0.05s spawn 2", "1m0.05s report up gen=2")
	})
}

// TestEscaped: a child that has left its group is looked at by the clock; who is
// dead has left nothing.
func TestEscaped(t *testing.T) {
	play(t, Config{Policy: guarded()}, func(s *scene) {
		s.pass(time.Hour)
		s.news(cgroup.Change{Gen: 1}) // it has come to be in its group
		s.want("0s spawn 1", "1h0m0s watch")
		s.escaped = true
		s.pass(time.Second)
		s.news(cgroup.Change{Gen: 1})
		s.want("1h0m1s report escaped gen=1", "1h0m1s watch")
		s.use.Memory = 2000
		s.pass(time.Second)
		s.want("1h0m1.1s look", "1h0m1.125s look", "1h0m1.125s report stopping gen=1 memory-high",
			"1h0m1.125s headroom true", "1h0m1.125s signal 101 TERM", "1h0m1.125s signal 101 CONT")
		asked := s.calls["escaped"]
		s.rest = 1
		s.changes, s.pid = []child.Change{{PID: 101, Signal: unix.SIGTERM}}, 0
		s.news(cgroup.Change{Gen: 1})
		s.news(cgroup.Change{Gen: 1})
		if s.calls["escaped"] != asked {
			t.Error("asked where a dead child is")
		}
		s.want("1h0m2s headroom true", "1h0m2s tree TERM", "1h0m2s tree CONT")
		s.rest, s.escaped = 0, false
		s.use.Memory = 1
		s.chld()
		s.want("1h0m2s over", "1h0m2s spawn 2", "1h0m2s report up gen=2")
		s.pass(time.Hour)
		s.news(cgroup.Change{Gen: 2})
		s.pass(time.Hour)
		s.want("1h0m3s look", "1h0m3s report recovered gen=2 memory-high", "2h0m2s watch") // whether it has helped, and no more
	})
}

// TestDying: a child that was killed is waited for, however long it takes to die.
func TestDying(t *testing.T) {
	play(t, Config{Policy: guarded()}, func(s *scene) {
		s.pass(time.Minute)
		s.count.OOMKill, s.dying = 1, true
		s.news(cgroup.Change{Gen: 1})
		s.pass(3 * time.Second)
		s.changes, s.pid = []child.Change{{PID: 101, Signal: unix.SIGKILL}}, 0
		s.chld()
		s.want("0s spawn 1", "1m0s watch", "1m3s over", "1m3s report ended gen=1 oom-kill", "1m3s spawn 2", "1m3s report up gen=2")
	})
}
