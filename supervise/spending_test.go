package supervise

import (
	"testing"
	"time"
)

// TestSpending: an orphan that dies is counted once, among the living before and
// among those we have waited for after; a look that misses it takes nothing back.
func TestSpending(t *testing.T) {
	type look struct{ members, reaped, want time.Duration }
	for name, looks := range map[string][]look{
		"it dies":              {{3, 10, 3}, {0, 13, 3}, {2, 13, 5}, {0, 16, 6}},
		"missed by a look":     {{5, 10, 5}, {2, 10, 5}, {4, 10, 5}, {6, 10, 6}},
		"of before this start": {{0, 10, 0}, {1, 10, 1}},
	} {
		s := spending{reaped: 10}
		for i, l := range looks {
			if s.seen(l.members, l.reaped); s.most != l.want {
				t.Errorf("%s, look %d: %d, want %d", name, i+1, s.most, l.want)
			}
		}
	}
}
