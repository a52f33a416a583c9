package restart

import "time"

// helpedTruth is what is to be seen of a fresh generation: when, and whether the next
// look is for it.
type helpedTruth struct {
	due   time.Time
	looks bool
	took  time.Duration
	// now says that the time has come in this very step, want that it is to be said.
	now, want bool
}

// learnHelped keeps the truth about whether the last recycle, or the last failure, is
// to be compared with what came of it. It is called when Step has answered.
func (w *world) learnHelped(before State, ev Event) {
	r, p := &w.run, &w.policy
	h := &r.helped
	h.now, h.want = false, false
	if looked, ok := ev.(Looked); ok && looked.Err == "" && (before == Running || before == Leaving) {
		r.memory, r.pressed = looked.Usage.Memory, nil
	}
	if pressed, ok := ev.(Pressed); ok && before == Running && pressed.Usage != (Usage{}) {
		r.pressed = &pressed.Usage.Memory
	}
	running := w.core.State() == Running
	switch ev := ev.(type) {
	case Started:
		if running && p.Ready == ReadyAtStart {
			w.awaitHelp()
		}
	case Ready:
		if before == Running && p.Ready == ReadyWhenSaid && !r.service.up {
			w.awaitHelp()
		}
	case Tick:
		if before != Running || !due(h.due, w.now) {
			return
		}
		h.due = time.Time{}
		h.now = running && !r.opened && p.MemoryHigh > 0
		h.looks = h.now
		h.want = running && !r.opened && p.MemoryHigh == 0
	case Looked:
		if before == Running && running && h.looks {
			h.looks = false
			h.want = ev.Err == "" && ev.Usage.Memory < p.MemoryHigh || ev.Err != "" && w.chain.failures > 0
		}
	}
}

// awaitHelp is called when a generation is ready.
func (w *world) awaitHelp() {
	p, h := &w.policy, &w.run.helped
	wait, since := p.MinUptime, w.chain.judged
	switch {
	case w.chain.failures > 0:
		wait, since = max(p.BackoffMax, p.MinUptime), w.chain.failing
	case !w.chain.spent || p.MemoryHigh == 0:
		return
	}
	h.due = w.run.started.Add(max(wait, time.Second))
	if h.due.Before(w.now) {
		h.due = w.now
	}
	h.took = w.now.Sub(since)
}

// checkHelped: it is said when there is something to say, and looked at once for it.
func (w *world) checkHelped(actions []Action) {
	h := &w.run.helped
	said := reportsOf(actions, Recovered)
	if len(said) > 1 || (len(said) == 1) != h.want {
		w.errorf("says that it has helped, which is %v: %v", h.want, actions)
	}
	if h.now && !hasLook(actions) {
		w.errorf("nobody looks whether it has helped: %v", actions)
	}
	because := w.chain.because
	if w.chain.failures > 0 {
		because = w.chain.failure
	}
	for _, a := range said {
		if a.Took != h.took || a.After != w.chain.previous || a.Failures != w.chain.failures || !w.knownBefore(a.MemoryBefore) ||
			w.chain.previous > 0 && a.Reason != because {
			w.errorf("after %v, gen %d, %s, %d failures, %d bytes: %+v", h.took, w.chain.previous, because, w.chain.failures, w.chain.memory, a)
		}
		if !a.Expected.IsZero() && (a.Expected.Before(w.now) && a.ExpectedFor == MemoryHigh || a.ExpectedFor == "") {
			w.errorf("the next recycle is expected at %v: %+v", a.Expected, a)
		}
	}
}

// knownBefore reports whether the last figure of the generation before was this one.
func (w *world) knownBefore(memory int64) bool {
	return memory == w.chain.memory || w.chain.pressed != nil && memory == *w.chain.pressed
}

// learnBefore keeps what is to be known of a generation of which nothing is left.
func (w *world) learnBefore() {
	r, c := &w.run, &w.chain
	c.because, c.judged, c.memory, c.pressed = reportsOf(w.last, Left)[0].Reason, r.judged, r.memory, r.pressed
	c.spent = false
	switch c.because {
	case MemoryHigh, Age, Schedule, OpenFiles, Tasks, CPUTime, Watchdog, Changed, Requests:
		c.spent = r.because == c.because
	}
}
