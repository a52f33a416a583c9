package restart

import "time"

// group is the truth about the group of a generation: what the kernel counts,
// what the core knows of it, and what it has ordered.
type group struct {
	count, told Counters
	// armed says that the next change is told; raised that memory.high is out of
	// the way.
	armed, raised bool
	watches       []time.Time
	highAtLook    int64
	// settled counts the OOM kills that have had their consequence; those told
	// beyond that, at killsAt first, wait for it. killed says that one ended the child.
	settled int64
	killsAt time.Time
	killed  bool
	pids    bool // a refused fork was reported

	// outside says that the child is not in the group now, heard that the core knows
	// that it once was not, and escaped that this was reported.
	outside, heard, escaped bool
	heardAt                 time.Time

	stallAt time.Time // until when use.Stalled is counted
	looked  []seenAt  // every look that was possible
	blind   bool      // the last one was not
	// over and near are since when each look saw the budget exceeded, or nearly;
	// stalls says that one of those near it saw the tree stand still.
	over, near time.Time
	stalls     bool
}

type seenAt struct {
	at time.Time
	u  Usage
}

// budget is what must be watched: one that is spent already need not be.
func (w *world) budget() int64 {
	if !w.inForce(BudgetMemory) {
		return 0
	}
	return w.policy.MemoryHigh
}

// guarded reports whether the kernel guards the budget.
func (w *world) guarded() bool {
	return w.policy.MemoryEvents && w.budget() > 0 && !w.run.group.heard
}

// clocked reports whether something must be looked at by the clock.
func (w *world) clocked() bool {
	p := &w.policy
	return w.budget() > 0 && (!w.guarded() || p.Swap) || p.AddressLimit > 0 || p.DataLimit > 0 || w.leveled()
}

func (g *group) changed() bool { return g.armed && (g.count != g.told || g.outside && !g.heard) }

func (g *group) perform(now time.Time, a Action) {
	switch a.(type) {
	case Headroom:
		g.raised = true
	case Tripwire:
		g.raised = false
	case Watch:
		g.armed = true
		g.watches = append(g.watches, now)
	}
}

// tell lets the kernel say that something has changed, if somebody listens.
func (w *world) tell() {
	g := &w.run.group
	if !g.changed() || !w.run.there() {
		return
	}
	g.armed, g.told = false, g.count
	w.step(MemoryEvents{Gen: w.run.gen, Counters: g.count, Escaped: g.outside && w.run.alive})
}

// moveGroup lets the kernel count something, and time pass in which the tree may
// wait for memory.
func (w *world) moveGroup(in *tape) {
	r := &w.run
	g := &r.group
	if !r.there() {
		return
	}
	if d := w.now.Sub(g.stallAt); in.coin() {
		w.use.Stalled += d * time.Duration(in.below(5)) / 4
	}
	g.stallAt = w.now
	switch in.below(8) {
	case 0, 1, 2, 3:
		g.count.High += 1 + int64(in.below(3))
	case 4:
		g.count.Max++
	case 5:
		g.count.PIDsMax++
	case 6, 7:
		w.oomKill(in)
		return
	}
	if in.coin() {
		w.tell()
	}
}

// oomKill ends a process of the tree for want of memory. The news of it come
// before its end, after it, or never.
func (w *world) oomKill(in *tape) {
	r := &w.run
	g := &r.group
	if in.below(3) != 0 {
		return // seldom
	}
	g.count.OOMKill++
	switch in.below(3) {
	case 0:
		g.count.OOM++
	case 1:
		g.count.OOMAbove++
	}
	child := r.alive && (r.rest == 0 || in.coin())
	if in.coin() {
		w.tell()
	}
	switch {
	case child && r.alive && w.core.State() == Running:
		r.nature, g.killed = limit, true
		w.exit(Exited{Signal: 9})
	case child && r.alive:
		w.exit(Exited{Signal: 9})
	default:
		w.restGone(min(r.rest, 1))
	}
}

// learnGroup keeps the truth about ev, which the core is about to hear of in state s.
func (w *world) learnGroup(s State, ev Event) {
	g := &w.run.group
	switch ev := ev.(type) {
	case MemoryEvents:
		if ev.Counters.OOMKill > g.settled && g.killsAt.IsZero() {
			g.killsAt = w.now
		}
		if s == Running && ev.Escaped && !g.heard {
			g.heard, g.heardAt, w.run.same = true, w.now, 0
		}
	case Pressed:
		w.run.figures.all = append(w.run.figures.all, seenAt{w.now, ev.Usage})
	case Looked:
		if s == Running {
			g.learnLook(w, ev)
		}
	}
}

func (g *group) learnLook(w *world, ev Looked) {
	g.blind = ev.Err != ""
	budget := w.policy.MemoryHigh
	if g.blind || budget == 0 || ev.Usage.Memory < budget-budget/10 {
		g.near, g.stalls = time.Time{}, false
	} else if g.near.IsZero() {
		g.near = w.now
	}
	if g.blind || budget == 0 || ev.Usage.Memory < budget {
		g.over = time.Time{}
	} else if g.over.IsZero() {
		g.over = w.now
	}
	if g.blind {
		return
	}
	some, _ := w.stalled(ev.Usage)
	g.stalls = g.stalls || some
	g.looked = append(g.looked, seenAt{w.now, ev.Usage})
}

// stalled reports whether the tree has stood still for half of the time since
// some look before, or the start, and whether since each of them.
func (w *world) stalled(u Usage) (some, each bool) {
	p := &w.policy
	if !w.guarded() || !u.Exact || u.Memory < p.MemoryHigh-p.MemoryHigh/10 || u.Stalled == 0 {
		return false, false
	}
	each = true
	for _, past := range append([]seenAt{{at: w.run.started}}, w.run.group.looked...) {
		span := w.now.Sub(past.at)
		if span < 20*time.Millisecond {
			each = false // too soon after another look
			continue
		}
		half := 2*(u.Stalled-past.u.Stalled) >= span
		some, each = some || half, each && half
	}
	return some, some && each
}
