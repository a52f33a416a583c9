package supervise

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/control"
	"relance/restart"
	"relance/signals"
)

// bystander is a world in which a child has ended before the loop hears of
// anything, and only the first generation ever does.
type bystander struct {
	end    child.Change
	spawns int
	reaped bool
}

func (*scene) Ignore(int)                             {}
func (*bystander) Ignore(int)                         {}
func (b *bystander) Spawn(restart.Spawn) (int, error) { b.spawns++; return b.spawns, nil }

func (b *bystander) Reap() (child.Change, child.Wait) {
	if b.reaped {
		return child.Change{}, child.Childless
	}
	b.reaped = true
	return b.end, child.Found
}

func (*bystander) Signal(int, restart.Sig)                {}
func (*bystander) Queue(int, restart.Sig, uint64)         {}
func (*bystander) SignalTree(int, restart.Sig)            {}
func (*bystander) KillTree(int)                           {}
func (*bystander) Look(int, int64) (restart.Usage, error) { return restart.Usage{}, nil }
func (*bystander) See(int, int64) (restart.Usage, error)  { return restart.Usage{}, nil }
func (*bystander) Members() ([]control.Member, error)     { return nil, nil }
func (*bystander) Headroom(int, bool)                     {}
func (*bystander) Watch(int)                              {}
func (*bystander) Counters(int) restart.Counters          { return restart.Counters{} }
func (*bystander) Escaped(int) bool                       { return false }
func (*bystander) Dying(int) bool                         { return false }
func (*bystander) Alarm(int, time.Duration)               {}
func (*bystander) Count(int, int64)                       {}
func (*bystander) Drain(int) bool                         { return true }
func (*bystander) Requests(int) (int64, int64)            { return 0, 0 }
func (*bystander) CloseInput(int)                         {}
func (*bystander) NoteAddresses(int)                      {}
func (*bystander) TellTaken(int)                          {}
func (*bystander) Probe(int)                              {}
func (*bystander) Settles() bool                          { return false }
func (*bystander) Resumed()                               {}
func (*bystander) Heard()                                 {}
func (*bystander) Examine(bool) restart.Examined          { return restart.Examined{Settled: true} }
func (*bystander) TreeLeft(int) int                       { return 0 }
func (*bystander) Over(int)                               {}
func (*bystander) ChildStopped(int, restart.Sig)          {}

// Ctrl-C that comes a little later than the end that it has caused is still its
// cause, and one that comes much later is not.
func TestLateInterrupt(t *testing.T) {
	for _, tt := range []struct {
		name     string
		terminal bool
		restart  restart.When
		end      child.Change
		after    time.Duration
		endBy    restart.Sig
		spawns   int
	}{
		{"dies of it", true, restart.OnLimits, child.Change{PID: 1, Signal: unix.SIGINT}, late / 2, 2, 1},
		{"handles it", true, restart.Always, child.Change{PID: 1}, late / 2, 0, 1},
		{"much later", true, restart.Always, child.Change{PID: 1}, late * 2, 2, 1},
		{"no terminal", false, restart.OnLimits, child.Change{PID: 1, Signal: unix.SIGINT}, late / 2, 0, 1},
		{"no difference", true, restart.OnLimits, child.Change{PID: 1, Code: 3}, late / 2, 0, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world, in := &bystander{end: tt.end}, make(chan signals.Signal, 2)
				var endBy restart.Sig
				var reports []restart.Kind
				done := make(chan time.Time)
				go func() {
					Run(Config{
						Policy:   restart.Policy{Restart: tt.restart, BackoffMin: time.Hour, BackoffMax: time.Hour, MinUptime: time.Minute},
						Terminal: tt.terminal,
						EndBy:    func(sig restart.Sig) { endBy = sig },
						Report:   func(r restart.Report) { reports = append(reports, r.Kind) },
					}, world, Sources{Signals: in})
					done <- time.Now()
				}()
				in <- signals.Signal{Number: unix.SIGCHLD, FromKernel: true}
				time.Sleep(tt.after)
				in <- signals.Signal{Number: unix.SIGINT, FromKernel: true}
				<-done
				if endBy != tt.endBy || world.spawns != tt.spawns {
					t.Errorf("ended by %d after %d generations, want %d and %d", endBy, world.spawns, tt.endBy, tt.spawns)
				}
				// In time: it did not come to a backoff.
				if soon := tt.after < late; soon && slices.Contains(reports, restart.Backoff) {
					t.Errorf("reports: %v", reports)
				}
			})
		})
	}
}
