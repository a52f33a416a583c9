package supervise

import (
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/tree"
)

// TestSpending: an orphan that dies is counted once, among the living before and
// among those we have waited for after; a look that misses it takes nothing back.
func TestSpending(t *testing.T) {
	type look struct{ members, reaped, want time.Duration }
	for name, looks := range map[string][]look{
		"it dies":          {{3, 0, 3}, {0, 3, 3}, {2, 3, 5}, {0, 6, 6}},
		"missed by a look": {{5, 0, 5}, {2, 0, 5}, {4, 0, 5}, {6, 0, 6}},
	} {
		var s spending
		for i, l := range looks {
			s.reaped = l.reaped
			if s.seen(l.members); s.most != l.want {
				t.Errorf("%s, look %d: %d, want %d", name, i+1, s.most, l.want)
			}
		}
	}
}

// TestCharge: what an orphan has used is its generation's, where only one lives; of
// two nobody can tell.
func TestCharge(t *testing.T) {
	a, b := &generation{berth: &berth{taken: true}, gen: 1, pid: 10}, &generation{berth: &berth{taken: true}, gen: 2, pid: 20}
	m := &Machine{generations: []*generation{a, b}}
	charge := func(pid int) { m.charge(m.ofChild(pid), child.Change{PID: pid, CPU: time.Second}) }
	charge(10)
	charge(99)
	b.taken = false
	charge(99)
	if a.spending.reaped != 2*time.Second || b.spending.reaped != 0 {
		t.Errorf("%v and %v, want 2s and nothing", a.spending.reaped, b.spending.reaped)
	}
}

// TestHookIsNotCharged: what a hook has used is nobody's, while what another child of ours
// has used is its generation's.
func TestHookIsNotCharged(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	walker, err := tree.New(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	defer walker.Close()
	g := &generation{berth: &berth{taken: true}, gen: 1, pid: 1}
	m := &Machine{generations: []*generation{g}, walker: walker, say: func(line string) { t.Error(line) }}
	for _, hook := range []bool{true, false} {
		spawner, err := child.NewSpawner(&child.Settings{Argv: []string{"sh", "-c", ":"}, Env: []string{"PATH=/bin:/usr/bin"}})
		if err != nil {
			t.Fatal(err)
		}
		pid, err := spawner.Spawn(nil)
		if err != nil {
			t.Fatal(err)
		}
		if hook {
			m.Ignore(pid)
		}
		if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
			t.Fatal(err)
		}
		if c, wait := m.Reap(); wait != child.Found || c.PID != pid || c.CPU == 0 {
			t.Fatalf("%+v, %v", c, wait)
		}
		if charged := g.spending.reaped > 0; charged == hook {
			t.Errorf("a hook is %v: charged with %v", hook, g.spending.reaped)
		}
	}
	if len(m.hooks) > 0 {
		t.Errorf("hooks that are no more: %v", m.hooks)
	}
}
