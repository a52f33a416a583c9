package restart

import "time"

// Sig is a signal number.
type Sig int

// Event is something that happened. The set is closed. An event about a child
// carries its generation; Step drops what belongs to another one.
type Event interface{ event() }

type (
	// Started: the exec of generation Gen succeeded.
	Started struct {
		Gen int
		PID int
	}
	// SpawnFailed: generation Gen could not be started.
	SpawnFailed struct {
		Gen int
		// Err is the message, Status what relance exits with if that is the end.
		Err    string
		Status int
	}
	// Exited: the child of generation Gen has ended and was reaped. It carries
	// all that is needed to judge.
	Exited struct {
		Gen int
		// Code is the exit status, or Signal the signal that ended it.
		Code   int
		Signal Sig
		Core   bool
		// CPU is user and system time, MaxRSS the peak in bytes of the child or
		// of a descendant it has waited for (getrusage(2), RUSAGE_CHILDREN).
		CPU    time.Duration
		MaxRSS int64
		// Charged is the CPU time of the child alone, with all its threads, as the
		// kernel counts it for RLIMIT_CPU; zero: it is not known.
		Charged time.Duration
		// Left is how many processes of the tree were still there.
		Left int
		// Counters are those of its group, read at the end: an OOM kill is counted
		// there by the time the child can be reaped. All zero: there is no group.
		Counters Counters
		// Lost is how many requests it has left without a true answer, and Owed how
		// many will be asked again; zero while its tree is there.
		Lost, Owed int
	}
	// Emptied: the last process of the tree of generation Gen is gone, some time
	// after its child. Lost and Owed are as in Exited.
	Emptied struct{ Gen, Lost, Owed int }
	// Looked: the figures that an action Look asked for.
	Looked struct {
		Gen   int
		Usage Usage
		// Err is why nothing could be seen, else empty.
		Err string
	}
	// MemoryEvents: a file of the group has changed. No other one follows before
	// the core says Watch.
	MemoryEvents struct {
		Gen      int
		Counters Counters
		// Escaped says that the child is not in its group, Dying that it was killed
		// and its end is still to come.
		Escaped, Dying bool
	}
	// Pressed: tasks of the group have waited for memory for longer than the user
	// wants to bear (Policy.Pressure).
	Pressed struct {
		Gen int
		// Usage is what a look saw at that moment; all zero: it was not possible.
		Usage Usage
	}
	// CPUUsed: the child has used as much CPU time as an action Alarm said.
	CPUUsed struct{ Gen int }
	// Served: the answer to Drain, and the news that an action Count or Drain waits
	// for: how many requests were served, and how many are in flight. Stuck says, where we
	// carry them, that it got all that it may serve, and has not answered for
	// DrainTimeout, while others wait for the next generation.
	Served struct {
		Gen              int
		Served, InFlight int64
		Stuck            bool
	}
	// Ready: the child says that it can do its work (sd_notify(3), READY=1).
	Ready struct{ Gen int }
	// Probed: the answer to a Probe, or the news that the child has become ready by
	// what is watched for that. Why is what was seen if it has not.
	Probed struct {
		Gen   int
		Ready bool
		Why   string
	}
	// Extend: the child needs more time for what it is doing (EXTEND_TIMEOUT_USEC).
	Extend struct {
		Gen int
		By  time.Duration
	}
	// InputEnded: our stdin is at its end, and the child has got all of it.
	InputEnded struct{}
	// Touched: a file that is watched may have changed. No other one follows
	// before an Examined that is settled.
	Touched struct{}
	// Examined: the answer to an action Examine.
	Examined struct {
		// Settled says that nothing has been touched since the last time; else there
		// is no more in it than that.
		Settled bool
		// Path is the first whose content has changed, empty: none, and More how many
		// others there are.
		Path string
		More int
	}
	// GateOpened: the command of that gate has what it is there for, and holds it until
	// CloseGate.
	GateOpened struct{ Gate int }
	// GateEnded: it is no more. Err is how it has failed, empty: it has ended well.
	GateEnded struct {
		Gate int
		Err  string
	}
	// RestartAsked: somebody asked for the next generation.
	RestartAsked struct{ By string }
	// StopAsked: relance was asked to end, by a signal sent to it or otherwise.
	StopAsked struct {
		// Sig is what the child gets; zero: the stop signal.
		Sig Sig
		// By says who asked, for people.
		By string
	}
	// Interrupted: the terminal sent a signal (Ctrl-C, a hangup) to us and to
	// the child alike. Whether that is an end is for the child to say: an
	// interactive program goes on.
	Interrupted struct{ Sig Sig }
	// Forward: a signal came that is meant for the child.
	Forward struct {
		Sig Sig
		// Queued reports whether it carries Value (sigqueue(3)).
		Queued bool
		Value  uint64
	}
	// ClockSet: the clock on the wall was set, or the machine has slept.
	ClockSet struct{}
	// Tick: time passed; nothing else happened.
	Tick struct{}
)

