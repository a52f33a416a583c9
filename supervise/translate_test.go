package supervise

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/restart"
	"relance/signals"
)

// TestTranslate: what a signal to relance does to the child, at once.
func TestTranslate(t *testing.T) {
	stopped := func(sig string) []string {
		return []string{"0s report stopping gen=1 asked", "0s signal 101 " + sig, "0s signal 101 CONT"}
	}
	forwarded := func(sig string) []string { return []string{"0s signal 101 " + sig} }
	user := func(sig unix.Signal) signals.Signal { return signals.Signal{Number: sig, Sender: 77} }
	kernel := func(sig unix.Signal) signals.Signal { return signals.Signal{Number: sig, FromKernel: true} }
	quit := policy()
	quit.StopSignal = restart.Sig(unix.SIGQUIT)
	for _, c := range []struct {
		name string
		c    Config
		in   signals.Signal
		want []string
	}{
		{"TERM", Config{}, user(unix.SIGTERM), stopped("TERM")},
		{"INT stays INT", Config{}, user(unix.SIGINT), stopped("INT")},
		{"the stop signal that was chosen", Config{Policy: quit, StopSignalSet: true}, user(unix.SIGTERM), stopped("QUIT")},
		{"the same for INT", Config{Policy: quit, StopSignalSet: true}, user(unix.SIGINT), stopped("QUIT")},
		{"a rewrite wins", Config{Policy: quit, StopSignalSet: true, Rewrites: signals.Rewrites{unix.SIGTERM: unix.SIGHUP}}, user(unix.SIGTERM), stopped("HUP")},
		{"a rewrite of TERM still ends", Config{Rewrites: signals.Rewrites{unix.SIGTERM: unix.SIGINT}}, user(unix.SIGTERM), stopped("INT")},
		{"TERM=none", Config{Rewrites: signals.Rewrites{unix.SIGTERM: 0}}, user(unix.SIGTERM), nil},
		{"TERM was ignored", Config{Situation: signals.Situation{Ignored: 1 << (unix.SIGTERM - 1)}}, user(unix.SIGTERM), forwarded("TERM")},
		{"HUP", Config{}, user(unix.SIGHUP), forwarded("HUP")},
		{"HUP=QUIT", Config{Rewrites: signals.Rewrites{unix.SIGHUP: unix.SIGQUIT}}, user(unix.SIGHUP), forwarded("QUIT")},
		{"a realtime signal", Config{}, user(37), forwarded("RTMIN+3")},
		{"Ctrl-C", Config{}, kernel(unix.SIGINT), nil},
		{"the terminal hangs up", Config{}, kernel(unix.SIGHUP), nil},
		{"the same for who leads the session", Config{Situation: signals.Situation{Leader: true}}, kernel(unix.SIGHUP), forwarded("HUP")},
		{"a change of size", Config{}, kernel(unix.SIGWINCH), nil},
		{"a broken pipe of ours", Config{}, signals.Signal{Number: unix.SIGPIPE, Sender: 1}, nil},
		{"somebody's PIPE", Config{}, user(unix.SIGPIPE), forwarded("PIPE")},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.c.Policy.Grace == 0 {
				c.c.Policy = policy()
			}
			play(t, c.c, func(s *scene) {
				s.want("0s spawn 1")
				s.send(c.in)
				s.want(c.want...)
			})
		})
	}
}

// TestCtrlC: the child has got it too. If it ends, that was wanted, under every
// policy; if it goes on, so do we.
func TestCtrlC(t *testing.T) {
	p := policy()
	p.Restart = restart.Always
	play(t, Config{Policy: p}, func(s *scene) {
		s.want("0s spawn 1")
		s.terminal(unix.SIGINT)
		s.pass(time.Hour) // a shell goes on
		s.want()
		s.terminal(unix.SIGINT)
		s.terminal(unix.SIGINT) // as often as one likes
		s.pass(time.Second)
		s.exit(child.Change{Signal: unix.SIGINT})
		s.want("1h0m1s over")
		s.wantStatus(130)
	})
}

// TestSignalAfterTheEnd: the child is a zombie, and a signal for it comes before
// we know. It goes to the zombie, which is still ours, and nowhere afterwards.
func TestSignalAfterTheEnd(t *testing.T) {
	p := policy()
	p.Restart = restart.OnFailure
	play(t, Config{Policy: p}, func(s *scene) {
		s.want("0s spawn 1")
		s.changes, s.pid = []child.Change{{PID: 101, Code: 1}}, 0
		s.kill(unix.SIGHUP)
		s.want("0s signal 101 HUP")
		s.chld()
		s.want("0s over", "0s report backoff gen=1 exit")
		for range 3 {
			s.kill(unix.SIGHUP)
		}
		s.want()
		s.kill(unix.SIGTERM)
		s.want()
		s.wantStatus(1)
	})
}

// TestTermWhileRecycling: the recycle becomes the end.
func TestTermWhileRecycling(t *testing.T) {
	p := policy()
	p.MemoryHigh = 1000
	play(t, Config{Policy: p}, func(s *scene) {
		s.use.Memory = 2000
		s.pass(125 * time.Millisecond)
		s.want("0s spawn 1", "100ms look", "125ms look",
			"125ms report stopping gen=1 memory-high", "125ms headroom true", "125ms signal 101 TERM", "125ms signal 101 CONT")
		s.kill(unix.SIGTERM)
		s.exit(child.Change{Signal: unix.SIGTERM})
		s.want("125ms over")
		s.wantStatus(143)
	})
}
