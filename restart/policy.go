package restart

import (
	"math"
	"time"
)

// When says after which ends the next generation is launched.
type When uint8

const (
	// OnLimits: after a spent budget or an enforced limit.
	OnLimits When = iota
	// OnFailure: after these and after a crash.
	OnFailure
	// Always: after every end nobody asked for.
	Always
	// Never: a spent budget is an ordered stop, and everything else the end.
	Never
)

// OOMPolicy says what becomes of the rest of the tree when the kernel has killed
// a process of it for want of memory. The words are those of systemd.
type OOMPolicy uint8

const (
	// OOMStop: it is asked to leave, as for a spent budget.
	OOMStop OOMPolicy = iota
	// OOMKill: the kernel kills the whole group at once (memory.oom.group).
	OOMKill
	// OOMContinue: it goes on.
	OOMContinue
)

// Forever is a duration that never ends.
const Forever = time.Duration(math.MaxInt64)

// BudgetStatus is the exit status when a budget ended the command and it is not
// to be launched again, as timeout(1) has it.
const BudgetStatus = 124

// Policy is what the user asked for. It does not change while relance runs.
type Policy struct {
	Restart When
	// StopSignal asks the child to leave; after Grace the tree is killed.
	StopSignal Sig
	Grace      time.Duration
	// BackoffMin is the first delay before a relaunch that may be in vain,
	// doubled each time up to BackoffMax.
	BackoffMin, BackoffMax time.Duration
	// GiveUp crashes within GiveUpWithin are the end; zero: never give up.
	GiveUp       int
	GiveUpWithin time.Duration
	// MinUptime: a budget spent sooner than that after the start shows that
	// relaunching does not help.
	MinUptime time.Duration
	// MemoryHigh is the memory budget of the tree in bytes; zero: none. It is
	// spent when it has been exceeded for as long as MemoryFor without a break.
	MemoryHigh int64
	MemoryFor  time.Duration
	// MaxFiles, MaxSockets and MaxTasks are the budgets of what Usage counts under
	// these names; zero: none. For MaxFiles the bound is Usage.FilesMax, since it
	// may be a share of what the process may open. For is for how long they must
	// have been exceeded without a break.
	MaxFiles             bool
	MaxSockets, MaxTasks int64
	For                  time.Duration
	// CPUTime is the CPU time of the tree since the start of the generation; zero:
	// no budget. CPUs is how many of them it may use at once.
	CPUTime time.Duration
	CPUs    int
	// CPUShare is the part of one CPU from which on the tree is taken for hung if
	// it burns that for CPUShareFor without a break; zero: no budget.
	CPUShare    float64
	CPUShareFor time.Duration
	// Silence is for how long nothing must have been written; zero: no budget.
	Silence time.Duration
	// MaxRequests is how many requests a generation may serve, and up to
	// MaxRequestsJitter more, drawn for each; zero: any number.
	MaxRequests, MaxRequestsJitter int64
	// Drains says that somebody knows what is in flight, or can hold back what is
	// new: then a recycle waits for what is in flight, for DrainTimeout at most.
	Drains       bool
	DrainTimeout time.Duration
	// Stdio says that we carry what the child reads, so that its end can be said to
	// it before any signal. LostExits: a request that is lost is the end.
	Stdio, LostExits bool
	// Ready says how it is known that a generation can do its work, ReadyDelay is how
	// long it must have lived for it (ReadyAfter). One that is not ready within
	// StartTimeout is stopped; zero, Forever: it has all the time it wants.
	Ready                    Readiness
	ReadyDelay, StartTimeout time.Duration
	// Handover says that a planned recycle starts the next generation first, and that
	// the old one leaves when that is ready.
	Handover bool
	// Workers is how many slots there are; zero: one. No planned recycle begins while
	// MaxUnavailable slots do no work; zero: one.
	Workers, MaxUnavailable int
	// Gate says that a planned recycle waits for a command that lets it go on, for
	// GateTimeout at most each time; Forever: for as long as it takes.
	Gate        bool
	GateTimeout time.Duration
	GatePolicy  GatePolicy
	// AfterUp says that somebody wants to know when a generation can do its work.
	AfterUp bool
	// Watches says that files are watched.
	Watches bool
	// IdleWait is how long what is due by the clock waits for a quiet moment.
	IdleWait time.Duration
	// Observe are the reasons for which nothing is done: they are only said.
	Observe Reasons
	// MemoryEvents says that the tree has a group whose memory.high is the budget,
	// so that the kernel wakes us when it may be spent and no look by the clock
	// is needed for it.
	MemoryEvents bool
	// Swap says that it may be swapped out, for want of memory around it: it then
	// spends its budget without ever crossing memory.high, and nobody wakes us.
	Swap bool
	// OOM is what an OOM kill in the tree means for the rest of it.
	OOM OOMPolicy
	// What the lines say: the limits of the group, zero for none, and the trigger
	// for memory pressure, such as "full 200ms/2s".
	MemoryMax, PIDsMax int64
	Pressure           string
	// The limits that the kernel enforces on the child, as far as the user set
	// them: only these make an end a limit reached. AddressLimit and DataLimit
	// are the soft RLIMIT_AS and RLIMIT_DATA in bytes, CPUSoft and CPUHard those
	// of RLIMIT_CPU, FileSize says that RLIMIT_FSIZE is set; zero: not set.
	AddressLimit, DataLimit int64
	CPUSoft, CPUHard        time.Duration
	FileSize                bool
	// Plan says when to recycle by the clock, and when what is spent may be; nil:
	// never, and always.
	Plan Plan
	// Seed starts the jitter of the backoff: the same seed, the same delays.
	Seed uint64
}

// healthy is how long a generation must have been up for the past to be
// forgotten: as long as the longest delay, so that a command that crashes again
// and again a little later than that is still launched at a bearable rate.
func (p *Policy) healthy() time.Duration { return max(p.BackoffMax, p.MinUptime) }

// clock reports whether the tree must be looked at by the clock, as often as it
// grows, while it runs.
func (p *Policy) clock() bool {
	return p.clockBudget() > 0 || p.AddressLimit > 0 || p.DataLimit > 0 || p.MaxFiles || p.MaxSockets > 0 || p.MaxTasks > 0
}

// looks reports whether the tree is looked at for any reason.
func (p *Policy) looks() bool {
	return p.clock() || p.MemoryHigh > 0 || p.CPUTime > 0 || p.CPUShare > 0 || p.Silence > 0
}

// clockBudget is the memory budget as far as looks by the clock guard it; zero:
// there is none, or the kernel wakes us in any case.
func (p *Policy) clockBudget() int64 {
	if p.MemoryEvents && !p.Swap {
		return 0
	}
	return p.MemoryHigh
}

// relaunches reports whether an end of kind k is followed by a relaunch.
func (p *Policy) relaunches(k kind) bool {
	switch p.Restart {
	case OnLimits:
		return k == budget || k == limit
	case OnFailure:
		return k == budget || k == limit || k == crash
	case Always:
		return k != order
	case Never:
		return false
	}
	panic("restart: unknown policy")
}
