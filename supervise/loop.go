// Package supervise owns everything that moves: one goroutine waits for what
// happens, asks the core what to do, and does it.
//
// It alone calls the acts of the edges, so there are no locks. It never decides:
// facts become events (translate.go), events go into restart.Core.Step, and the
// actions that come back are carried out (perform.go). Nothing here bails out
// once a child exists.
package supervise

import (
	"time"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/child"
	"relance/clock"
	"relance/control"
	"relance/files"
	"relance/hooks"
	"relance/ready"
	"relance/requests"
	"relance/restart"
	"relance/signals"
	"relance/status"
)

// World is what the loop can do: the acts of the edges, called by its goroutine
// only. There is the real one (world_linux.go) and the one of the tests. What is
// about a generation carries its number, for several may live at once.
type World interface {
	// Spawn starts a generation and returns the pid of its child.
	Spawn(s restart.Spawn) (int, error)
	// Signal sends sig to the child, Queue with a value as sigqueue(3) does,
	// SignalTree to every process of its tree.
	Signal(pid int, sig restart.Sig)
	Queue(pid int, sig restart.Sig, value uint64)
	SignalTree(gen int, sig restart.Sig)
	// KillTree ends every process of the tree by force.
	KillTree(gen int)
	// Look measures the tree; a figure below budget need not be exact.
	Look(gen int, budget int64) (restart.Usage, error)
	// Headroom moves memory.high of the group out of the way, or back to the
	// budget. Where there is no group it does nothing, as do the next two.
	Headroom(gen int, on bool)
	// Watch lets the next change of the group come through the channel of events,
	// and at once if there was one since the last that came. A group is watched
	// from its start on.
	Watch(gen int)
	// Counters are those of the group since its start.
	Counters(gen int) restart.Counters
	// Escaped reports whether the child, which lives, has left its group; Dying
	// whether it was killed and its end is still to come.
	Escaped(gen int) bool
	Dying(gen int) bool
	// Alarm lets an alarm come when the child has used in more of CPU time; where
	// that cannot be had, none comes.
	Alarm(gen int, in time.Duration)
	// Count lets it be told (Sources.Counted) when so many requests were served, and
	// where we carry them lets no more come before that; zero: any number. Drain lets
	// nothing new come, and it be told when nothing is in flight; it reports whether that is
	// known at once, since what we carry may be on its way. Requests are the figures.
	Count(gen int, until int64)
	Drain(gen int) bool
	Requests(gen int) (served, inFlight int64)
	// CloseInput closes the stdin of the child. Settles reports whether an Ended
	// comes some time after Over.
	CloseInput(gen int)
	Settles() bool
	// NoteAddresses remembers on which addresses the tree listens, which is about to
	// leave; TellTaken says who has one of them, if somebody does, now that the next
	// generation has ended soon after its start.
	NoteAddresses(gen int)
	TellTaken(gen int)
	// See is Look for people, who want to know of memory, CPU time and tasks also where no
	// budget is about them; Members are the processes of all trees.
	See(gen int, budget int64) (restart.Usage, error)
	Members() ([]control.Member, error)
	// Probe lets a Result come that says whether gen can do its work.
	Probe(gen int)
	// Heard is called when a watched file was touched, Examine says which watched
	// files have changed; now: also if something is being changed at this moment.
	Heard()
	Examine(now bool) restart.Examined
	// Resumed is called when we were kept from running for a while, and the command
	// with us for all we know: paused with its container, or stopped.
	Resumed()
	// Ignore says that a child of this process is a hook: no part of any tree.
	Ignore(pid int)
	// Reap takes one change of a child of this process, without waiting.
	Reap() (child.Change, child.Wait)
	// TreeLeft counts the processes of the tree, Over is called when none is left.
	TreeLeft(gen int) int
	Over(gen int)
	// ChildStopped is called when the child was stopped by sig.
	ChildStopped(gen int, sig restart.Sig)
}

// Config is what the loop needs to know.
type Config struct {
	Policy    restart.Policy
	Situation signals.Situation
	Rewrites  signals.Rewrites
	// StopSignalSet says that the user chose a stop signal: then that is what the
	// child gets also when another one asked us to end.
	StopSignalSet bool
	// RestartSignal asks for another generation; zero: none does.
	RestartSignal unix.Signal
	// Terminal says that there is a terminal whose signals reach us and the child
	// alike.
	Terminal bool
	// Report tells people.
	Report func(restart.Report)
	// Sample takes what a look at a generation has seen of its memory, in bytes; nil:
	// nobody wants to know. Status makes of what lives what is told to who asks; it is
	// needed where Sources has Asks.
	Sample func(now time.Time, gen int, memory int64)
	Status func(now time.Time, live []status.Live) control.Status
	// Say takes other lines for people.
	Say func(string)
	// Hooks runs the commands that people want to be run; nil: there are none.
	Hooks *hooks.Crew
	// Above is whoever has started us and wants to know how it goes, nil: nobody. It
	// gets a sign of life each time that Beat has passed; zero: never.
	Above *requests.Upward
	Beat  time.Duration
	// Settled is called when all of a start is done, the first or a later one, or a large
	// message is, and there is nothing to do for a while; nil: nobody wants to know.
	Settled func()
	// Asked takes the time each time that somebody asks for the end; nil: nobody wants
	// to know.
	Asked func(time.Time)
	// EndBy takes the signal that relance itself is to end by, after all else is
	// done (restart.Quit); nil: it ends with the status.
	EndBy func(restart.Sig)
}

