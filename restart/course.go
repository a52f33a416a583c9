package restart

import "time"

// State is where a generation stands.
type State uint8

const (
	// Starting: a Spawn is on its way.
	Starting State = iota
	// Running: the child is up.
	Running
	// Draining: it gets nothing new to do, and what it is serving may end.
	Draining
	// Leaving: the tree has been asked to leave; the grace runs.
	Leaving
	// Dying: the tree has been killed; some of it is still there.
	Dying
	// Waiting: no tree; the next generation starts at the deadline.
	Waiting
	// Gone: no tree, and none will follow.
	Gone
)

func (s State) String() string {
	return [...]string{"starting", "up", "draining", "stopping", "killing", "waiting", "gone"}[s]
}

// Then is what follows when the tree is empty.
type Then uint8

const (
	// Decide: nobody has said; the policy and the cause decide.
	Decide Then = iota
	// Relaunch: the next generation.
	Relaunch
	// End: relance ends.
	End
)

// course is one generation on its way through the states. When it is over, the next
// one of the slot may go the same way.
type course struct {
	*slot
	state State
	gen   generation
	// deadline belongs to the state and is zero where nothing is waited for.
	deadline time.Time
}

// generation is what is known of one run of the command.
type generation struct {
	number  int
	started time.Time
	// rules are the policy that its memory is watched by: the user's, but for
	// MemoryEvents, which is over when the child leaves its group.
	rules Policy
	// judged is when it was settled that it ends: the end of its useful life.
	judged time.Time
	// because and then say why it is being stopped and what follows.
	because Reason
	then    Then
	// asked is when somebody first asked for the end of this generation, and
	// askedSig what the child is to get for it if it was still starting.
	asked    time.Time
	askedSig Sig
	askedBy  string
	// interrupted is when the terminal last sent a signal to it, and
	// interruptedBy which.
	interrupted   time.Time
	interruptedBy Sig
	// kills counts the rounds of SIGKILL.
	kills int
	// exit is how the child ended, nil while it lives.
	exit    *Exited
	looks   looks
	watch   watch
	planned planned
	quiet   quiet
	// spent is the budget that is, and changed which file; see because.
	spent   Budget
	changed changed
	// ordered says that we have asked it to leave before it left, pressed that the
	// trigger for memory pressure was why, and renewed that somebody wants another
	// generation in its place.
	ordered, pressed, renewed bool
	// stopSig is what it gets to leave, zero for the stop signal, and closing that
	// its stdin was closed first and the signal is still to come.
	stopSig Sig
	closing bool
	// pid is of the child.
	pid   int
	ready readiness
	// helped is how it is compared with the one before.
	helped comparison
	// first says that it is the first of its slot.
	first bool
	// turn is why it is recycled as soon as its turn has come, empty: it is not, and
	// handing says that it has, and that the next one is to be ready before it leaves.
	turn    Reason
	handing bool
	// maxRequests is how many requests it may serve. served, inFlight are the last
	// figures, draining says that what is in flight was told of, lost and owed are
	// what became of those that it has not answered; until then owed are those that
	// it is to be asked.
	maxRequests, served, inFlight int64
	draining                      bool
	lost, owed                    int
	// stuck: its answers were waited for, and have not come.
	stuck bool
	// previous is the last generation before it that was up, and previousEnd when
	// that was over.
	previous    int
	previousEnd time.Time
}

// SameRequest is how long signals that ask for the end count as one request: timeout(1)
// signals the process and then its group, at once.
const SameRequest = 100 * time.Millisecond

const (
	// firstRekill is the time after which SIGKILL is sent again to what is left,
	// doubled each time up to lastRekill.
	firstRekill = 250 * time.Millisecond
	lastRekill  = 8 * time.Second
	// unkillableAfter is the round of SIGKILL from which we say that something
	// does not die.
	unkillableAfter = 4
)

// step takes an event that is about this generation, or about all.
func (c *course) step(now time.Time, ev Event) []Action {
	switch c.state {
	case Starting:
		return c.stepStarting(now, ev)
	case Running:
		return c.stepRunning(now, ev)
	case Draining:
		return c.stepDraining(now, ev)
	case Leaving:
		return c.stepLeaving(now, ev)
	case Dying:
		return c.stepDying(now, ev)
	case Waiting:
		return c.stepWaiting(now, ev)
	case Gone:
		return nil // nothing that still comes is of interest
	}
	panic("restart: unknown state")
}

