package restart

import (
	"testing"
	"time"
)

// fakePlan is a plan as simple as can be, in which a day begins at the Unix time 0.
type fakePlan struct {
	every time.Duration // an age
	at    time.Duration // a time of each day
	open  time.Duration // a window of each day, from open to shut
	shut  time.Duration
	// shift is by how much the clock on the wall was set since the start, begun the
	// same when the time began that the plan counts from.
	shift time.Duration
	begun map[[2]time.Time]time.Duration // for a start and a time had before
	// shown has each time of a day that was returned as the clock showed it then.
	shown map[time.Time]time.Time
}

const fakeDay = 24 * time.Hour

func (p *fakePlan) Next(gen int, started, had time.Time, _ time.Duration, _ time.Time) (due time.Time, aged bool) {
	begun, ok := p.begun[[2]time.Time{started, had}]
	if !ok {
		if begun = p.shift; p.begun == nil {
			p.begun = map[[2]time.Time]time.Duration{}
		}
		p.begun[[2]time.Time{started, had}] = begun
	}
	if p.every > 0 {
		due, aged = p.Opening(gen, started.Add(p.every)), true
	}
	if p.at > 0 {
		from := latest(started.Add(begun), p.shown[had]).Add(-p.at)
		next := p.Opening(gen, from.Add(fakeDay-sinceMidnight(from)).Add(p.at-p.shift))
		if due.IsZero() || next.Before(due) {
			due, aged = next, false
		}
		if p.shown == nil {
			p.shown = map[time.Time]time.Time{}
		}
		p.shown[next] = next.Add(p.shift)
	}
	return due, aged
}

func (p *fakePlan) Opening(_ int, now time.Time) time.Time {
	clock := sinceMidnight(now.Add(p.shift))
	switch {
	case p.shut == 0, p.open <= clock && clock < p.shut, clock+fakeDay < p.shut:
		return now
	case clock < p.open:
		return now.Add(p.open - clock)
	}
	return now.Add(p.open + fakeDay - clock)
}

func sinceMidnight(t time.Time) time.Duration {
	return (time.Duration(t.UnixNano())%fakeDay + fakeDay) % fakeDay
}

// askedPlan is the plan of the world of FuzzStep: it sees to it that the core asks
// for what it knows.
type askedPlan struct {
	fakePlan
	w *world
	// nextShift and openShift are the shift when the core last asked: what comes
	// after that it cannot know.
	nextShift, openShift time.Duration
	// last is what Next returned last.
	last time.Time
}

func (in *tape) plan(w *world) Plan {
	if in.below(3) != 1 {
		return nil
	}
	p := &askedPlan{w: w}
	p.every = pick(in, 0, time.Hour, 7*time.Hour, 10*time.Second, time.Second)
	p.at = pick(in, 0, 2*time.Hour, 1010*time.Second)
	if in.coin() {
		p.open = pick(in, time.Hour, 22*time.Hour, 1030*time.Second)
		p.shut = p.open + pick(in, time.Minute, 7*time.Hour, 20*time.Hour)
	}
	return p
}

func (p *askedPlan) Next(gen int, started, had time.Time, age time.Duration, now time.Time) (time.Time, bool) {
	r, from := &p.w.run, p.w.countsFrom()
	anew := started.Equal(p.w.now) && (p.w.observe[Age] || p.w.observe[Schedule])
	ok := started.Equal(from) && had.Equal(p.w.chain.had) || anew && (had.Equal(p.w.chain.had) || had.Equal(p.last))
	if gen != r.gen || !ok || age != p.w.now.Sub(started) || !now.Equal(p.w.now) {
		p.w.errorf("the plan is asked for generation %d of %v, %v old, at %v, had %v", gen, started, age, now, had)
	}
	p.nextShift = p.shift
	due, aged := p.fakePlan.Next(gen, started, had, age, now)
	p.last = due
	return due, aged
}

// countsFrom is when the time began that the plan counts from.
func (w *world) countsFrom() time.Time {
	if at := w.run.figures.byClock; !at.IsZero() {
		return at
	}
	return w.run.started
}

func (p *askedPlan) Opening(gen int, now time.Time) time.Time {
	if r := &p.w.run; gen != r.gen || !now.Equal(p.w.now) {
		p.w.errorf("the plan is asked for an opening for generation %d at %v", gen, now)
	}
	p.openShift = p.shift
	return p.fakePlan.Opening(gen, now)
}

// planOf is the plan of the world; nil: there is none.
func (w *world) planOf() *askedPlan {
	p, _ := w.policy.Plan.(*askedPlan)
	return p
}

// closed reports whether no budget may recycle anything now.
func (w *world) closed() bool {
	p := w.planOf()
	return p != nil && p.fakePlan.Opening(w.run.gen, w.now).After(w.now)
}