func (Started) event()      {}
func (SpawnFailed) event()  {}
func (Exited) event()       {}
func (Emptied) event()      {}
func (Looked) event()       {}
func (MemoryEvents) event() {}
func (Pressed) event()      {}
func (CPUUsed) event()      {}
func (Served) event()       {}
func (Ready) event()        {}
func (Extend) event()       {}
func (Probed) event()       {}
func (InputEnded) event()   {}
func (Touched) event()      {}
func (Examined) event()     {}
func (GateOpened) event()   {}
func (GateEnded) event()    {}
func (RestartAsked) event() {}
func (StopAsked) event()    {}
func (Interrupted) event()  {}
func (Forward) event()      {}
func (ClockSet) event()     {}
func (Tick) event()         {}

// ok reports whether the child itself reported success.
func (e Exited) ok() bool { return e.Code == 0 && e.Signal == 0 }

// Status is what relance exits with when it ends as the child did: the child's
// own status, or 128+n when signal n ended it, as a shell says it.
func (e Exited) Status() int {
	if e.Signal != 0 {
		return 128 + int(e.Signal)
	}
	return e.Code
}

// Usage is what a look at the tree saw.
type Usage struct {
	// Memory is in bytes, what the kernel could not take back without swapping.
	Memory int64
	// Processes counts the living ones.
	Processes int
	// CPU is the time that the tree has used since the start of the generation.
	CPU time.Duration
	// Files is how many descriptors are open in the process that is nearest to its
	// bound, FilesMax that bound, and FilesWho the process, for people. Sockets
	// and SocketsWho are of the process with most of them. Tasks counts the
	// processes and threads of the tree. All zero where nobody asks for them.
	Files, FilesMax, Sockets, Tasks int64
	FilesWho, SocketsWho            string
	// Unseen is why some of the figures could not be had, else empty.
	Unseen string
	// VMSize and VMData are of the largest single process, in bytes: what
	// RLIMIT_AS and RLIMIT_DATA are about.
	VMSize, VMData int64
	// Exact says that the kernel has counted the tree as a whole. Else a process
	// may be caught between fork and exec, where its memory is counted twice.
	Exact bool
	// Stalled is for how long some task of the tree has waited for memory since
	// the start of the generation; zero: it is not known.
	Stalled time.Duration
	// InFlight is how many requests are being served, if InFlightKnown.
	InFlight      int64
	InFlightKnown bool
	// Silent is for how long nothing was written to stdout and stderr; zero: it is
	// not known, or just now.
	Silent time.Duration
}

// Counters are what the kernel has counted of a group since the start of the
// generation in it (cgroup-v2.rst).
type Counters struct {
	// High, Max, OOM and OOMKill are those of memory.events: memory.high was
	// crossed, memory.max was about to be, it could not be kept, a process was
	// killed for want of memory, here or further up.
	High, Max, OOM, OOMKill int64
	// PIDsMax is of pids.events: a fork was refused.
	PIDsMax int64
	// OOMTotal is the OOM of the group around all generations, OOMAbove that of the one
	// around relance, of a container for instance.
	OOMTotal, OOMAbove int64
	// Peak is memory.peak in bytes; zero: it is not known.
	Peak int64
	// Victim is who was killed, for people ("python3, pid 123"); empty: it is not
	// known.
	Victim string
}

// Scope says whose limit an OOM kill was about.
type Scope string

const (
	// ScopeOwn is the limit of the group of the tree.
	ScopeOwn Scope = "own"
	// ScopeTotal is the limit of the group around all generations.
	ScopeTotal Scope = "total"
	// ScopeAbove is a limit of the group around relance.
	ScopeAbove Scope = "above"
	// ScopeHost is the memory of the whole machine.
	ScopeHost Scope = "host"
)

// Scope tells from what else was counted whose limit led to an OOM kill: "oom"
// moves in the group whose limit was reached, "oom_kill" in that of the victim.
func (c Counters) Scope() Scope {
	switch {
	case c.OOM > 0:
		return ScopeOwn
	case c.OOMTotal > 0:
		return ScopeTotal
	case c.OOMAbove > 0:
		return ScopeAbove
	}
	return ScopeHost
}

// generationOf returns the generation that ev is about, or zero if it is about
// none.
func generationOf(ev Event) int {
	switch ev := ev.(type) {
	case Started:
		return ev.Gen
	case SpawnFailed:
		return ev.Gen
	case Exited:
		return ev.Gen
	case Emptied:
		return ev.Gen
	case Looked:
		return ev.Gen
	case MemoryEvents:
		return ev.Gen
	case Pressed:
		return ev.Gen
	case CPUUsed:
		return ev.Gen
	case Served:
		return ev.Gen
	case Ready:
		return ev.Gen
	case Extend:
		return ev.Gen
	case Probed:
		return ev.Gen
	case GateOpened, GateEnded, StopAsked, RestartAsked, Interrupted, Forward, InputEnded, Touched, Examined, ClockSet, Tick:
		return 0
	}
	panic("restart: unknown event")
}
