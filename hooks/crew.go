package hooks

import (
	"fmt"
	"slices"
	"time"

	"relance/child"
	"relance/report"
	"relance/restart"
)

// Settings are what is to be run. An empty command is none.
type Settings struct {
	// OnEvent is run for each event that Filter has, AfterUp for each generation that can
	// do its work. Neither may take longer than Timeout.
	OnEvent, AfterUp string
	Filter           report.Filter
	Timeout          time.Duration
	// Gate is the command that a recycle waits for.
	Gate string
	// Name is what the user calls this relance, JSON says that its lines are JSON.
	Name string
	JSON bool
	// Base is what each is started with: Environ, and the limits that relance was given.
	Base child.Settings
	// Errands says that relance itself wants programs to be run.
	Errands bool
	// Workers is how many slots there are, each with a gate of its own; zero: one, which
	// has no number.
	Workers int
}

const (
	// maxEvents and maxUps bound what waits for its command.
	maxEvents, maxUps = 256, 64
	// letGo is how long a gate that was closed may take to end by itself: what it holds
	// is given back meanwhile.
	letGo = 5 * time.Second
	// grace is the time between TERM and KILL, which the relance around a command sees to,
	// and patience the time after TERM in which that must be gone as well.
	grace    = 5 * time.Second
	patience = 3 * grace
)

// Crew runs the commands. But for Tell and Run it is used by the owner alone. All methods may be
// called on nil: nobody wants anything.
type Crew struct {
	set   Settings
	queue *report.Queue
	say   func(string)
	start func(job) (int, error)
	kill  func(pid int, force bool)
	doors []*doorway
	// errands come from other goroutines; nil: nobody has any.
	errands chan Errand

	// jobs are to be started, runs are under way.
	jobs []job
	runs []*run
	// failed is what was said last of each command, so that it is said once.
	failed map[string]string
	// lost counts the generations that are up and were not told of.
	lost int
	// ending says that all is over but for what is still to be told, until by at most.
	ending bool
	by     time.Time
	// asked is when somebody has asked for the end, and hurried that it was not the first
	// time.
	asked   time.Time
	hurried bool
}

// job is a command to be started.
type job struct {
	flag, command string
	env           vars
	// input is what it reads, empty: nothing.
	input string
	// gate is the number of the gate, zero: it is none, and worker whose.
	gate, worker int
	// errand is what relance itself wants, nil: it is a command of the user's.
	errand *Errand
}

// run is one under way.
type run struct {
	job
	pid int
	// due is when it is to be told to end, and when it was, to be ended by force; the zero
	// time: never.
	due   time.Time
	stage stage
	// conn is the connection to a door, -1: there is none.
	conn int
}

type stage uint8

const (
	working stage = iota
	// closing: it may end by itself.
	closing
	// told: it was told to end.
	told
)

// New prepares to run what s says; nil: nothing is. say takes lines for people.
func New(s Settings, say func(string)) (*Crew, error) {
	if s.OnEvent == "" && s.AfterUp == "" && s.Gate == "" && !s.Errands {
		return nil, nil
	}
	c := &Crew{set: s, say: say, failed: map[string]string{}}
	c.start, c.kill = c.spawn, end
	if s.OnEvent != "" {
		c.queue = report.NewQueue(maxEvents)
	}
	if s.Errands {
		c.errands = make(chan Errand)
	}
	if s.Gate == "" {
		return c, nil
	}
	for i := range max(s.Workers, 1) {
		door, err := openDoor(i + min(s.Workers, 1))
		if err != nil {
			return nil, err
		}
		c.doors = append(c.doors, door)
	}
	return c, nil
}

// Tell is told of what happens (report.Outlet).
func (c *Crew) Tell(e report.Event) {
	if c.queue != nil && c.set.Filter.Has(e) {
		c.queue.Tell(e)
	}
}

// Runs are the sources that tell who knocks; each is run in a goroutine of its own.
func (c *Crew) Runs() []func(chan<- Knock) {
	if c == nil {
		return nil
	}
	var runs []func(chan<- Knock)
	for _, door := range c.doors {
		runs = append(runs, door.run)
	}
	return runs
}

// Events is where the next event comes from that a command is to be run for; nil: none
// is for now.
func (c *Crew) Events() <-chan report.Event {
	if c == nil || c.queue == nil || c.busy("on-event") || c.ending && c.by.IsZero() {
		return nil
	}
	return c.queue.Events()
}

// busy reports whether a command of that flag runs or is about to.
func (c *Crew) busy(flag string) bool {
	return slices.ContainsFunc(c.runs, func(r *run) bool { return r.flag == flag }) ||
		slices.ContainsFunc(c.jobs, func(j job) bool { return j.flag == flag })
}

// Event runs the command for e.
func (c *Crew) Event(e report.Event) {
	dropped := c.dropped()
	c.jobs = append(c.jobs, job{flag: "on-event", command: c.set.OnEvent, env: ofEvent(e, dropped), input: e.JSON() + "\n"})
}

// dropped returns how many events did not fit the queue since the last time, and says so.
func (c *Crew) dropped() int64 {
	n := c.queue.Dropped()
	if n > 0 {
		c.say(fmt.Sprintf("--on-event: %d events are dropped: they come faster than the command ends", n))
	}
	return n
}

// Up runs the command for a generation that can do its work.
func (c *Crew) Up(a restart.AfterUp) {
	if c == nil || c.set.AfterUp == "" {
		return
	}
	waiting := 0
	for _, j := range c.jobs {
		if j.flag == "after-up" {
			waiting++
		}
	}
	if waiting >= maxUps || c.ending {
		c.lost++
		return
	}
	env := c.about("after-up", "", a.Gen, a.Worker)
	env.number(envPID, a.PID)
	c.jobs = append(c.jobs, job{flag: "after-up", command: c.set.AfterUp, env: env})
}

// Gate starts the command of a gate.
func (c *Crew) Gate(a restart.OpenGate) {
	env := c.about("before-relaunch", string(a.Reason), a.Gen, a.Worker)
	env.add(Door, c.doors[max(a.Worker-1, 0)].address)
	c.jobs = append(c.jobs, job{flag: "before-relaunch", command: c.set.Gate, env: env, gate: a.Gate, worker: a.Worker})
}

func (c *Crew) about(event, reason string, gen, worker int) vars {
	var v vars
	v.add(envEvent, event)
	v.add(envReason, reason)
	v.number(envGeneration, gen)
	v.number(envWorker, worker)
	v.add(envName, c.set.Name)
	return v
}

// Close takes the doors away.
func (c *Crew) Close() {
	if c == nil {
		return
	}
	for _, door := range c.doors {
		_ = door.file.Close() // nobody is told of
	}
}