// due is when there is something to do by the clock; the zero time: never.
func (c *course) due() time.Time {
	if c.state != Running {
		return c.deadline
	}
	w, p, r := &c.gen.watch, &c.gen.planned, &c.gen.ready
	at := earliest(earliest(c.gen.looks.next, earliest(w.again, w.killsDue)), earliest(p.ask, p.owed))
	return earliest(earliest(earliest(at, c.gen.quiet.next), c.gen.helped.due), earliest(r.due, r.by))
}

// enter moves to a state; deadline is the zero time where nothing is waited for.
func (c *course) enter(s State, deadline time.Time) {
	c.state, c.deadline = s, deadline
}

// spawn begins the next generation.
func (c *course) spawn(now time.Time) []Action {
	before, last := &c.gen, c.last(now)
	c.generations++
	c.gen = generation{
		number: c.generations, first: before.number == 0 && before.previous == 0, rules: c.policy, owed: before.owed,
		previous: before.previous, previousEnd: before.previousEnd,
	}
	c.enter(Starting, time.Time{})
	return append(c.examineNow(), Spawn{Gen: c.gen.number, Worker: c.worker(), Last: last})
}

// last is what the next generation is told of the one whose place it takes.
func (c *course) last(now time.Time) Last {
	g := &c.gen
	switch {
	case c == c.other:
		at := &c.at.gen
		return Last{Reason: at.turn, Uptime: now.Sub(at.started)}
	case g.number == 0:
		return Last{}
	}
	return Last{Reason: g.because, Uptime: g.judged.Sub(g.started), Exit: g.exit}
}

// quit ends the slot.
func (c *course) quit(now time.Time, status int) []Action { return c.quitBy(now, status, 0) }

// quitBy ends the slot by a signal of the terminal; zero: by none. Nobody is to take
// over then.
func (c *course) quitBy(now time.Time, status int, sig Sig) []Action {
	c.enter(Gone, time.Time{})
	c.status, c.sig = status, sig
	actions := c.reduced()
	if next := c.other; next != nil && c.candidate(next) && next.gen.then != End {
		actions = append(actions, next.step(now, StopAsked{})...)
	}
	return append(actions, c.finish()...)
}

// kill ends the tree by force; again if it was done before.
func (c *course) kill(now time.Time) []Action {
	c.gen.kills++
	wait := min(firstRekill<<min(c.gen.kills-1, 8), lastRekill)
	c.enter(Dying, now.Add(wait))
	var actions []Action
	switch c.gen.kills {
	case 1:
		actions = append(actions, c.report(Killing))
	case unkillableAfter:
		actions = append(actions, c.report(Unkillable))
	}
	return append(actions, Kill{Gen: c.gen.number})
}

// after is now+d, or never.
func after(now time.Time, d time.Duration) time.Time {
	if d == Forever {
		return time.Time{}
	}
	return now.Add(d)
}

// report fills in what is known of the generation at hand.
func (c *course) report(kind Kind) Report {
	g := &c.gen
	r := Report{
		Kind: kind, Gen: g.number, Reason: g.because, Usage: g.looks.last, Exit: g.exit, By: g.askedBy, Failures: c.backoff.failures,
		Counters: g.watch.counters, MemoryMax: c.policy.MemoryMax, PIDsMax: c.policy.PIDsMax,
		Waited: g.quiet.waited, Quiet: g.quiet.found, Again: g.renewed && g.then == Relaunch,
		InFlight: g.inFlight, Lost: g.lost, Worker: c.worker(), Slope: g.looks.slope(),
	}
	if g.because == StartFailed && !g.ready.is {
		r.Unready, r.For = g.ready.why, c.policy.StartTimeout
	}
	if !g.judged.IsZero() {
		r.Uptime = g.judged.Sub(g.started)
	}
	if g.because.planned() {
		r.Planned = g.planned.due
	}
	c.figures(&r, g.judged)
	if g.exit != nil {
		r.Left = g.exit.Left
		r.Own = g.because == OOMKilled && !g.ordered && g.exit.Signal == sigKill
	}
	return r
}
