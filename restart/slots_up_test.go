package restart

import "time"

// checkUp: it says after whom it is up.
func (w *pool) checkUp(b *being, r Report) {
	if b.up || !b.ready || b.asked || r.PID != 100+b.gen {
		w.errorf("up: %+v: %+v", b, r)
	}
	b.up = true
	if r.After == 0 {
		return
	}
	before := w.beings[r.After-1]
	switch {
	case before.worker != b.worker || before.gen >= b.gen || before.started.IsZero():
		w.errorf("up after gen %d: %+v", r.After, before)
	case r.Handover != before.there():
		w.errorf("up in place of gen %d %v: %+v", r.After, r.Handover, before)
	case r.Handover && r.In != 0, !r.Handover && r.In != w.now.Sub(before.over):
		w.errorf("up %v after gen %d, which is over for %v", r.In, r.After, w.now.Sub(before.over))
	case !r.Handover && w.ended[b.worker] != r.After:
		w.errorf("up after gen %d, the last was %d", r.After, w.ended[b.worker])
	}
}

// checkHelped: it is said of one that does its work, and of the one before it that it
// does not any more.
func (w *pool) checkHelped(b *being, r Report) {
	if !b.serves() || b.helped || w.main(b.worker) != b || w.now.Sub(b.started) < max(w.policy.MinUptime, time.Second) {
		w.errorf("has helped: %+v: %+v", b, r)
	}
	b.helped = true
	if r.After == 0 {
		return
	}
	if before := w.beings[r.After-1]; before.worker != b.worker || before.gen >= b.gen || before.alive && !before.asked {
		w.errorf("has helped after gen %d: %+v", r.After, before)
	}
}