// Sources are the channels through which the loop hears of what happens. Nothing
// comes through one that is nil.
type Sources struct {
	Signals <-chan signals.Signal
	// Groups has news of the groups of the generations.
	Groups <-chan cgroup.Change
	// Clock tells that the clock on the wall was set.
	Clock <-chan clock.Set
	// Files tells that a watched file was touched.
	Files <-chan files.Touched
	// Requests has news of what the child says, or what we carry for it.
	Requests <-chan requests.News
	// Ready tells what was seen of a generation that is to become ready.
	Ready <-chan ready.Result
	// Counted tells that so many requests were served, or that nothing is in flight.
	Counted <-chan struct{}
	// Doors tell that the command of a gate has what it was started for.
	Doors <-chan hooks.Knock
	// Asks has what somebody wants of us by the control socket.
	Asks <-chan control.Ask
}

// loop is the state of the owner.
type loop struct {
	Config
	world World
	core  *restart.Core
	// lives are the generations whose tree is there, or whose end is not yet told.
	lives []*life
	timer *time.Timer
	// pending holds events that are known and not yet stepped.
	pending []restart.Event
	// ending says that the end was asked for: nobody waits any more for what becomes
	// of requests.
	ending bool
	// beat is when the next sign of life is due.
	beat time.Time
	// rest is from when on Settled is to be called; zero: not before the next start.
	rest time.Time
	// quit is how all has ended, once it has: only hooks are waited for then.
	quit *restart.Quit
}

// Run supervises until the core says that all is over, and returns the exit
// status.
func Run(c Config, w World, from Sources) int {
	l := &loop{Config: c, world: w, core: restart.New(c.Policy), timer: time.NewTimer(time.Hour), rest: time.Now()}
	l.timer.Stop()
	actions := l.core.Start(time.Now())
	for {
		for _, a := range actions {
			l.perform(a)
		}
		l.startHooks()
		if l.quit != nil && !l.Hooks.Busy() {
			if l.quit.Sig != 0 && l.EndBy != nil {
				l.EndBy(l.quit.Sig)
			}
			return l.quit.Status
		}
		if len(l.pending) == 0 {
			l.wait(from)
			actions = nil
		}
		if len(l.pending) > 0 {
			ev := l.pending[0]
			l.pending = l.pending[1:]
			actions = l.core.Step(time.Now(), ev)
		}
	}
}

// paused is how late a deadline is seen by who was kept from running. No machine
// is so busy for long, and if it is, the command has to wait as well.
const paused = time.Second

// wait blocks until something happens or the core's deadline comes.
func (l *loop) wait(from Sources) {
	var alarm <-chan time.Time
	deadline := l.resting(l.deadline())
	if !deadline.IsZero() {
		l.timer.Reset(time.Until(deadline))
		alarm = l.timer.C
		defer l.timer.Stop()
	}
	select {
	case s := <-from.Signals:
		l.hear(from)
		l.translate(s)
	case ev := <-from.Groups:
		l.hear(from)
		l.group(ev)
	case <-from.Files:
		l.world.Heard()
		l.add(restart.Touched{})
	case n := <-from.Requests:
		l.requests(n)
	case <-from.Counted:
		l.hear(from)
		for _, life := range l.lives {
			l.served(life.gen)
		}
	case r := <-from.Ready:
		if l.life(r.Gen) != nil {
			l.add(restart.Probed{Gen: r.Gen, Ready: r.Ready, Why: r.Why})
		}
	case a := <-from.Asks:
		l.asked(a)
	case <-from.Clock:
		l.add(restart.ClockSet{})
	case e := <-l.Hooks.Events():
		l.Hooks.Event(e)
	case e := <-l.Hooks.Errands():
		l.Hooks.Errand(e)
	case k := <-from.Doors:
		if ev := l.Hooks.Knock(k); ev != nil {
			l.add(ev)
		}
	case <-alarm:
		if time.Since(deadline) > paused {
			l.world.Resumed()
		}
		l.hear(from)
		l.Hooks.Advance(time.Now())
		// While something settles the core must not take time for what has ended: the
		// alarm may have been that of a hook, or of a sign of life.
		if !l.release(time.Now()) && !l.settling() {
			l.stillServed()
			l.add(restart.Tick{})
		}
	}
}

// deadline is when to be awake at the latest; the zero time: whenever. While it is
// not settled what becomes of the requests of a tree that is gone, the core waits
// for nothing: it does not know yet that the tree is.
func (l *loop) deadline() time.Time {
	var core time.Time
	if !l.settling() {
		core = l.core.Deadline()
	}
	deadline := l.beating(core)
	if due := l.Hooks.Due(); !due.IsZero() && (deadline.IsZero() || due.Before(deadline)) {
		deadline = due
	}
	for _, life := range l.lives {
		if life.held != nil && (deadline.IsZero() || life.heldUntil.Before(deadline)) {
			deadline = life.heldUntil
		}
	}
	return deadline
}

func (l *loop) add(ev restart.Event) { l.pending = append(l.pending, ev) }
