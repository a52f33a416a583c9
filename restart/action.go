package restart

import "time"

// Action is something to be done, in the order given. The set is closed.
type Action interface{ action() }

type (
	// Spawn: start generation Gen. Answered by Started or SpawnFailed.
	// Worker is the number of the slot, from 1; zero: there is only one. Last is the
	// generation whose place it takes.
	Spawn struct {
		Gen, Worker int
		Last        Last
	}
	// Signal: send Sig to the child of Gen, or to every process of its tree.
	Signal struct {
		Gen  int
		Sig  Sig
		Tree bool
		// Queued reports whether it carries Value (sigqueue(3)).
		Queued bool
		Value  uint64
	}
	// Kill: SIGKILL to every process of the tree of Gen, also to those that are
	// being made meanwhile.
	Kill struct{ Gen int }
	// Look: see how much the tree of Gen uses. Answered by Looked.
	Look struct{ Gen int }
	// Headroom: raise memory.high of the group of Gen out of the way: a tree that
	// the kernel slows down for being above it cannot leave. memory.max stays.
	Headroom struct{ Gen int }
	// Tripwire: put memory.high of the group of Gen back to the budget.
	Tripwire struct{ Gen int }
	// Watch: let the next change of the group of Gen wake us again, and at once if
	// there has been one since the last MemoryEvents. A group is watched from its
	// start; each MemoryEvents ends that.
	Watch struct{ Gen int }
	// Alarm: answer with CPUUsed when the child of Gen has used In more of CPU time
	// by itself. It takes the place of the one before. Where that cannot be done,
	// nobody is woken, and the looks by the clock must do.
	Alarm struct {
		Gen int
		In  time.Duration
	}
	// Examine: see which of the files that are watched have changed since the last
	// time. Answered by Examined. Where something has been touched since the last
	// Examine or Touched, Now says whether to look nevertheless.
	Examine struct{ Now bool }
	// Count: answer with Served once Gen has served Until requests; where we carry
	// them it gets no more before the next Count. Zero: any number.
	Count struct {
		Gen   int
		Until int64
	}
	// Drain: give nothing new to Gen, where we carry it, and tell it to take nothing
	// new, where it listens. Answered by Served at once, and again when nothing is
	// in flight.
	Drain struct{ Gen int }
	// CloseInput: close the stdin of the child of Gen.
	CloseInput struct{ Gen int }
	// Probe: see whether Gen can do its work. Answered by Probed.
	Probe struct{ Gen int }
	// OpenGate: start the command that lets Gen be recycled for Reason. Answered by
	// GateOpened or GateEnded. Gate is its number, Worker as in Spawn.
	OpenGate struct {
		Gate, Gen, Worker int
		Reason            Reason
	}
	// CloseGate: that command is to end. Answered by GateEnded.
	CloseGate struct{ Gate int }
	// AfterUp: Gen can do its work. Worker is as in Spawn, PID that of the child.
	AfterUp struct{ Gen, Worker, PID int }
	// Report: tell people.
	Report struct {
		Kind   Kind
		Gen    int
		Reason Reason
		// Worker is the number of the slot, from 1; zero: there is only one. Workers
		// counts the others that go on (Reduced, GaveUp). Ahead is the one that must be back at
		// work first, or through with its handover (Queued), and Failures is of that one
		// then; zero: a generation of the slot itself must have left.
		Worker, Workers, Ahead int
		// Handover says that the generation works on until the next one is ready (NoHelp),
		// that the one before does (HandoverFailed), or has done so until this one was
		// (Up), or that it was replaced before it left (Left). Unready is why one was not, as the last probe saw it.
		Handover bool
		Unready  string
		// Uptime is how long the generation was up.
		Uptime time.Duration
		// In is the time until the next try (Backoff), the grace (Stopping), or
		// how long after the end of generation After this one was up (Up). There
		// may be some between the two that could not be started. Of a gate it is how
		// long it may take at most (Gated), or the time until it is asked again
		// (GateFailed); zero: it is not.
		In    time.Duration
		After int
		// Sig is the signal that is being sent (Stopping).
		Sig Sig
		// Usage is what the last look saw, Spent which budget is spent, if one is,
		// Budget what it was compared with, in bytes, nanoseconds or pieces, For how
		// long that was exceeded. Stalled says that the verdict was on the time
		// spent waiting for memory near the budget, Pressure, if not empty, that
		// it was the trigger of the user.
		Usage    Usage
		Spent    Budget
		Budget   int64
		For      time.Duration
		Stalled  bool
		Pressure string
		// Share is the part of one CPU that the tree has burnt for For (BudgetShare).
		Share float64
		// Path is what has changed, and More how many other files have (Changed).
		Path string
		More int
		// Waited is for how long a quiet moment was waited for, Quiet whether it came; or
		// for how long the gate was (GateFailed).
		Waited time.Duration
		Quiet  bool
		// Requests is how many were served (BudgetRequests, Left), InFlight how many are
		// being served, Lost how many were left without a true answer. Closing is
		// when the stop signal follows the end of its stdin; zero: at once.
		Requests, InFlight int64
		Lost               int
		Closing            time.Duration
		// Observed counts the verdicts that were only said, this one included.
		Observed int
		// Again says that who asked wants another generation, not the end (Asked).
		Again bool
		// Counters are of the group, MemoryMax and PIDsMax its limits; zero: none.
		Counters           Counters
		MemoryMax, PIDsMax int64
		// Own says that the child itself was the victim of the OOM kill.
		Own bool
		// Planned is when the generation is to be recycled by the clock (Planned, Up),
		// was to be (Age, Schedule), or will be because its budget is spent
		// (Deferred), as the clock shows it; the zero time: never.
		Planned time.Time
		// Exit is how the child ended, nil while it lives.
		Exit *Exited
		// PID is the child's (Begun, Up).
		PID int
		// Took is the time from the verdict, or the end of the child, until nothing was
		// left (Left), or from the verdict on generation After, or the first of the
		// failures, until this one was ready (Recovered).
		Took time.Duration
		// MemoryBefore is what generation After had last, Slope the growth of memory in
		// bytes per hour, of that one then, else of Gen (Recovered); zero: not known.
		MemoryBefore int64
		Slope        float64
		// Expected is when the next recycle is to be expected, and ExpectedFor why
		// (Recovered); the zero time: that is not known.
		Expected    time.Time
		ExpectedFor Reason
		// Left counts the processes still there (LeftBehind, Killing, Unkillable).
		Left int
		// Failures counts the ends in a row that were followed by a backoff.
		Failures int
		// Err is the message of a failed start or look, or how the command of a gate has
		// ended; empty: well (GateLost), or not in time (GateFailed).
		Err string
		// By says who asked (Asked).
		By string
	}
	// Quit: nothing is left to do; relance exits with Status, or ends by Sig if
	// that is not zero and can be: the signal of the terminal that ended the
	// child. A shell stops its script or its loop for Ctrl-C only if the program
	// that it waits for has died of it.
	Quit struct {
		Status int
		Sig    Sig
	}
)

// Last is the generation before one, as that is told of it.
type Last struct {
	// Reason is why it has ended, or is being replaced; empty: there was none.
	Reason Reason
	// Uptime is for how long it was up, until now if it still is.
	Uptime time.Duration
	// Exit is how its child has ended, or how the try to start it; nil: it is there
	// until the next one is ready.
	Exit *Exited
}

func (Spawn) action()      {}
func (Signal) action()     {}
func (Kill) action()       {}
func (Look) action()       {}
func (Headroom) action()   {}
func (Tripwire) action()   {}
func (Watch) action()      {}
func (Alarm) action()      {}
func (Examine) action()    {}
func (Count) action()      {}
func (Drain) action()      {}
func (CloseInput) action() {}
func (Probe) action()      {}
func (OpenGate) action()   {}
func (CloseGate) action()  {}
func (AfterUp) action()    {}
func (Report) action()     {}
func (Quit) action()       {}
