package restart

import "time"

// How the world of FuzzStep answers, and how its processes end.

// answer answers an Examine, a Spawn or a Look that is on its way.
func (w *world) answer(in *tape) {
	r := &w.run
	switch {
	case len(w.files.asked) > 0:
		w.examined()
	case r.spawning && in.below(5) == 1:
		w.step(SpawnFailed{Gen: r.gen, Status: pick(in, 127, 126, 125), Err: "refused"})
	case r.spawning:
		w.step(Started{Gen: r.gen, PID: 100 + r.gen})
	case r.service.asked:
		w.drainAnswered()
	case r.looking > 0:
		w.looked()
	}
}

func (w *world) looked() {
	w.run.looking--
	if w.blind || !w.run.there() {
		w.step(Looked{Gen: w.run.gen, Err: "refused"})
		return
	}
	w.use.Exact = w.exact && !w.run.group.outside
	w.use.Silent = max(w.now.Sub(w.wrote), 0)
	if w.muffled {
		w.use.Silent = 0 // it is not known
	}
	w.use.InFlight, w.use.InFlightKnown = 0, w.knows
	if w.knows {
		w.use.InFlight = w.run.service.inFlight
	}
	w.step(Looked{Gen: w.run.gen, Usage: w.use})
}

// endByItself ends the child: well, badly, or at a limit.
func (w *world) endByItself(in *tape) {
	ends := []struct {
		nature kind
		ev     Exited
	}{
		{byItself, Exited{}},
		{crash, Exited{Code: 1 + in.below(100)}},
		{crash, Exited{Signal: 11, Core: true}},
		{crash, Exited{Signal: 9, CPU: 5 * time.Second}},
		{crash, Exited{Signal: 24, CPU: 5 * time.Second}},
	}
	if w.policy.FileSize {
		ends = append(ends, ends[0], ends[1])
		ends[5].nature, ends[5].ev = limit, Exited{Signal: 25}
		ends[6].nature, ends[6].ev = limit, Exited{Code: 128 + 24, CPU: 10 * time.Second}
	}
	if w.policy.AddressLimit > 0 {
		ends = append(ends, ends[1])
		ends[len(ends)-1].nature, ends[len(ends)-1].ev = limit, Exited{Code: 1, MaxRSS: fuzzAddress}
	}
	end := ends[in.below(len(ends))]
	w.run.nature = end.nature
	if r := &w.run.group; r.count.OOMKill > r.settled && (end.ev.Status() == 137 || w.policy.OOM != OOMContinue && !end.ev.ok()) {
		w.run.nature, r.killed = limit, true
	}
	w.exit(end.ev)
}

// die ends what is about to die, for a signal or for SIGKILL.
func (w *world) die(in *tape) {
	r := &w.run
	switch {
	case r.alive && r.childDue:
		end := Exited{Signal: r.dueBy}
		if r.dueBy != 9 && in.coin() {
			end = Exited{Code: pick(in, 0, 3)}
		}
		w.exit(end)
	case r.rest > 0 && (r.restDue || in.coin()):
		w.restGone(1)
	}
}

func (w *world) exit(ev Exited) {
	ev.Gen, ev.Left, ev.Counters = w.run.gen, w.run.rest, w.run.group.count
	if s := &w.run.service; ev.Left == 0 {
		ev.Lost, ev.Owed = s.lost, s.owed
	}
	w.run.alive, w.run.exit = false, &ev
	w.step(ev)
}

func (w *world) restGone(n int) {
	r := &w.run
	r.rest = max(r.rest-n, 0)
	if r.rest == 0 && !r.alive {
		w.step(Emptied{Gen: r.gen, Lost: r.service.lost, Owed: r.service.owed})
	}
}
