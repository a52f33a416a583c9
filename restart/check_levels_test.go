package restart

import (
	"slices"
	"time"
)

// set reports whether the user has set budget b.
func (w *world) set(b Budget) bool {
	p := &w.policy
	return map[Budget]bool{
		BudgetMemory: p.MemoryHigh > 0, BudgetFiles: p.MaxFiles, BudgetSockets: p.MaxSockets > 0, BudgetTasks: p.MaxTasks > 0,
		BudgetCPU: p.CPUTime > 0, BudgetShare: p.CPUShare > 0, BudgetSilence: p.Silence > 0,
		BudgetRequests: p.MaxRequests > 0,
	}[b]
}

// inForce reports whether b must be watched now: one that was observed need not be,
// and of those that may wait none, when one of them does.
func (w *world) inForce(b Budget) bool {
	r := &w.run
	waits := !r.waits.IsZero() || r.figures.spared
	return w.set(b) && !r.figures.observed[b] && (!waits || b == BudgetShare || b == BudgetSilence)
}

// leveled reports whether something that is counted in pieces must be watched, and
// timed whether something of which it is known when it can be spent.
func (w *world) leveled() bool {
	return w.inForce(BudgetFiles) || w.inForce(BudgetSockets) || w.inForce(BudgetTasks)
}

func (w *world) timed() bool {
	return w.inForce(BudgetCPU) || w.inForce(BudgetShare) || w.inForce(BudgetSilence)
}

var fuzzLevels = [...]Budget{BudgetFiles, BudgetSockets, BudgetTasks}

// learnFigures keeps the truth about a look.
func (w *world) learnFigures(ev Looked) {
	p, u, f := &w.policy, ev.Usage, &w.run.figures
	over := [...]bool{
		p.MaxFiles && u.FilesMax > 0 && u.Files >= u.FilesMax,
		p.MaxSockets > 0 && u.Sockets >= p.MaxSockets,
		p.MaxTasks > 0 && u.Tasks >= p.MaxTasks,
	}
	for i := range f.levels {
		l := &f.levels[i]
		if ev.Err != "" || !over[i] {
			*l = excess{}
			continue
		}
		if l.looks++; l.looks == 1 {
			l.since = w.now
		}
	}
	if ev.Err != "" {
		f.looks = nil
		return
	}
	f.looks, f.all = append(f.looks, seenAt{w.now, u}), append(f.all, seenAt{w.now, u})
}

// certain reports whether an excess has lasted.
func (w *world) certain(e excess) bool {
	return e.looks >= 2 && w.now.Sub(e.since) >= w.policy.For
}

// silent is for how long nothing was written at the last look, as far as it is known.
func (w *world) silent() time.Duration {
	f := &w.run.figures
	last := f.looks[len(f.looks)-1]
	return min(last.u.Silent, last.at.Sub(w.run.started))
}

// silenceIn is how long after the last look it must be seen whether it is silent.
func (w *world) silenceIn() time.Duration {
	if left := w.policy.Silence - w.silent(); left > 0 {
		return left
	}
	return 50 * time.Millisecond // it was, and something else came first
}

// burnt reports whether the tree has burnt its share since some look that is as
// long ago as that must last.
func (w *world) burnt() bool {
	p, all := &w.policy, w.run.figures.all
	last := all[len(all)-1]
	return slices.ContainsFunc(all, func(past seenAt) bool {
		span := last.at.Sub(past.at)
		return span >= p.CPUShareFor && (last.u.CPU-past.u.CPU).Seconds() >= p.CPUShare*span.Seconds()*(1-1e-6)
	})
}

// mustBurn reports whether it has, at every look for so long that no sample can
// have missed it: the first that counts may come half of the time late.
func (w *world) mustBurn() bool {
	p, looks := &w.policy, w.run.figures.looks
	first := len(looks) - 1
	for ; first > 0; first-- {
		a, b := looks[first-1], looks[first]
		if (b.u.CPU - a.u.CPU).Seconds() < p.CPUShare*b.at.Sub(a.at).Seconds()*(1+1e-6) {
			break
		}
	}
	began := looks[first].at.Add(p.CPUShareFor / 2)
	i := slices.IndexFunc(looks, func(l seenAt) bool { return !l.at.Before(began) })
	return i >= 0 && w.now.Sub(looks[i].at) >= p.CPUShareFor
}

