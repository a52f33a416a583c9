package restart

import (
	"testing"
	"time"
)

// world is the kernel of FuzzStep: it knows what is alive, and sends only what a
// kernel and a loop could send. It also keeps the truth that the checks compare
// the core with.
type world struct {
	t       *testing.T
	core    *Core
	policy  Policy
	now     time.Time
	failed  bool
	history []Action
	last    []Action // of the step at hand

	// async says that a Spawn and a Look are answered some time later.
	async bool
	run   life   // the generation at hand
	chain health // what lasts beyond one
	use   Usage  // of the living tree
	blind bool   // looks are not possible
	exact bool   // the kernel counts the tree as a whole

	more    bool // the policy has some of the budgets of world_more_test.go
	ev      Event
	files   files
	observe map[Reason]bool
	// observations counts what was only said.
	observations int
	burn         time.Duration // CPU time that the tree uses in each 100 ns
	wrote        time.Time     // when something was written last
	muffled      bool          // that is not known

	serves     bool // the policy has some of what is in world_requests_test.go
	knows      bool // looks tell what is in flight
	inputEnded bool
	was        life      // before the step at hand
	deadline   time.Time // the same
}

// life is the truth about one generation.
type life struct {
	gen      int
	spawning bool // a Spawn is not yet answered
	alive    bool // the child is
	rest     int  // living descendants
	deaf     bool // ignores the stop signal
	stuck    int  // rounds of SIGKILL that it survives

	childDue, restDue bool // they are about to die
	dueBy             Sig

	started, judged time.Time
	stopped         time.Time // when the stop began, zero before
	because         Reason    // of the stop, or empty
	exit            *Exited
	nature          kind // of an end by itself
	asks            time.Time
	interrupted     time.Time
	kills           int

	looking    int // looks not yet answered
	lookedAt   time.Time
	waits      time.Time // since when a spent budget waits for the window
	waitsFor   Reason
	waitsSpent Budget
	waited     bool      // before the step at hand
	waitsUntil time.Time // what was said last of its end
	said       time.Time // the same of the next recycle by the clock
	saidAny    bool
	opened     bool // it is settled that it is recycled now, or in the next quiet moment
	quiet      quietTruth
	figures    figures
	renewed    bool // another generation was asked for
	settled    bool // and that decides what follows
	answeredAt time.Time
	over, same int // looks in a row over the budget; with the same figures
	sawLast    Usage
	everLooked bool

	group   group
	service service
	helped  helpedTruth
	memory  int64  // what the last look saw of it
	pressed *int64 // the same, when the trigger for pressure came after that
}

// health is the truth about the ends in a row.
type health struct {
	failures int
	crashes  []time.Time
	final    bool // nobody wants another generation
	quit     bool
	wait     time.Time // no spawn before
	status   int       // of the last end
	// had is the planned time of the last recycle for one, recycled what the clock
	// showed.
	had, recycled time.Time
	// owed is how many requests wait for the next generation, bounds how many each may
	// serve, previous the last that was up, and previousEnd its end.
	owed        int
	bounds      map[int64]bool
	previous    int
	previousEnd time.Time
	// because, judged, memory are of the same, spent says that it was a recycle, and
	// failing since when one failure followed the other.
	because         Reason
	failure         Reason // why the last one failed
	judged, failing time.Time
	memory          int64
	pressed         *int64
	spent           bool
}

func newWorld(t *testing.T, in *tape) *world {
	w := &world{t: t, policy: in.policy(), now: time.Unix(1000, 0), async: in.below(4) == 1, exact: in.coin()}
	w.drawMore(in)
	w.drawRequests(in)
	w.chain.bounds = map[int64]bool{}
	w.policy.Plan = in.plan(w)
	w.core = New(w.policy)
	return w
}

func (w *world) errorf(format string, args ...any) {
	w.t.Helper()
	w.failed = true
	w.t.Errorf("%v, gen %d, %s: "+format, append([]any{w.now.Sub(time.Unix(1000, 0)), w.run.gen, w.core.State()}, args...)...)
}

// there reports whether something of the tree lives.
func (l *life) there() bool { return l.alive || l.rest > 0 }

