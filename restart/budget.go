package restart

// Budget is a bound that the user has set and relance watches, named as its flag.
type Budget string

// The budgets. A planned time and a changed file have no figures and are no
// budgets here.
const (
	NoBudget       Budget = ""
	BudgetMemory   Budget = "memory-high"
	BudgetFiles    Budget = "max-open-files"
	BudgetSockets  Budget = "max-sockets"
	BudgetTasks    Budget = "max-tasks"
	BudgetCPU      Budget = "cpu-time"
	BudgetShare    Budget = "cpu-share"
	BudgetSilence  Budget = "output-silence"
	BudgetRequests Budget = "max-requests"
)

// reason is why a generation ends that has spent b.
func (b Budget) reason() Reason {
	switch b {
	case BudgetMemory:
		return MemoryHigh
	case BudgetFiles, BudgetSockets:
		return OpenFiles
	case BudgetTasks:
		return Tasks
	case BudgetCPU, BudgetShare:
		return CPUTime
	case BudgetSilence:
		return Watchdog
	case BudgetRequests:
		return Requests
	}
	panic("restart: no budget")
}

// hung reports whether b is spent by a tree that does not do its work any more:
// then nobody gains by waiting for a window.
func (b Budget) hung() bool { return b == BudgetShare || b == BudgetSilence }

// forget takes b out of a policy; NoBudget: all that may wait for a window.
func (p *Policy) forget(b Budget) {
	is := func(which Budget) bool { return b == which || b == NoBudget && !which.hung() }
	if is(BudgetMemory) {
		p.MemoryHigh = 0
	}
	if is(BudgetFiles) {
		p.MaxFiles = false
	}
	if is(BudgetSockets) {
		p.MaxSockets = 0
	}
	if is(BudgetTasks) {
		p.MaxTasks = 0
	}
	if is(BudgetCPU) {
		p.CPUTime = 0
	}
	if is(BudgetShare) {
		p.CPUShare = 0
	}
	if is(BudgetSilence) {
		p.Silence = 0
	}
	if is(BudgetRequests) {
		p.MaxRequests = 0
	}
}

// Reasons is a set of reasons for which relance itself would stop a generation.
type Reasons uint16

// Observable lists the reasons that a set can hold, in the order of their bits.
func Observable() []Reason {
	return []Reason{MemoryHigh, OpenFiles, Tasks, CPUTime, Requests, Watchdog, Changed, Age, Schedule}
}

// With returns the set with r in it, if r is observable.
func (s Reasons) With(r Reason) Reasons { return s | bit(r) }

// Has reports whether r is in the set.
func (s Reasons) Has(r Reason) bool { return s&bit(r) != 0 }

// bit is the place of r in a set; zero: it has none.
func bit(r Reason) Reasons {
	for i, each := range Observable() {
		if each == r {
			return 1 << i
		}
	}
	return 0
}