// spentNow are the budgets that the event at hand must have shown to be spent.
func (w *world) spentNow(before State) (spent []Budget) {
	f, g := &w.run.figures, &w.run.group
	if _, byTrigger := w.ev.(Pressed); byTrigger && before == Running && w.run.waits.IsZero() && !f.pressed && !f.spared {
		return []Budget{BudgetMemory}
	}
	if served, ok := w.ev.(Served); ok && before == Running && w.inForce(BudgetRequests) && (served.Served >= w.run.service.bound || served.Stuck) {
		return []Budget{BudgetRequests}
	}
	looked, ok := w.ev.(Looked)
	if !ok || looked.Err != "" || before != Running {
		return nil
	}
	lasts := func(since time.Time) bool { return !since.IsZero() && w.now.Sub(since) >= w.policy.MemoryFor }
	if w.inForce(BudgetMemory) && lasts(g.over) && (looked.Usage.Exact || w.run.over >= 2) {
		spent = append(spent, BudgetMemory)
	}
	for i, b := range fuzzLevels {
		if w.inForce(b) && w.certain(f.levels[i]) {
			spent = append(spent, b)
		}
	}
	last := f.looks[len(f.looks)-1]
	if w.inForce(BudgetCPU) && last.u.CPU >= w.policy.CPUTime {
		spent = append(spent, BudgetCPU)
	}
	if w.inForce(BudgetShare) && w.mustBurn() {
		spent = append(spent, BudgetShare)
	}
	if w.inForce(BudgetSilence) && w.silent() >= w.policy.Silence {
		spent = append(spent, BudgetSilence)
	}
	return spent
}

// checkFigure: a budget beside memory is a reason only if the look at hand says so,
// and the figures are those that it saw.
func (w *world) checkFigure(a Report) {
	p, f := &w.policy, &w.run.figures
	if looked, ok := w.ev.(Looked); !ok || looked.Err != "" {
		w.errorf("%s for %s without a look", a.Kind, a.Reason)
		return
	}
	u := &f.looks[len(f.looks)-1].u
	reasons := map[Budget]Reason{
		BudgetFiles: OpenFiles, BudgetSockets: OpenFiles, BudgetTasks: Tasks, BudgetCPU: CPUTime, BudgetShare: CPUTime, BudgetSilence: Watchdog,
	}
	bounds := map[Budget]int64{
		BudgetFiles: u.FilesMax, BudgetSockets: p.MaxSockets, BudgetTasks: p.MaxTasks, BudgetCPU: int64(p.CPUTime), BudgetSilence: int64(p.Silence),
	}
	ok := map[Budget]bool{
		BudgetFiles: w.certain(f.levels[0]), BudgetSockets: w.certain(f.levels[1]), BudgetTasks: w.certain(f.levels[2]),
		BudgetCPU: u.CPU >= p.CPUTime, BudgetShare: w.set(BudgetShare) && w.burnt(),
		BudgetSilence: w.now.Sub(latest(w.run.started, w.wrote)) >= p.Silence,
	}
	switch {
	case !w.inForce(a.Spent) || reasons[a.Spent] != a.Reason || bounds[a.Spent] != a.Budget || a.Usage != *u:
		w.errorf("%s for %s: %s of %d, %+v", a.Kind, a.Reason, a.Spent, a.Budget, a.Usage)
	case !ok[a.Spent]:
		w.errorf("%s for %s, not spent: %+v, CPU %v, silent %v", a.Kind, a.Spent, f.levels, u.CPU, u.Silent)
	case a.Spent == BudgetShare && (a.For < p.CPUShareFor || a.Share < p.CPUShare*(1-1e-6)):
		w.errorf("says a share of %v for %v", a.Share, a.For)
	case a.Kind == Deferred && (a.Spent == BudgetShare || a.Spent == BudgetSilence):
		w.errorf("%s waits for the window", a.Spent)
	}
}

