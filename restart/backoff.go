package restart

import (
	"math/rand/v2"
	"time"
)

// backoff counts the ends in a row that a relaunch did not cure, and says how
// long to wait before the next try.
type backoff struct {
	failures int
	// crashes holds the times of the last crashes, for giving up.
	crashes []time.Time
	jitter  *rand.Rand
}

// delay counts one more failure and returns the time to wait: BackoffMin doubled
// with each failure, up to BackoffMax, give or take a fifth, so that a fleet
// that fell together does not rise together. What would be above BackoffMax is
// spread below it.
func (b *backoff) delay(p *Policy) time.Duration {
	d := p.BackoffMin
	for range b.failures {
		if d > p.BackoffMax/2 {
			d = p.BackoffMax
			break
		}
		d *= 2
	}
	b.failures++
	fifth := d / 5
	low, high := d-fifth, d+min(fifth, p.BackoffMax-d)
	return low + time.Duration(float64(high-low)*b.jitter.Float64())
}

// forget is called after a healthy run. What it does not forget is the crashes:
// "5 in an hour" means five, however long each run was.
func (b *backoff) forget() { b.failures = 0 }

// crashed notes a crash and reports whether it is one too many.
func (b *backoff) crashed(now time.Time, p *Policy) bool {
	if p.GiveUp == 0 {
		return false
	}
	recent := b.crashes[:0]
	for _, t := range b.crashes {
		if now.Sub(t) < p.GiveUpWithin {
			recent = append(recent, t)
		}
	}
	b.crashes = append(recent, now)
	return len(b.crashes) >= p.GiveUp
}
