package signals

import "golang.org/x/sys/unix"

// Signal is one signal as it was received.
type Signal struct {
	Number unix.Signal
	// FromKernel reports whether the kernel raised it itself: for a terminal
	// (Ctrl-C, a hangup, a change of size) or for the end of a process. A signal
	// from kill(2) is not.
	FromKernel bool
	// Sender and UID are of the process that sent it (sigaction(2), si_pid).
	Sender int
	UID    int
	// Queued reports whether it came with a value (sigqueue(3)), which is Value.
	Queued bool
	Value  uint64
	// FromTimer reports whether it is of a [CPUTimer]; Sender is then the process
	// that has used the time.
	FromTimer bool
}

// Meaning is what a received signal is about.
type Meaning uint8

const (
	// Ours: nobody else is concerned, and nothing follows.
	Ours Meaning = iota
	// Forward: it is meant for the child.
	Forward
	// Stop: relance is asked to end.
	Stop
	// Interrupt: the terminal sent it to the child as well.
	Interrupt
	// Reap: a process has ended, stopped or gone on.
	Reap
	// CPUClock: a process has used the CPU time that a [CPUTimer] was armed for.
	CPUClock
)

// Situation is what the meaning of a signal depends on.
type Situation struct {
	// Ignored holds the signals that were ignored when relance was started
	// (bit n-1 for signal n): whoever did that, nohup(1) or a shell in the
	// background, did not want them to end anything.
	Ignored uint64
	// Leader reports whether relance leads its session: then a hangup of the
	// terminal comes to it alone.
	Leader bool
	// Self is our own pid: a broken pipe of ours, or a log that may not grow, is told by
	// a signal that looks as if we had sent it to ourselves.
	Self int
}

// Meaning tells what s is about. It is the one table of this.
func (in Situation) Meaning(s Signal) Meaning {
	if s.FromTimer {
		return CPUClock
	}
	switch s.Number {
	case unix.SIGCHLD:
		return Reap
	case unix.SIGTERM, unix.SIGINT:
		switch {
		case s.FromKernel:
			return Interrupt
		case in.Ignored&(1<<(s.Number-1)) != 0:
			return Forward
		}
		return Stop
	case unix.SIGHUP, unix.SIGQUIT:
		if s.FromKernel {
			if s.Number == unix.SIGHUP && in.Leader {
				return Forward
			}
			return Interrupt
		}
	}
	if s.FromKernel && s.Number == unix.SIGCONT && in.Leader {
		// It comes with the hangup, so that one who is stopped hears of that.
		return Forward
	}
	if s.FromKernel || (s.Sender == in.Self && (s.Number == unix.SIGPIPE || s.Number == unix.SIGXFSZ)) {
		// TSTP, CONT, WINCH: the terminal sends them to the whole
		// foreground group, which the child is in. PIPE, ALRM and the like are
		// about something that this process did.
		return Ours
	}
	return Forward
}
