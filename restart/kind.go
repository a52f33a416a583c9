package restart

// Kind is what a report is about.
type Kind string

const (
	// Begun: a generation was started; Left: nothing is left of one, and what follows
	// is said by the next report, if it is not what an earlier one has said.
	Begun Kind = "begun"
	Left  Kind = "left"
	// Up: a generation after the first is up.
	Up Kind = "up"
	// Planned: generation 1 is up, and is to be recycled by the clock; or the clock
	// was set, and the time of the generation at hand is another one than was said.
	Planned Kind = "planned"
	// Deferred: a budget is spent and waits for the window; said again where the
	// clock was set and it opens at another time.
	Deferred Kind = "deferred"
	// Observed: a budget is spent, and nothing follows because the user only wants
	// to know.
	Observed Kind = "observed"
	// Gated: it is to be recycled for Reason, and waits for the gate.
	Gated Kind = "gated"
	// GateFailed: the gate has said no, or nothing. GateLost: its command has ended before
	// it was told to, while what it was asked for is under way.
	GateFailed Kind = "gate-failed"
	GateLost   Kind = "gate-lost"
	// DrainBegun: it is to be stopped for Reason when what is in flight is done.
	DrainBegun Kind = "draining"
	// Queued: it is to be recycled for Reason when others have been.
	Queued Kind = "queued"
	// HandingOver: it is recycled for Reason: the next one starts first.
	HandingOver Kind = "handing-over"
	// HandoverFailed: the generation that was to take over has ended, for Reason, or
	// could not be started (Err). The old one works on.
	HandoverFailed Kind = "handover-failed"
	// Stopping: the stop signal is being sent, for Reason.
	Stopping Kind = "stopping"
	// Ended: a generation has ended unasked, or at a limit, and another follows
	// at once.
	Ended Kind = "ended"
	// LeftBehind: the child has ended by itself, part of its tree has not.
	LeftBehind Kind = "left-behind"
	// Killing: the grace is over, or somebody could not wait.
	Killing Kind = "killing"
	// Unkillable: there are processes that SIGKILL has not ended.
	Unkillable Kind = "unkillable"
	// Backoff: the next try comes after a while.
	Backoff Kind = "backoff"
	// NoHelp: a budget was spent or a limit reached sooner than MinUptime after
	// the start; the next try comes after a while.
	NoHelp Kind = "no-help"
	// GaveUp: there will be no next try.
	GaveUp Kind = "gave-up"
	// Reduced: a slot has ended for good, and others go on.
	Reduced Kind = "reduced"
	// BudgetEnd: a budget ended it, and under "never" that is the end.
	BudgetEnd Kind = "budget-end"
	// StartFailure: the first generation could not be started.
	StartFailure Kind = "start-failure"
	// Blind: a look at the tree was not possible.
	Blind Kind = "blind"
	// OOM: a process of the tree was killed for want of memory, and that is no
	// reason to stop: the policy is OOMContinue, or it is being stopped already
	// (Sig is not zero), or all is over (Exit is not nil).
	OOM Kind = "oom"
	// Recovered: a generation after failures in a row, the last for Reason, is healthy,
	// or one after a recycle for Reason has its memory within the budget when MinUptime
	// is over.
	Recovered Kind = "recovered"
	// PIDsMax: a fork was refused, for the first time in this generation.
	PIDsMax Kind = "pids-max"
	// Escaped: the child has left its group, for the first time in this generation.
	Escaped Kind = "escaped"
)

// Kinds are all there are.
func Kinds() []Kind {
	return []Kind{
		Begun, Left, Up, Planned, Deferred, Observed, Gated, GateFailed, GateLost, DrainBegun, Queued, HandingOver,
		HandoverFailed, Stopping, Ended, LeftBehind, Killing, Unkillable, Backoff, NoHelp, GaveUp, Reduced, BudgetEnd,
		StartFailure, Blind, OOM, Recovered, PIDsMax, Escaped,
	}
}
