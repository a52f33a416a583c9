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
		// Left is how many processes of the tree were still there.
		Left int
	}
	// Emptied: the last process of the tree of generation Gen is gone, some time
	// after its child.
	Emptied struct{ Gen int }
	// Looked: the figures that an action Look asked for.
	Looked struct {
		Gen   int
		Usage Usage
		// Err is why nothing could be seen, else empty.
		Err string
	}
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
	// Tick: time passed; nothing else happened.
	Tick struct{}
)

func (Started) event()     {}
func (SpawnFailed) event() {}
func (Exited) event()      {}
func (Emptied) event()     {}
func (Looked) event()      {}
func (StopAsked) event()   {}
func (Interrupted) event() {}
func (Forward) event()     {}
func (Tick) event()        {}

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
	// CPU is the time that the living processes of the tree have used so far.
	CPU time.Duration
	// VMSize and VMData are of the largest single process, in bytes: what
	// RLIMIT_AS and RLIMIT_DATA are about.
	VMSize, VMData int64
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
	case StopAsked, Interrupted, Forward, Tick:
		return 0
	}
	panic("restart: unknown event")
}