// checkFigures: what the last look has found has consequences, and the next look
// comes in time. said is the budget that the core has named now.
func (w *world) checkFigures(ev Event, spent []Budget, actions []Action) {
	r, p := &w.run, &w.policy
	f := &r.figures
	if w.core.State() != Running || !r.alive {
		return
	}
	said := slices.ContainsFunc(actions, func(a Action) bool {
		r, ok := a.(Report)
		return ok && (r.Kind == Observed || r.Kind == Deferred)
	})
	stalls := w.inForce(BudgetMemory) && r.group.stalls && !hasLook(actions) // that is no certain verdict
	if (len(spent) > 0 || stalls && hasHeadroom(actions)) && !said && r.opened && w.closed() {
		f.spared = true // it is recycled in any case, and not before
	} else if len(spent) > 0 && !said {
		w.errorf("%v spent, and nothing followed: %v", spent, actions)
	}
	w.checkAlarm(ev, actions)
	if r.looking > 0 || hasLook(actions) || len(f.looks) == 0 {
		return
	}
	last := f.looks[len(f.looks)-1]
	most := func(b Budget, d time.Duration) {
		if next := w.core.Deadline(); w.inForce(b) && (next.IsZero() || next.After(last.at.Add(d)) && next.After(w.now)) {
			w.errorf("%s: the next look is in %v (zero: %v), want %v after the last", b, next.Sub(w.now), next.IsZero(), d)
		}
	}
	byTrigger := f.all[len(f.all)-1] != last // that has moved what follows from an excess, once
	for i, b := range fuzzLevels {
		if e := f.levels[i]; e.looks > 0 && !byTrigger {
			each := min(max(p.For/8, 50*time.Millisecond), time.Second)
			most(b, max(min(each, p.For-last.at.Sub(e.since)), 25*time.Millisecond))
		}
	}
	if since := r.group.over; !since.IsZero() && !byTrigger {
		each := min(max(p.MemoryFor/8, 50*time.Millisecond), time.Second)
		most(BudgetMemory, max(min(each, p.MemoryFor-last.at.Sub(since)), 25*time.Millisecond))
	}
	most(BudgetCPU, w.cpuLook())
	most(BudgetShare, max(p.CPUShareFor/2, 50*time.Millisecond))
	most(BudgetSilence, w.silenceIn())
}

// cpuLook is how long after the last look the CPU time must be seen again.
func (w *world) cpuLook() time.Duration {
	looks, last := w.run.figures.all, w.run.figures.looks[len(w.run.figures.looks)-1]
	for looks[len(looks)-1] != last {
		looks = looks[:len(looks)-1] // of a trigger since then
	}
	escaped := w.run.group.heardAt
	soonest := max((w.policy.CPUTime-last.u.CPU)/fuzzCPUs, 10*time.Millisecond)
	if len(looks) == 1 {
		return soonest
	}
	before := looks[len(looks)-2]
	if span := last.at.Sub(before.at); span > 0 && !escaped.After(before.at) && (last.u.CPU-before.u.CPU).Seconds() > 0.02*span.Seconds() {
		return soonest
	}
	return max(soonest, 10*time.Second)
}

// checkAlarm: who has a budget of CPU time is woken when the child may have spent it,
// and who is woken looks, soon.
func (w *world) checkAlarm(ev Event, actions []Action) {
	f := &w.run.figures
	if _, woken := ev.(CPUUsed); woken && !hasLook(actions) && (w.clocked() || w.timed()) {
		if next := w.core.Deadline(); next.IsZero() || next.After(w.run.lookedAt.Add(10*time.Millisecond)) && next.After(w.now) {
			w.errorf("woken by the clock of the child, and the next look is in %v", next.Sub(w.now))
		}
	}
	alarm := f.alarm
	for _, a := range actions {
		if a, ok := a.(Alarm); ok {
			alarm = w.use.CPU + a.In
		}
	}
	looked, ok := ev.(Looked)
	_, started := ev.(Started)
	if (started || ok && looked.Err == "") && w.inForce(BudgetCPU) && (alarm == 0 || alarm > max(w.policy.CPUTime, w.use.CPU+10*time.Millisecond)) {
		w.errorf("an alarm at %v of CPU time, used %v of %v", alarm, w.use.CPU, w.policy.CPUTime)
	}
}
