package restart

import "time"

// What the world of FuzzStep knows of the budgets beside memory: descriptors,
// sockets, tasks, CPU time, silence; of changed files, of what is only observed,
// and of quiet moments.

const (
	fuzzFiles = 800
	fuzzCPUs  = 2
)

// files is the truth about the files that are watched. They are no generation's.
type files struct {
	// told says that the core was told that something was touched, at since, and has
	// had no settled answer; heard is when it was told so last; fresh says that
	// more was touched after that, and changed that a content is another one now.
	told, fresh, changed bool
	since, heard         time.Time
	asked                []Examine // not yet answered
}

// figures is the truth about the figures of a generation.
type figures struct {
	levels [3]excess // descriptors, sockets, tasks
	// looks are those in a row that were possible, the first is the start if no other
	// failed; all is every one of them.
	looks, all []seenAt
	asked      []time.Time // when looks were asked for without a reason of that moment
	precise    bool        // the last had one
	// observed are the budgets that were, byClock says when a recycle by the clock
	// was, and unsaid that nobody was told of the next one.
	observed map[Budget]bool
	pressed  bool
	byClock  time.Time
	unsaid   bool
	// spared says that a budget was spent that could only wait, and need not.
	spared bool
	// alarm is the CPU time at which the clock of the child rings; woken says that
	// it has, or somebody said so, since the last look.
	alarm time.Duration
	woken bool
	blind bool // a look that was not possible was reported
}

// excess is since when each look saw a bound reached, and how many looks that were.
type excess struct {
	since time.Time
	looks int
}

// drawMore gives half of the policies some of the newer budgets.
func (w *world) drawMore(in *tape) {
	p := &w.policy
	w.wrote = w.now.Add(-time.Hour)
	if w.more = in.coin(); !w.more {
		return
	}
	p.MaxFiles = in.below(3) == 1
	p.MaxSockets = pick[int64](in, 0, 0, 100)
	p.MaxTasks = pick[int64](in, 0, 0, 50)
	p.For = pick(in, 0, 0, 30*time.Millisecond, time.Second, time.Minute)
	p.CPUs = fuzzCPUs
	p.CPUTime = pick(in, 0, 0, 0, time.Second, 10*time.Second, time.Minute, time.Hour)
	if in.below(3) == 1 {
		p.CPUShare, p.CPUShareFor = pick(in, 0.5, 0.9), pick(in, time.Second, time.Minute, 4*time.Minute)
	}
	p.Silence = pick(in, 0, 0, 0, time.Second, time.Minute, 5*time.Minute)
	p.IdleWait = pick(in, 0, time.Second, 12*time.Second, time.Minute)
	w.observe = map[Reason]bool{}
	if in.coin() {
		for _, r := range []Reason{MemoryHigh, OpenFiles, Tasks, CPUTime, Watchdog, Changed, Age, Schedule, Requests} {
			if in.below(3) == 1 {
				w.observe[r] = true
				p.Observe = p.Observe.With(r)
			}
		}
	}
}

// happenMore lets one of the newer things happen.
func (w *world) happenMore(in *tape) {
	r := &w.run
	if w.core.State() == Gone {
		return
	}
	switch in.below(9) {
	case 0, 1:
		w.touch(in)
	case 2, 3:
		w.use.Files = pick[int64](in, 0, fuzzFiles/2, fuzzFiles-1, fuzzFiles, fuzzFiles+100)
		w.use.FilesMax = pick[int64](in, fuzzFiles, fuzzFiles, fuzzFiles, fuzzFiles/4, 0)
		w.use.Sockets = pick[int64](in, 0, 50, 99, 100, 200)
		w.use.Tasks = pick[int64](in, 1, 25, 49, 50, 500)
		w.use.Unseen = pick(in, "", "", "", "refused")
	case 4:
		w.wrote = w.now
	case 5:
		w.muffled = in.below(6) == 1
		if r.alive && in.below(3) == 1 {
			r.figures.woken = true
			w.step(CPUUsed{Gen: r.gen}) // of itself, or forged
		}
	case 6, 7:
		// In each 100 ns. The rest is what useMemory gives.
		w.burn = pick[time.Duration](in, 0, 0, 1, 50, 95, 100, 200)
	case 8:
		w.wobble(in)
	}
}

// wobble lets an excess come and go, or a look at it fail.
func (w *world) wobble(in *tape) {
	fails, gen := in.coin(), w.run.gen
	for i := range int64(3) {
		if w.failed || w.run.gen != gen || w.core.State() != Running {
			return
		}
		w.use.FilesMax, w.use.Files, w.use.Sockets, w.use.Tasks = fuzzFiles, fuzzFiles, 100, 50
		if w.blind = fails && i == 1; i == 1 && !fails {
			w.use.Files, w.use.Sockets, w.use.Tasks = 0, 0, 0
		}
		w.toDeadline(0)
	}
}

// advance lets the clock go on, not back, and the tree use its CPU time.
func (w *world) advance(to time.Time) {
	d := to.Sub(w.now)
	if d <= 0 {
		return
	}
	if w.run.there() {
		w.use.CPU += d / 100 * w.burn
	}
	w.now = to
}

// alarmAt is when the clock of the child rings, if all goes on as it does; the zero
// time: never.
func (w *world) alarmAt() time.Time {
	r := &w.run
	left := r.figures.alarm - w.use.CPU
	if r.figures.alarm == 0 || !r.alive || w.burn == 0 && left > 0 {
		return time.Time{}
	}
	if left <= 0 {
		return w.now
	}
	return w.now.Add((left/w.burn + 1) * 100)
}

// ring lets the clock of the child ring.
func (w *world) ring() {
	r := &w.run
	r.figures.alarm, r.figures.woken = 0, true
	w.step(CPUUsed{Gen: r.gen})
}

// touch touches a file. That is told once, until the core has examined.
func (w *world) touch(in *tape) {
	f := &w.files
	f.changed = f.changed || in.coin()
	if f.told {
		f.fresh = true
		return
	}
	f.told, f.fresh, f.since, f.heard = true, false, w.now, w.now
	w.step(Touched{})
}

// examined answers the first Examine.
func (w *world) examined() {
	f := &w.files
	now := f.asked[0].Now
	f.asked = f.asked[1:]
	if f.fresh && !now {
		f.fresh, f.heard = false, w.now
		w.step(Examined{})
		return
	}
	ev := Examined{Settled: true}
	if f.changed {
		ev.Path, ev.More = "a", 2
	}
	f.told, f.fresh, f.changed = false, false, false
	w.step(ev)
}