// happen lets one thing happen.
func (w *world) happen(in *tape) {
	r := &w.run
	kinds := 20
	if w.more {
		kinds = 28
	}
	if w.serves && in.below(3) == 0 {
		w.happenServing(in)
		return
	}
	switch in.below(kinds) {
	case 0, 1, 2:
		w.pass(pick(in, 0, time.Millisecond, 30*time.Millisecond, 99*time.Millisecond, 100*time.Millisecond, time.Second,
			3*time.Second, 10*time.Second, 40*time.Second, 5*time.Minute, 2*time.Hour), in.below(4) == 0)
	case 3:
		w.toDeadline(pick(in, -1, 0, 1, time.Millisecond, 20*time.Second))
	case 4:
		w.step(Tick{}) // early, or for nothing
	case 5, 6:
		w.die(in)
	case 7:
		if r.alive && in.below(4) == 0 {
			w.endByItself(in)
		}
	case 8:
		if in.below(6) == 0 {
			w.step(StopAsked{Sig: pick[Sig](in, 0, 2)})
		}
	case 9:
		switch in.below(12) {
		case 0, 1, 2:
			w.step(Interrupted{})
		case 3:
			w.step(RestartAsked{By: "somebody"})
		}
	case 10:
		w.step(Forward{Sig: pick[Sig](in, 1, 10, 28)})
	case 11:
		w.lateNews(in)
	case 12:
		w.useMemory(in)
	case 13, 14:
		w.answer(in)
	case 15:
		if r.there() && r.rest < 5 {
			r.rest++ // a fork
		}
		r.deaf = in.below(3) == 0
		r.stuck = in.below(40) / 32 * in.below(8)
		w.blind = in.below(8) == 0
	case 16, 17, 18:
		w.moveGroup(in)
		w.move(in)
	case 19:
		if w.policy.Pressure != "" && r.there() && in.below(4) == 0 {
			w.step(Pressed{Gen: r.gen, Usage: w.use})
		}
		if p := w.planOf(); p != nil && in.below(4) == 0 {
			p.shift += pick(in, time.Hour, -time.Hour, time.Minute, -time.Second, 30*time.Hour)
			if in.below(4) > 0 {
				w.step(ClockSet{}) // else the kernel cannot tell
			}
		}
	default:
		w.happenMore(in)
	}
}

// pass lets time pass as the loop does: it wakes up at each deadline.
func (w *world) pass(d time.Duration, busy bool) {
	until := w.now.Add(d)
	for range 40 {
		deadline := w.core.Deadline()
		if alarm := w.alarmAt(); !busy && !alarm.IsZero() && !alarm.After(until) && (deadline.IsZero() || alarm.Before(deadline)) {
			w.advance(alarm)
			w.ring()
			continue
		}
		if busy || deadline.IsZero() || deadline.After(until) || w.failed {
			break
		}
		w.advance(deadline)
		w.step(Tick{})
	}
	if deadline := w.core.Deadline(); busy || deadline.IsZero() || deadline.After(until) {
		w.advance(until)
	}
}

// toDeadline goes to the deadline, or as far beyond it as late says.
func (w *world) toDeadline(late time.Duration) {
	if deadline := w.core.Deadline(); !deadline.IsZero() {
		w.advance(deadline.Add(late))
		w.step(Tick{})
	}
}

// lateNews is of another generation: the core must not take notice.
func (w *world) lateNews(in *tape) {
	gen := w.run.gen + pick(in, -1, -2, 1)
	if gen < 1 {
		return
	}
	state, deadline := w.core.State(), w.core.Deadline()
	before := w.core.slots[0].at.gen
	actions := w.core.Step(w.now, pick[Event](in,
		Exited{Gen: gen}, Emptied{Gen: gen}, Looked{Gen: gen, Usage: Usage{Memory: 2 * fuzzBudget}},
		Started{Gen: gen}, SpawnFailed{Gen: gen, Status: 1}, Pressed{Gen: gen},
		MemoryEvents{Gen: gen, Counters: Counters{High: 1 << 30, OOMKill: 1 << 30}, Escaped: true}, CPUUsed{Gen: gen},
		Served{Gen: gen, Served: 1 << 50}, Ready{Gen: gen}, Extend{Gen: gen, By: time.Hour}))
	if len(actions) > 0 || state != w.core.State() || !deadline.Equal(w.core.Deadline()) || before != w.core.slots[0].at.gen {
		w.errorf("news of generation %d were heard: %v", gen, actions)
	}
}

