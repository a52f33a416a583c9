package restart

import "time"

// How the world of FuzzSlots answers, and how it does what the core says.

// answer answers a Spawn.
func (w *pool) answer(b *being, fails bool) {
	if b.spawning = false; fails {
		w.step(SpawnFailed{Gen: b.gen, Status: 127, Err: "refused"})
		return
	}
	b.alive, b.started, b.wrote, b.version = true, w.now, w.now, w.version
	w.step(Started{Gen: b.gen, PID: 100 + b.gen})
}

// die ends what is about to die.
func (w *pool) die(b *being, well bool) {
	switch {
	case b.alive && b.due != 0:
		ev := Exited{Signal: b.due}
		if well && b.due != 9 {
			ev = Exited{}
		}
		w.exit(b, ev)
	case b.rest > 0 && b.restDue:
		if b.rest--; b.rest == 0 && !b.alive {
			w.gone(b)
			w.step(Emptied{Gen: b.gen})
		}
	}
}

func (w *pool) exit(b *being, ev Exited) {
	ev.Gen, ev.Left = b.gen, b.rest
	ev.Counters.OOMKill = max(ev.Counters.OOMKill, b.kills)
	if b.alive = false; b.rest == 0 {
		w.gone(b)
	}
	w.step(ev)
}

func (w *pool) gone(b *being) { b.over = w.now }

// touch changes a file. That is told once, until the core has examined.
func (w *pool) touch() {
	if w.version++; !w.told {
		w.told = true
		w.step(Touched{})
	}
}

// examined answers an Examine.
func (w *pool) examined() {
	w.examines--
	ev := Examined{Settled: true}
	if w.seen != w.version {
		ev.Path = "a"
	}
	w.told, w.seen = false, w.version
	w.step(ev)
	w.own = 0
}

func (w *pool) advance(to time.Time) {
	if to.After(w.now) {
		w.now = to
	}
}

// pass lets time pass as the loop does: it wakes up at each deadline.
func (w *pool) pass(d time.Duration) {
	until := w.now.Add(d)
	for range 60 {
		deadline := w.core.Deadline()
		if deadline.IsZero() || deadline.After(until) || w.failed || w.quit {
			w.advance(until)
			return
		}
		w.advance(deadline)
		w.step(Tick{})
	}
}

// step is the only way an event gets to the core.
func (w *pool) step(ev Event) {
	if w.failed || w.quit {
		return
	}
	w.ev = ev
	w.learn(ev)
	w.learnGates(ev)
	w.perform(ev, w.core.Step(w.now, ev))
}

// perform does what the core says, and answers at once unless async.
func (w *pool) perform(ev Event, actions []Action) {
	w.history = append(w.history, actions...)
	for _, a := range actions {
		if w.check(ev, a); w.failed {
			return
		}
		w.do(ev, a)
	}
	if w.checkAll(ev, actions); w.failed || w.quit {
		return
	}
	if w.examines > 0 {
		w.own = w.baseline(actions)
		w.examined()
	}
	for _, b := range w.living() {
		switch {
		case b.draining && b.alive:
			b.draining = false
			w.step(Served{Gen: b.gen, InFlight: b.inFlight})
		case b.looking && b.alive:
			b.looking = false
			w.step(Looked{Gen: b.gen, Usage: Usage{Silent: w.now.Sub(b.wrote)}})
		case b.spawning && !w.async:
			w.answer(b, false)
		}
	}
}

// baseline is the worker that has just begun to wait until the next try; zero: none has.
func (w *pool) baseline(actions []Action) int {
	for i, a := range actions {
		r, ok := a.(Report)
		if !ok || r.In == 0 || r.Kind != Backoff && r.Kind != NoHelp && r.Kind != HandoverFailed || i+1 == len(actions) {
			continue
		}
		if next, ok := actions[i+1].(Examine); ok && next.Now {
			return w.beings[r.Gen-1].worker
		}
	}
	return 0
}

func (w *pool) do(ev Event, a Action) {
	switch a := a.(type) {
	case Spawn:
		w.checkTold(a)
		candidate := false
		for _, b := range w.of(a.Worker) {
			candidate = candidate || b.alive && !b.asked
		}
		w.beings = append(w.beings, &being{gen: a.Gen, worker: a.Worker, spawning: true, candidate: candidate})
	case Signal:
		b := w.beings[a.Gen-1]
		if _, passedOn := ev.(Forward); passedOn || a.Sig == sigCont || b.deaf {
			return
		}
		if a.Tree {
			b.restDue = true
		} else {
			b.due = a.Sig
		}
	case Kill:
		b := w.beings[a.Gen-1]
		b.due, b.restDue = 9, true
	case Look:
		w.beings[a.Gen-1].looking = true
	case Probe:
		w.beings[a.Gen-1].probing = true
	case Headroom:
		w.beings[a.Gen-1].raised = true
	case Drain:
		w.beings[a.Gen-1].draining = true
	case Examine:
		w.examines++
	case Quit:
		w.quit = true
	}
}

// settle lets all go well, until everybody who waits has had its turn.
func (w *pool) settle() {
	if w.quit || w.ending || w.failed {
		return
	}
	w.async = false
	until := w.now.Add(100 * time.Hour)
	for i := 0; i < 3000 && !w.settled() && !w.failed && !w.quit && w.now.Before(until); i++ {
		w.helpAll()
	}
	w.checkSettled()
}

// helpAll lets each do what it is asked for, or else time pass.
func (w *pool) helpAll() {
	busy := w.helpGates()
	for _, b := range w.living() {
		b.deaf, b.wrote, b.inFlight = false, w.now, 0
		before := len(w.history)
		switch {
		case !b.there():
		case b.spawning:
			w.answer(b, false)
			busy = true
		case b.due != 0 && b.alive, b.restDue && b.rest > 0:
			w.die(b, false)
			busy = true
		case b.alive && b.asked:
			w.step(Served{Gen: b.gen}) // what was in flight is done
		case b.alive && !b.ready:
			w.becomeReady(b)
		}
		busy = busy || len(w.history) > before
	}
	if deadline := w.core.Deadline(); !busy && !deadline.IsZero() {
		w.advance(deadline)
		w.step(Tick{})
	}
}

// end asks for the end.
func (w *pool) end() {
	if w.step(StopAsked{}); w.failed {
		return
	}
	for i := 0; i < 300 && !w.failed && !w.quit; i++ {
		w.helpAll()
	}
	if !w.quit && !w.failed {
		w.errorf("asked to end, and did not")
	}
}