// nextPlanned is the truth about when the generation is to be recycled by the clock.
func (w *world) nextPlanned() (at time.Time, aged bool) {
	if p, r := w.planOf(), &w.run; p != nil {
		from := w.countsFrom()
		return p.fakePlan.Next(r.gen, from, w.chain.had, w.now.Sub(from), w.now)
	}
	return at, false
}

// checkPlanned: a recycle by the clock comes neither before its time nor twice
// for one, and says when it was due.
func (w *world) checkPlanned(a Report) {
	p := w.planOf()
	if p == nil {
		w.errorf("%s without a plan", a.Reason)
		return
	}
	at, aged := w.nextPlanned()
	if at.IsZero() || at.After(w.now) || aged != (a.Reason == Age) || !a.Planned.Equal(at) {
		w.errorf("stopped for %s, planned %v, due %v", a.Reason, a.Planned, at)
	}
	w.recycled(at, aged)
}

// checkDeferred: a spent budget waits only if the window is closed, and that is
// said once, and again where it opens at another time.
func (w *world) checkDeferred(a Report) {
	r := &w.run
	again := !r.waits.IsZero()
	if !w.closed() || again && a.Planned.Sub(r.waitsUntil).Abs() <= time.Minute {
		w.errorf("%s waits, closed %v, since %v", a.Reason, w.closed(), r.waits)
		return
	}
	if want := w.planOf().fakePlan.Opening(r.gen, w.now); !a.Planned.Equal(want) {
		w.errorf("waits until %v, want %v", a.Planned, want)
	}
	r.waitsUntil = a.Planned
}

// checkSaid: what was said of the time of the next recycle is so, and is not said
// without need.
func (w *world) checkSaid(a Report) {
	r := &w.run
	at, _ := w.nextPlanned()
	known := a.Kind != Up || w.policy.Ready == ReadyAtStart || !r.opened && w.planOf() != nil && w.planOf().shift == w.planOf().nextShift
	if !a.Planned.Equal(at) && !w.chain.final && known {
		w.errorf("%s, planned %v, want %v", a.Kind, a.Planned, at)
	}
	if a.Kind == Planned && r.saidAny && a.Planned.Sub(r.said).Abs() <= time.Minute {
		w.errorf("says %v, and has said %v", a.Planned, r.said)
	}
	r.said, r.saidAny, r.figures.unsaid = a.Planned, true, false
}

// checkPlan: what is due happens, and what waits does not wait for ever.
func (w *world) checkPlan(ev Event) {
	p, r := w.planOf(), &w.run
	if p == nil || w.core.State() != Running || !r.alive {
		return
	}
	deadline := w.core.Deadline()
	_, tick := ev.(Tick)
	_, set := ev.(ClockSet)
	at, _ := w.nextPlanned()
	known := p.shift == p.nextShift
	switch {
	case set && !r.opened && (!known || !r.waits.IsZero() && p.shift != p.openShift):
		w.errorf("the clock was set, and the plan was not asked")
	case known && !r.opened && !r.figures.unsaid && (r.saidAny || w.policy.Ready == ReadyAtStart) && at.After(w.now) && at.Sub(r.said).Abs() > time.Minute:
		w.errorf("due at %v, and said %v", at, r.said)
	case p.shift == p.openShift && !r.waits.IsZero() && !r.opened && w.closed() && (tick || !w.now.After(r.waitsUntil)) &&
		p.fakePlan.Opening(r.gen, w.now).Sub(r.waitsUntil).Abs() > time.Minute:
		w.errorf("said that it waits until %v", r.waitsUntil)
	case known && !r.opened && !at.IsZero() && (deadline.IsZero() || deadline.After(latest(at, w.now))):
		w.errorf("due at %v, and the deadline is %v", at, deadline)
	case r.opened: // that is more than due
	case known && tick && !at.IsZero() && !at.After(w.now):
		w.errorf("due since %v, and not stopped", at)
	case p.shift == p.openShift && !r.waits.IsZero() && !r.opened &&
		(deadline.IsZero() || deadline.After(p.fakePlan.Opening(r.gen, w.now))):
		w.errorf("waits for the window, and the deadline is %v", deadline)
	case p.shift == p.openShift && tick && !r.waits.IsZero() && !r.opened && !w.closed():
		w.errorf("waits for a window that is open")
	}
}

// TestPlanWithoutWindow: a plan that never recycles changes nothing.
func TestPlanWithoutWindow(t *testing.T) {
	c := New(Policy{Plan: &fakePlan{}, StopSignal: 15})
	c.Start(time.Unix(0, 0))
	c.Step(time.Unix(0, 0), Started{Gen: 1})
	if d := c.Deadline(); !d.IsZero() {
		t.Errorf("deadline %v", d)
	}
}
