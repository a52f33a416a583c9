package supervise

import (
	"testing"
	"time"

	"relance/child"
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
