package restart

// What the world of FuzzStep knows of a child that moves out of its group.

// move lets the child leave its group or come back, and the kernel tell of it, or
// lets a tree that is outside hold too much.
func (w *world) move(in *tape) {
	r := &w.run
	if !r.alive || !w.policy.MemoryEvents {
		return
	}
	switch in.below(6) {
	case 0:
		r.group.outside = !r.group.outside
		if in.coin() {
			w.tell()
		}
	case 1:
		w.holdOutside()
	}
}

// holdOutside: a tree that the kernel guards no more is looked at in time all the
// same. It holds more than its budget, and nothing happens that calls for a look:
// it is stopped after the longest time between two looks, and for as long as an
// excess must last.
func (w *world) holdOutside() {
	r := &w.run
	if w.budget() == 0 || w.closed() {
		return // then it is spent, or waits
	}
	if w.async || w.core.State() != Running || w.policy.MemoryHigh == 0 || !r.group.heard {
		return
	}
	w.blind, w.use.Memory = false, 2*fuzzBudget
	longest := maxInterval + max(w.policy.MemoryFor, confirmInterval)
	until := w.now.Add(longest)
	for range 100 { // pass does not go on for ever
		w.pass(until.Sub(w.now), false)
	}
	if w.closed() || w.budget() == 0 {
		return
	}
	if !w.failed && (w.now.Before(until) || w.core.State() == Running) {
		w.errorf("has held more than its budget outside its group for %v, and is not stopped", longest)
	}
}