func (w *world) useMemory(in *tape) {
	if in.coin() && w.run.there() {
		w.use.CPU += pick(in, 0, time.Millisecond, time.Second)
	}
	w.use.Memory = pick[int64](in, 0, fuzzBudget/2, fuzzBudget*9/10-1, fuzzBudget*9/10, fuzzBudget-1<<20, fuzzBudget-1, fuzzBudget, 2*fuzzBudget)
	w.use.VMSize = pick[int64](in, 0, fuzzAddress/2)
	w.use.Processes = 1 + w.run.rest
}

// bringToEnd asks for the end, and lets the world do its part.
func (w *world) bringToEnd() {
	in := &tape{}
	w.run.stuck, w.blind = min(w.run.stuck, 5), false
	w.step(StopAsked{})
	for i := 0; i < 60 && !w.failed && !w.chain.quit; i++ {
		switch r := &w.run; {
		case r.spawning || r.looking > 0 || len(w.files.asked) > 0 || r.service.asked:
			w.answer(in)
		case r.alive && r.childDue, !r.alive && r.restDue:
			w.die(in)
		case !w.core.Deadline().IsZero():
			w.toDeadline(0)
		default: // a grace without end: somebody loses patience
			w.advance(w.now.Add(time.Second))
			w.step(StopAsked{})
		}
	}
	if !w.chain.quit {
		w.errorf("asked to end, and did not: %+v", w.run)
	}
	w.step(Tick{})
}

// step is the only way an event gets to the core.
func (w *world) step(ev Event) {
	if w.failed {
		return
	}
	before := w.core.State()
	w.ev, w.deadline = ev, w.core.Deadline()
	w.learn(before, ev)
	w.perform(before, ev, w.core.Step(w.now, ev))
}

// perform does what the core says, and answers at once unless async.
func (w *world) perform(before State, ev Event, actions []Action) {
	w.check(before, ev, actions)
	w.history = append(w.history, actions...)
	_, passedOn := ev.(Forward)
	for _, a := range actions {
		r := &w.run
		switch a := a.(type) {
		case Spawn:
			*r = life{gen: a.Gen, spawning: true, group: group{armed: true, stallAt: w.now}}
			r.figures.observed = map[Budget]bool{}
			w.use, w.burn = Usage{Processes: 1}, 0
		case Signal:
			if !passedOn && a.Sig != sigCont && !r.deaf {
				r.childDue = r.childDue || !a.Tree
				r.restDue = r.restDue || a.Tree
				r.dueBy = a.Sig
			}
		case Kill:
			if r.kills++; r.kills > r.stuck {
				r.childDue, r.restDue, r.dueBy = true, true, 9
			}
		case Look:
			r.looking++
			r.lookedAt, r.everLooked = w.now, true
			if f := &r.figures; !f.woken && !f.precise {
				f.asked = append(f.asked, w.now)
			}
			r.figures.woken = false
			r.group.highAtLook = r.group.told.High
		case Alarm:
			r.figures.alarm = w.use.CPU + a.In
		case Examine:
			w.files.asked = append(w.files.asked, a)
		case Headroom, Tripwire, Watch:
			r.group.perform(w.now, a)
		case Count, Drain, CloseInput:
			w.performServing(a)
		}
	}
	if w.failed || w.async {
		return
	}
	if r := &w.run; len(w.files.asked) > 0 {
		w.examined()
	} else if r.spawning {
		w.step(Started{Gen: r.gen, PID: 100 + r.gen})
	} else if r.service.asked {
		w.drainAnswered()
	} else if r.looking > 0 {
		w.looked()
	} else if r.there() && r.group.changed() {
		w.tell()
	}
}
