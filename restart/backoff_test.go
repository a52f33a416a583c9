package restart

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestDelay: doubled up to the bound, within a fifth, never above the bound, and
// without an overflow whatever the user asks for.
func TestDelay(t *testing.T) {
	for _, p := range []Policy{
		{BackoffMin: 100 * time.Millisecond, BackoffMax: 30 * time.Second},
		{BackoffMin: time.Second, BackoffMax: time.Second},
		{BackoffMin: time.Nanosecond, BackoffMax: Forever},
		{BackoffMin: Forever / 3, BackoffMax: Forever},
		{BackoffMin: 0, BackoffMax: 0},
	} {
		b := backoff{jitter: rand.New(rand.NewPCG(1, 1))}
		middle := p.BackoffMin
		for i := range 200 {
			d := b.delay(&p)
			if float64(d) < 0.8*float64(middle)-1 || float64(d) > 1.2*float64(middle)+1 || d > p.BackoffMax {
				t.Fatalf("%v..%v, failure %d: %v", p.BackoffMin, p.BackoffMax, i+1, d)
			}
			if middle > p.BackoffMax/2 {
				middle = p.BackoffMax
			} else {
				middle *= 2
			}
		}
	}
}

// TestDelaySpreads: a fleet that fell together does not rise together, also when
// all have come to the longest delay.
func TestDelaySpreads(t *testing.T) {
	p := Policy{BackoffMin: time.Second, BackoffMax: 10 * time.Second}
	seen := map[time.Duration]bool{}
	for seed := range uint64(100) {
		b := backoff{failures: 50, jitter: rand.New(rand.NewPCG(seed, seed))}
		seen[b.delay(&p)] = true
	}
	if len(seen) < 99 {
		t.Errorf("100 seeds, %d different delays", len(seen))
	}
}
