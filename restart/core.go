package restart

import (
	"math/rand/v2"
	"time"
)

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

// Core decides. It knows one slot: the place that always holds one generation.
// The same state, the same event and the same now give the same actions. It is
// used by one goroutine.
type Core struct {
	policy  Policy
	backoff backoff

	state State
	// gen is the generation at hand; deadline belongs to the state and is zero
	// where nothing is waited for.
	gen      generation
	deadline time.Time
	changes  changes
	// observations counts the verdicts that were only said.
	observations int
	// inputEnded says that our stdin is at its end and the child has got all of it.
	inputEnded bool
	// had is the planned time that a generation was last recycled for.
	had time.Time
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
	// pid is of the child, isReady says that it has said so.
	pid     int
	isReady bool
	// maxRequests is how many requests it may serve. served, inFlight are the last
	// figures, draining says that what is in flight was told of, lost and owed are
	// what became of those that it has not answered; until then owed are those that
	// it is to be asked.
	maxRequests, served, inFlight int64
	draining                      bool
	lost, owed                    int
	// previous is the last generation before it that was up, and previousEnd when
	// that was over.
	previous    int
	previousEnd time.Time
}

const (
	// sameRequest is how long signals that ask for the end count as one request:
	// timeout(1) signals the process and then its group, at once.
	sameRequest = 100 * time.Millisecond
	// firstRekill is the time after which SIGKILL is sent again to what is left,
	// doubled each time up to lastRekill.
	firstRekill = 250 * time.Millisecond
	lastRekill  = 8 * time.Second
	// unkillableAfter is the round of SIGKILL from which we say that something
	// does not die.
	unkillableAfter = 4
)

// New returns a core that waits for its first Step; see Start.
func New(p Policy) *Core {
	c := &Core{policy: p}
	c.backoff.jitter = rand.New(rand.NewPCG(p.Seed, p.Seed))
	return c
}

// Start asks for the first generation.
func (c *Core) Start(now time.Time) []Action { return c.spawn(now) }

// State returns where the generation at hand stands.
func (c *Core) State() State { return c.state }

// Up reports whether the child of generation gen is up and nothing is wrong with it.
func (c *Core) Up(gen int) bool { return gen == c.gen.number && c.state == Running }

// Deadline returns when Step wants to be called with a Tick at the latest; the
// zero time means that there is nothing to wait for. A Tick that comes early or
// late does no harm.
func (c *Core) Deadline() time.Time {
	switch c.state {
	case Running:
		w, p := &c.gen.watch, &c.gen.planned
		at := earliest(earliest(c.gen.looks.next, earliest(w.again, w.killsDue)), earliest(p.ask, p.owed))
		return earliest(at, earliest(c.gen.quiet.next, c.changes.due))
	case Waiting:
		return earliest(c.deadline, c.changes.due)
	}
	return c.deadline
}

// Step takes one event at a time and returns what is to be done. It is called by
// the loop only.
func (c *Core) Step(now time.Time, ev Event) []Action {
	if gen := generationOf(ev); gen != 0 && gen != c.gen.number {
		return nil // of another generation: late, and no longer of interest
	}
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
		return nil // Quit was returned; what still comes is of no interest
	}
	panic("restart: unknown state")
}

// enter moves to a state; deadline is the zero time where nothing is waited for.
func (c *Core) enter(s State, deadline time.Time) {
	c.state, c.deadline = s, deadline
}

// spawn begins the next generation.
func (c *Core) spawn(now time.Time) []Action {
	before := &c.gen
	c.gen = generation{
		number: before.number + 1, rules: c.policy, owed: before.owed, previous: before.previous, previousEnd: before.previousEnd,
	}
	c.enter(Starting, time.Time{})
	return append(c.examineNow(), Spawn{Gen: c.gen.number})
}

// quit ends the whole.
func (c *Core) quit(status int) []Action { return c.quitBy(status, 0) }

// quitBy ends the whole by a signal of the terminal; zero: by none.
func (c *Core) quitBy(status int, sig Sig) []Action {
	c.enter(Gone, time.Time{})
	return []Action{Quit{Status: status, Sig: sig}}
}

// kill ends the tree by force; again if it was done before.
func (c *Core) kill(now time.Time) []Action {
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
func (c *Core) report(kind Kind) Report {
	g := &c.gen
	r := Report{
		Kind: kind, Gen: g.number, Reason: g.because, Usage: g.looks.last, Exit: g.exit, By: g.askedBy, Failures: c.backoff.failures,
		Counters: g.watch.counters, MemoryMax: c.policy.MemoryMax, PIDsMax: c.policy.PIDsMax,
		Waited: g.quiet.waited, Quiet: g.quiet.found, Again: g.renewed && g.then == Relaunch,
		InFlight: g.inFlight, Lost: g.lost,
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
