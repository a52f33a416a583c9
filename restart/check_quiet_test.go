package restart

import (
	"slices"
	"time"
)

// quietTruth is the truth about a generation that it is settled to recycle.
type quietTruth struct {
	because      Reason
	since, until time.Time
	due          time.Time // when that was planned
	looks        []seenAt  // in a row that were possible
}

// learnLeaving notes when it is settled that the generation is recycled: what is due
// by the clock waits for a quiet moment, and what has waited for the window for one
// more look as well.
func (w *world) learnLeaving(before State, actions []Action) {
	p, r := w.planOf(), &w.run
	if _, tick := w.ev.(Tick); !tick || p == nil || before != Running || r.opened || !r.alive {
		return
	}
	if slices.ContainsFunc(actions, func(a Action) bool { r, ok := a.(Report); return ok && r.Reason == OOMKilled && r.Kind == Stopping }) {
		return // that came first
	}
	at, aged := w.nextPlanned()
	because := Schedule
	if aged {
		because = Age
	}
	switch {
	case !r.waits.IsZero() && p.shift == p.openShift && !w.closed():
		because = r.waitsFor
	case p.shift == p.nextShift && !at.IsZero() && !at.After(w.now) && w.policy.IdleWait > 0 && !w.observe[because]:
		r.quiet.due = at
		w.recycled(at, aged)
	default:
		return
	}
	r.opened = true
	r.quiet.because, r.quiet.since, r.quiet.until = because, w.now, w.now.Add(w.policy.IdleWait)
}

// recycled notes a recycle for a planned time, which must not come twice.
func (w *world) recycled(at time.Time, aged bool) {
	if aged {
		return
	}
	shown := at.Add(w.planOf().shift)
	if !shown.After(w.chain.recycled) {
		w.errorf("recycled for %v after %v", shown, w.chain.recycled)
	}
	w.chain.had, w.chain.recycled = at, shown
}

// learnQuiet keeps the truth about a look at what is to be recycled.
func (w *world) learnQuiet(ev Looked) {
	q := &w.run.quiet
	switch {
	case !w.run.opened:
	case ev.Err != "":
		q.looks = nil
	default:
		q.looks = append(q.looks, seenAt{w.now, ev.Usage})
	}
}

// checkLeft: the stop of what was settled to recycle.
func (w *world) checkLeft(a Report) {
	q := &w.run.quiet
	last := len(q.looks) - 1
	calm := last > 0 && slices.ContainsFunc(q.looks[:last], func(past seenAt) bool {
		span := w.now.Sub(past.at)
		return span >= 250*time.Millisecond && (w.use.CPU-past.u.CPU).Seconds() <= 0.02*span.Seconds()*(1+1e-6)
	})
	if w.knows && last >= 0 {
		calm = q.looks[last].u.InFlight == 0
	}
	if _, ok := w.ev.(Looked); !ok || a.Waited != w.now.Sub(q.since) {
		w.errorf("stopped for %s by %T, says it waited %v since %v", a.Reason, w.ev, a.Waited, q.since)
	}
	switch {
	case q.because == w.run.waitsFor && a.Spent != w.run.waitsSpent:
		w.errorf("stopped for %s, says that %s is spent", a.Reason, a.Spent)
	case a.Quiet && !calm:
		w.errorf("says that it is quiet: %v", q.looks)
	case !a.Quiet && w.now.Before(q.until):
		w.errorf("has waited since %v for a quiet moment, and not until %v", q.since, q.until)
	case w.policy.IdleWait == 0 && a.Quiet:
		w.errorf("says that it is quiet, and nobody asked")
	}
}

// checkQuiet: what is settled to be recycled is, in a quiet moment or in the end.
func (w *world) checkQuiet(ev Event, actions []Action) {
	r := &w.run
	q := &r.quiet
	if !r.opened || w.core.State() != Running || !r.alive {
		return
	}
	_, looked := ev.(Looked)
	_, tick := ev.(Tick)
	looking := r.looking > 0 || hasLook(actions)
	next := w.core.Deadline()
	last := len(q.looks) - 1
	switch {
	case looked && !w.now.Before(q.until):
		w.errorf("waits for a quiet moment until %v", q.until)
	case looked && last >= 0 && w.knows && q.looks[last].u.InFlight == 0:
		w.errorf("nothing is in flight, and it is not stopped")
	case looked && last > 0 && !w.knows && q.looks[last].u.CPU == q.looks[0].u.CPU && q.looks[last].at.Sub(q.looks[last-1].at) >= 250*time.Millisecond:
		w.errorf("has done nothing since %v, and is not stopped", q.looks[0].at)
	case tick && !looking && !w.now.Before(q.until):
		w.errorf("is to be stopped now, and not looked at: %v", actions)
	case !looking && (next.IsZero() || next.After(latest(q.until, w.now)) || next.Sub(w.now) > time.Second):
		w.errorf("waits for a quiet moment until %v, deadline %v", q.until, next)
	}
}

// checkObserved: what is only observed is said as often as it should be, and
// nothing comes of it.
func (w *world) checkObserved(a Report) {
	r := &w.run
	f := &r.figures
	w.observations++
	if a.Observed != w.observations {
		w.errorf("says %d observations, there were %d", a.Observed, w.observations)
	}
	_, byTrigger := w.ev.(Pressed)
	switch {
	case byTrigger:
		if f.pressed {
			w.errorf("the trigger is observed twice")
		}
		f.pressed = true
	case a.Spent != NoBudget && f.observed[a.Spent]:
		w.errorf("%s is observed twice", a.Spent)
	}
	switch a.Reason {
	case Age, Schedule:
		f.byClock, f.unsaid = w.now, true
	}
}

// learnObserved is called after the actions of a step: what was observed is from
// now on not watched.
func (w *world) learnObserved(actions []Action) {
	r := &w.run
	for _, a := range actions {
		if a, ok := a.(Report); ok && a.Kind == Observed {
			r.same, r.figures.asked = 0, nil // the next look may come at once
			if a.Spent != NoBudget {
				r.figures.observed[a.Spent] = true
			}
		}
	}
}

// checkSaidOnly: a step that only observes does nothing to the tree.
func (w *world) checkSaidOnly(actions []Action) {
	observed, acts := false, false
	for _, a := range actions {
		switch a := a.(type) {
		case Report:
			observed = observed || a.Kind == Observed
			acts = acts || a.Kind == Stopping
		}
	}
	if !observed || acts {
		return
	}
	for _, a := range actions {
		switch a.(type) {
		case Signal, Kill, Spawn, Quit:
			w.errorf("observed, and acted on: %v", actions)
		}
	}
	if w.core.State() != Running {
		w.errorf("observed, and not left alone: %v", actions)
	}
}
