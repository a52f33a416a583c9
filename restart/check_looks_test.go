package restart

import "time"

// checkLook: nobody is looked at without a reason, or too often.
func (w *world) checkLook(a Look) {
	r := &w.run
	g, f := &r.group, &r.figures
	unanswered := r.looking > 0 && w.now.Sub(r.lookedAt) >= 10*time.Second
	if r.opened && unanswered && r.alive {
		return
	}
	woken := w.guarded() && (g.told.High != g.highAtLook || !g.near.IsZero() || g.blind || unanswered)
	if a.Gen != r.gen || !r.alive || !w.clocked() && !woken && !w.timed() && !r.opened && !f.woken && !r.helped.now {
		w.errorf("look at nobody: %+v", g)
	}
	f.precise = w.lookIsDue() || r.helped.now
	if f.precise {
		return
	}
	f.precise = woken || w.nearlyUsed()
	least, since := 50*time.Millisecond, r.lookedAt
	switch over := f.levels[0].looks+f.levels[1].looks+f.levels[2].looks > 0; {
	case woken, f.woken, w.nearlyUsed(), g.blind && w.policy.MemoryEvents:
		least = 10 * time.Millisecond
	case r.over > 0, over:
		least = 25 * time.Millisecond // the confirmation
	}
	if !r.everLooked {
		since = r.started
	}
	if w.inForce(BudgetShare) { // samples come between the others
		since = time.Time{}
		if n := len(f.asked); n > 1 {
			since = f.asked[n-2]
		}
		if f.confirmed() {
			least = min(least, 25*time.Millisecond)
		}
	}
	if gap := w.now.Sub(since); gap < least && (r.everLooked || !woken && !f.woken) {
		w.errorf("looked %v after the last look", gap)
	}
	idle, answered := 10*time.Second, r.answeredAt
	if w.inForce(BudgetShare) {
		idle, answered = min(idle, w.policy.CPUShareFor/2), since
	}
	calm := g.over.IsZero() && f.levels == [3]excess{}
	if gap := w.now.Sub(answered); r.same >= 12 && gap < idle && !woken && !f.woken && calm {
		w.errorf("looked at an idle tree after %v", gap)
	}
}

// confirmed reports whether the last look was to confirm what the one before has seen
// of a level.
func (f *figures) confirmed() bool {
	if len(f.looks) < 2 {
		return false
	}
	u := &f.looks[len(f.looks)-2].u
	return u.FilesMax > 0 && u.Files >= u.FilesMax || u.Sockets >= 100 || u.Tasks >= 50
}

// lookIsDue reports whether there is a reason for a look at this very moment.
func (w *world) lookIsDue() bool {
	r := &w.run
	f, q := &r.figures, &r.quiet
	_, tick := w.ev.(Tick)
	if tick && r.opened {
		span := 250 * time.Millisecond
		if w.now.Sub(q.since) > 10*time.Second+time.Second {
			span = time.Second
		}
		if q.since.Equal(w.now) || !w.now.Before(q.until) || w.now.Sub(r.lookedAt) >= span ||
			len(q.looks) > 0 && w.now.Sub(q.looks[len(q.looks)-1].at) >= span {
			return true
		}
	}
	if tick && w.inForce(BudgetSilence) && len(f.looks) > 0 {
		last := f.looks[len(f.looks)-1]
		return !w.now.Before(last.at.Add(w.silenceIn()))
	}
	return false
}

// nearlyUsed reports whether so little CPU time is left that looks must come soon.
func (w *world) nearlyUsed() bool {
	f := &w.run.figures
	if !w.inForce(BudgetCPU) || len(f.all) == 0 {
		return false
	}
	return w.policy.CPUTime-f.all[len(f.all)-1].u.CPU < fuzzCPUs*50*time.Millisecond
}

// checkDeadline: nothing that waits may wait for ever, and nothing else wakes up.
func (w *world) checkDeadline(ev Event) {
	deadline, s, r := w.core.Deadline(), w.core.State(), &w.run
	in := deadline.Sub(w.now)
	var ok bool
	switch s {
	case Starting, Gone:
		ok = deadline.IsZero()
	case Running:
		// Where the kernel guards the budget: see checkGroup.
		// Of the others the bound is in checkFigures.
		wakes := w.clocked() || w.timed() || r.opened
		helps := !r.helped.due.IsZero()
		asked := r.looking > 0 || r.figures.woken || w.files.told || helps
		ok = (deadline.IsZero() != wakes || w.policy.MemoryEvents || asked || !r.group.armed || !r.group.killsAt.IsZero()) &&
			(in <= 10*time.Second || (w.timed() || helps) && !w.clocked())
		if w.planOf() != nil {
			ok = !w.clocked() || !deadline.IsZero() && in <= 10*time.Second
		}
	case Draining, Leaving:
		ok = deadline.Equal(r.service.over)
	case Dying:
		ok = !deadline.IsZero() && in <= 8*time.Second
	case Waiting:
		ok = deadline.Equal(w.chain.wait) || w.files.told && !deadline.IsZero() && deadline.Before(w.chain.wait)
	}
	if _, tick := ev.(Tick); tick && !deadline.IsZero() && in <= 0 && !r.service.turned.Equal(w.now) {
		ok = false // it would spin
	}
	if !ok {
		w.errorf("deadline %v from now (zero: %v)", in, deadline.IsZero())
	}
}
