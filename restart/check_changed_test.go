package restart

import (
	"slices"
	"time"
)

const (
	fuzzSettle    = 200 * time.Millisecond
	fuzzMaxSettle = 2 * time.Second
)

// checkFiles: what is touched is examined soon, before every start, and never for
// nobody.
func (w *world) checkFiles(before State, ev Event, actions []Action) {
	f := &w.files
	s := w.core.State()
	spawns, examines := -1, -1
	for i, a := range actions {
		switch a := a.(type) {
		case Spawn:
			spawns = i
		case Examine:
			if examines >= 0 {
				w.errorf("examined twice: %v", actions)
			}
			examines = i
			w.checkExamine(before, a, actions)
		}
	}
	if spawns >= 0 && f.told && (examines < 0 || examines > spawns) {
		w.errorf("touched at %v, and a start before it is examined", f.since)
	}
	told := f.told && len(f.asked) == 0 && examines < 0
	if next := w.core.Deadline(); told && (s == Running || s == Waiting) && (next.IsZero() || next.Sub(w.now) > fuzzSettle) {
		w.errorf("touched at %v, and the deadline is %v", f.since, next)
	}
	if _, tick := ev.(Tick); tick && told && (s == Running || s == Waiting) && w.now.Sub(f.heard) >= fuzzSettle {
		w.errorf("touched last at %v, and not examined: %v", f.heard, actions)
	}
	w.checkChanged(before, ev, actions)
}

// checkExamine: not before all is settled, unless it takes too long or a start is near.
func (w *world) checkExamine(before State, a Examine, actions []Action) {
	f := &w.files
	spawns := slices.ContainsFunc(actions, func(a Action) bool { _, ok := a.(Spawn); return ok })
	long := w.now.Sub(f.since) >= fuzzMaxSettle
	switch {
	case !f.told:
		w.errorf("examine what nobody has touched")
	case spawns && a.Now:
	case spawns:
		w.errorf("a start waits until all is settled")
	case before != Running && before != Waiting:
		w.errorf("%s: examine", before)
	case a.Now != long:
		w.errorf("touched first at %v: %+v", f.since, a)
	case w.now.Sub(f.heard) < fuzzSettle:
		w.errorf("examined %v after it was touched", w.now.Sub(f.heard))
	}
}

// checkChanged: a change has its consequence at once, if there is one.
func (w *world) checkChanged(before State, ev Event, actions []Action) {
	r := &w.run
	examined, ok := ev.(Examined)
	if !ok {
		return
	}
	changed := examined.Settled && examined.Path != ""
	said := slices.ContainsFunc(actions, func(a Action) bool {
		report, ok := a.(Report)
		return ok && report.Reason == Changed && (report.Kind == Stopping || report.Kind == Deferred || report.Kind == Observed)
	})
	due := changed && before == Running && !r.opened && !r.waited
	switch {
	case before == Waiting && changed != (whatFollows(actions) == "spawn"):
		w.errorf("changed %v, while the backoff runs: %v", changed, actions)
	case before == Waiting:
	case said != due || !said && len(actions) > 0:
		w.errorf("%s: changed %v: %v", before, changed, actions)
	}
}

// checkChange: a change is a reason only when one was found, and is named.
func (w *world) checkChange(a Report) {
	ev, ok := w.ev.(Examined)
	if !ok || !ev.Settled || ev.Path == "" || a.Path != ev.Path || a.More != ev.More {
		w.errorf("%s for %q and %d more, found by %+v", a.Kind, a.Path, a.More, w.ev)
	}
}

// learnAsked keeps the truth about who wants another generation.
func (w *world) learnAsked(s State) {
	r := &w.run
	switch s {
	case Starting, Running:
		r.renewed = true
	case Draining, Leaving, Dying:
		r.settled = r.settled || r.because != Asked
	}
}

// checkAsked: who asks for another generation gets it.
func (w *world) checkAsked(before State, ev Event, actions []Action) {
	r := &w.run
	stops := slices.ContainsFunc(actions, func(a Action) bool {
		report, ok := a.(Report)
		return ok && report.Kind == Stopping && report.Reason == Asked && report.Again != w.chain.final
	})
	switch ev.(type) {
	case RestartAsked:
		switch {
		case before == Running && !stops:
			w.errorf("another one was asked for, and it was not stopped: %v", actions)
		case before == Waiting && whatFollows(actions) != "spawn":
			w.errorf("another one was asked for, and the backoff goes on: %v", actions)
		case before != Running && before != Waiting && len(actions) > 0:
			w.errorf("%s: another one was asked for: %v", before, actions)
		}
	case Started:
		if (r.renewed || w.chain.final) != stops {
			w.errorf("asked while it started: renewed %v, final %v: %v", r.renewed, w.chain.final, actions)
		}
	}
}
