package restart

import "time"

// The gates of FuzzSlots: their commands, and what must hold of them.

// gateway is the truth about one command.
type gateway struct {
	number, worker, gen int
	asked               time.Time
	// held says that it is there, open that it has let the recycle go on, closing that it
	// was told to end.
	held, open, closing bool
}

// gates are all that were started, by their numbers.
type gates struct {
	all []*gateway
	// passed are the workers whose recycle need not wait any more, since when; wished is
	// when somebody has asked last for other generations.
	passed map[int]bool
	wished time.Time
}

func (w *pool) drawGate(in *tape) {
	w.gates.passed = map[int]bool{}
	if in.below(3) > 0 {
		return
	}
	p := &w.policy
	p.Gate, p.GateTimeout = true, pick(in, time.Minute, time.Second, Forever)
	p.GatePolicy = pick(in, GateWait, GateWait, GateProceed)
}

// happenGate lets one thing happen to the command of a gate, if there is one.
func (w *pool) happenGate(in *tape) {
	if len(w.gates.all) == 0 {
		return
	}
	g := w.gates.all[max(len(w.gates.all)-1-in.below(3), 0)]
	switch in.below(4) {
	case 0, 1:
		w.openGate(g)
	case 2:
		w.endGate(g, "")
	case 3:
		w.endGate(g, "exit status 1")
	}
}

// openGate may come late, where it was told to end.
func (w *pool) openGate(g *gateway) {
	if !g.held || g.open {
		return
	}
	g.open = true
	w.gates.passed[g.worker] = w.gates.passed[g.worker] || !g.closing
	w.step(GateOpened{Gate: g.number})
}

func (w *pool) endGate(g *gateway, err string) {
	if !g.held {
		return
	}
	g.held = false
	if !g.open && !g.closing && (err == "" || w.policy.GatePolicy == GateProceed) {
		w.gates.passed[g.worker] = true
	}
	w.step(GateEnded{Gate: g.number, Err: err})
}

// learnGates keeps the truth about ev.
func (w *pool) learnGates(ev Event) {
	switch ev.(type) {
	case RestartAsked:
		if !w.gates.wished.IsZero() && w.now.Sub(w.gates.wished) >= SameRequest {
			for _, s := range w.core.slots {
				w.gates.passed[s.worker()] = true // who asks twice waits no more
			}
		}
		w.gates.wished = w.now
	case Tick:
		for _, g := range w.gates.all {
			late := w.policy.GateTimeout != Forever && w.now.Sub(g.asked) >= w.policy.GateTimeout
			if g.held && !g.open && !g.closing && late && w.policy.GatePolicy == GateProceed {
				w.gates.passed[g.worker] = true
			}
		}
	}
}

// checkGateAction looks at one action about a gate, before it is done.
func (w *pool) checkGateAction(a Action) {
	switch a := a.(type) {
	case OpenGate:
		b := w.beings[a.Gen-1]
		if a.Gate != len(w.gates.all)+1 || !w.policy.Gate || a.Worker != b.worker || a.Reason == "" {
			w.errorf("%+v", a)
		}
		if !b.alive || b.asked || w.ending || a.Reason == OOMKilled || a.Reason == StartFailed {
			w.errorf("%+v of %+v", a, b)
		}
		taken := 0
		for _, g := range w.gates.all {
			if g.held && g.worker == b.worker {
				w.errorf("%+v beside gate %d", a, g.number)
			}
			if g.held && !g.closing {
				taken++
			}
		}
		if taken >= max(w.policy.MaxUnavailable, 1) {
			w.errorf("%+v, and %d others are asked or open", a, taken)
		}
		w.gates.passed[b.worker] = false
		w.gates.all = append(w.gates.all, &gateway{number: a.Gate, worker: b.worker, gen: a.Gen, asked: w.now, held: true})
	case CloseGate:
		if g := w.gates.all[a.Gate-1]; !g.held || g.closing {
			w.errorf("%+v: %+v", a, g)
		} else {
			g.closing = true
		}
	}
}

// checkPassed: no planned recycle begins before its gate has let it go on.
func (w *pool) checkPassed(worker int, because Reason) {
	if w.policy.Gate && because != OOMKilled && because != StartFailed && !w.gates.passed[worker] {
		w.errorf("worker %d is recycled for %s, and its gate is not open", worker, because)
	}
}

// checkGates: what must hold after each step.
func (w *pool) checkGates() {
	if w.quit {
		return
	}
	deadline := w.core.Deadline()
	for _, g := range w.gates.all {
		b := w.beings[g.gen-1]
		switch {
		case !g.held || g.closing:
		case !g.open && (!b.alive || b.asked || w.ending):
			w.errorf("nobody waits for gate %d any more, and it is not closed", g.number)
		case !g.open && w.policy.GateTimeout != Forever && (deadline.IsZero() || deadline.After(g.asked.Add(w.policy.GateTimeout))):
			w.errorf("gate %d has no end, the deadline is %v", g.number, deadline)
		case g.open && w.worksBehind(g):
			w.errorf("gate %d is held, and the next one is up", g.number)
		}
	}
}

// worksBehind reports whether what the gate was opened for is over.
func (w *pool) worksBehind(g *gateway) bool {
	for _, s := range w.core.slots {
		if s.worker() == g.worker && s.at.state == Gone {
			return true
		}
	}
	for _, b := range w.of(g.worker) {
		if b.gen > g.gen && b.serves() && !b.wanted && !b.candidate {
			return true
		}
	}
	return false
}

// helpGates lets them open, and end when they are told to; it reports whether it has.
func (w *pool) helpGates() bool {
	for _, g := range w.gates.all {
		switch {
		case g.held && g.closing:
			w.endGate(g, "")
			return true
		case g.held && !g.open:
			w.openGate(g)
			return true
		}
	}
	return false
}

// holds reports whether the command of a gate is there.
func (w *pool) holds() bool {
	for _, g := range w.gates.all {
		if g.held {
			return true
		}
	}
	return false
}
