package restart

import "time"

// What the world of FuzzStep knows of requests: how many were served and are in
// flight, what the child says of itself, and the end of our stdin.

// service is the truth about the requests of a generation.
type service struct {
	// bound is how many it may serve, as was said; until is when that is told, and
	// idle says that it is told when nothing is in flight; zero, false: it is not.
	bound, until     int64
	idle, asked      bool // Drain is not yet answered
	served, inFlight int64
	// toldInFlight is what the core knows.
	toldInFlight int64
	// lost and owed are for when the tree is gone.
	lost, owed int
	up         bool // that was said
	stdinShut  bool
	freed      bool // it need not be counted any more
	// stuck: that was told of it when it mattered last.
	stuck bool

	// drained says that it was told to take nothing new, begun that people were told
	// of what was in flight, and closing that the end of its stdin was to be enough.
	drained, begun, closing bool
	// over is when what runs is over, the drain time, the time after the end of its
	// stdin or the grace, and turned when that began; the zero time: never.
	over, turned time.Time
	// verdict is what was to be said when it was settled that it is recycled.
	verdict Report
}

// drawRequests gives some of the policies requests to count, and what belongs to that.
func (w *world) drawRequests(in *tape) {
	p := &w.policy
	if w.serves = in.below(3) == 1; !w.serves {
		return
	}
	if in.below(4) > 0 {
		p.MaxRequests = pick[int64](in, 100, 1, 5)
		p.MaxRequestsJitter = pick[int64](in, 0, 0, 1, 1<<40)
	}
	if in.below(4) > 0 {
		p.Drains = true
		p.DrainTimeout = pick(in, 30*time.Second, time.Second, 5*time.Minute, 0, Forever)
		if w.knows = in.coin(); w.knows {
			p.IdleWait = pick(in, 0, time.Second, 12*time.Second, time.Minute)
		}
	}
	p.Stdio, p.Ready = in.coin(), pick(in, ReadyAtStart, ReadyWhenSaid)
	p.LostExits = in.below(4) == 1
}

// happenServing lets one thing happen that has to do with requests.
func (w *world) happenServing(in *tape) {
	r := &w.run
	s := &r.service
	if w.core.State() == Gone {
		return
	}
	switch in.below(10) {
	case 0, 1, 2:
		w.serve(in)
	case 3, 4:
		w.settleRequests(in.coin())
	case 5:
		if r.alive {
			w.step(Ready{Gen: r.gen})
		}
	case 6:
		if r.alive {
			w.step(Extend{Gen: r.gen, By: pick(in, 0, time.Millisecond, time.Second, 20*time.Second, 10*time.Minute)})
		}
	case 7:
		if in.below(5) == 0 && !w.inputEnded {
			w.step(InputEnded{})
		}
	case 8:
		if p := &w.policy; r.alive && p.Stdio && in.coin() {
			w.step(Served{Gen: r.gen, Served: s.served, InFlight: s.inFlight, Stuck: true})
		}
		s.lost, s.owed = pick(in, 0, 0, 0, 1), pick(in, 0, 0, 2)
	case 9:
		if in.below(3) == 0 {
			w.step(RestartAsked{By: "somebody"})
		}
	}
}

// serve lets requests come in, and perhaps as many end as the generation may serve.
func (w *world) serve(in *tape) {
	r := &w.run
	s := &r.service
	if !r.alive {
		return
	}
	if in.below(4) > 0 && (!s.drained || in.below(4) == 0) {
		s.inFlight += 1 + int64(in.below(3))
	}
	if left := s.until - s.served; in.below(4) == 0 && s.until > 0 {
		s.served += max(left-int64(in.below(2)), 0)
	}
	w.tellServed(in.below(8) == 0)
}

// settleRequests lets one request end, or all of them.
func (w *world) settleRequests(all bool) {
	s := &w.run.service
	n := min(s.inFlight, 1)
	if all {
		n = s.inFlight
	}
	s.inFlight, s.served = s.inFlight-n, s.served+n
	w.tellServed(false)
}

// tellServed tells the figures if somebody waits for them, or in any case: news of
// before may have been on their way.
func (w *world) tellServed(anyhow bool) {
	s := &w.run.service
	if !w.run.alive || w.run.service.asked {
		return
	}
	spent, idle := s.until > 0 && s.served >= s.until, s.idle && s.inFlight == 0
	if spent {
		s.until = 0
	}
	if idle {
		s.idle = false
	}
	if spent || idle || anyhow {
		w.step(Served{Gen: w.run.gen, Served: s.served, InFlight: s.inFlight})
	}
}

// drainAnswered answers a Drain.
func (w *world) drainAnswered() {
	s := &w.run.service
	s.asked, s.idle = false, true
	if w.run.alive {
		w.step(Served{Gen: w.run.gen, Served: s.served, InFlight: s.inFlight})
	}
}

// performServing does what the core says about requests.
func (w *world) performServing(a Action) {
	r := &w.run
	s := &r.service
	switch a := a.(type) {
	case Count:
		s.until = a.Until
		s.stuck = s.stuck && a.Until > 0
	case Drain:
		s.drained, s.asked = true, true
	case CloseInput:
		s.stdinShut = true
		if !r.deaf {
			r.childDue, r.dueBy = true, 0
		}
	}
}

// learnServing keeps the truth about ev, which the core is about to hear of in state s.
func (w *world) learnServing(s State, ev Event) {
	r := &w.run
	switch ev := ev.(type) {
	case Served:
		if s == Running || s == Draining {
			r.service.toldInFlight = ev.InFlight
		}
		if sv := &r.service; s == Running && sv.counting() && (ev.Served >= sv.bound || ev.Stuck) {
			sv.stuck = ev.Stuck
		}
	case Extend:
		if over := &r.service.over; (s == Draining || s == Leaving) && !over.IsZero() {
			*over = latest(*over, w.now.Add(ev.By))
		}
	case InputEnded:
		w.inputEnded = true
		w.chain.final = w.chain.final || s == Waiting && w.chain.owed == 0
	case SpawnFailed:
		w.chain.final = w.chain.final || w.inputEnded && w.chain.owed == 0
	case Exited:
		if ev.Left == 0 {
			w.learnLost(ev.Lost, ev.Owed)
		}
	case Emptied:
		w.learnLost(ev.Lost, ev.Owed)
	}
}

// learnLost: what becomes of the requests of a tree that is gone may be the end.
func (w *world) learnLost(lost, owed int) {
	w.chain.owed = owed
	w.chain.final = w.chain.final || w.inputEnded && owed == 0 || w.policy.LostExits && lost > 0
}
