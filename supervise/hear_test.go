package supervise

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/child"
	"relance/requests"
	"relance/restart"
	"relance/signals"
)

// TestHeardFirst: who says that it is ready, waits until that was heard, and serves its share or
// ends then, is up before that, also where the loop comes to both at once.
func TestHeardFirst(t *testing.T) {
	for name, then := range map[string]func(s *scene, l *loop, from *Sources){
		"serves": func(s *scene, _ *loop, from *Sources) {
			s.served = 10
			counted := make(chan struct{}, 1)
			counted <- struct{}{}
			from.Counted = counted
		},
		"ends": func(s *scene, _ *loop, from *Sources) {
			s.changes, s.pid = []child.Change{{PID: s.pid}}, 0
			sent := make(chan signals.Signal, 1)
			sent <- signals.Signal{Number: unix.SIGCHLD, FromKernel: true}
			from.Signals = sent
		},
		"ends, as its group tells": func(s *scene, _ *loop, from *Sources) {
			s.changes, s.pid = []child.Change{{PID: s.pid}}, 0
			told := make(chan cgroup.Change, 1)
			told <- cgroup.Change{Gen: 1}
			from.Groups = told
		},
		"too late, had it not said so": func(_ *scene, l *loop, _ *Sources) { l.Beat = 1 },
	} {
		for range 50 { // of what is there select takes any
			s := &scene{t: t, pid: 101, calls: map[string]int{}}
			l := &loop{world: s, core: restart.New(policy()), timer: time.NewTimer(time.Hour), lives: []*life{{gen: 1, pid: 101}}}
			said := make(chan requests.News, 2)
			said <- requests.News{Gen: 1, Kind: requests.Ready}
			from := Sources{Requests: said}
			then(s, l, &from)
			for len(from.Requests)+len(from.Counted)+len(from.Signals)+len(from.Groups) > 0 || l.Beat > 0 && len(l.pending) < 2 {
				l.wait(from)
			}
			if len(l.pending) < 2 || l.pending[0] != restart.Event(restart.Ready{Gen: 1}) {
				t.Fatalf("%s: %+v", name, l.pending)
			}
		}
	}
}
