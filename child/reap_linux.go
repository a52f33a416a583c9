package child

import (
	"time"

	"golang.org/x/sys/unix"
)

// Change is what wait4(2) tells of one child of this process: the command, or
// an orphan that we inherited.
type Change struct {
	PID int
	// Stopped is the signal that stopped it, zero if it has ended.
	Stopped unix.Signal
	// Code is the exit status, or Signal what ended it; Core: with a core dump.
	Code   int
	Signal unix.Signal
	Core   bool
	// CPU is the user and system time, MaxRSS the peak in bytes, of the process
	// and of the descendants it has waited for.
	CPU    time.Duration
	MaxRSS int64
}

// Wait says how a look for changes ended.
type Wait uint8

const (
	// Found: a Change was returned; there may be more.
	Found Wait = iota
	// Later: there are children, and nothing to tell of them now.
	Later
	// Childless: there is no child at all.
	Childless
)

// Reap takes one change that is there, without waiting. After SIGCHLD it is
// called until it returns something other than Found: one signal may stand for
// any number of ends.
func Reap() (Change, Wait) {
	var status unix.WaitStatus
	var usage unix.Rusage
	for {
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG|unix.WUNTRACED, &usage)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return Change{}, Childless // ECHILD; wait4 with these flags has no other error
		case pid == 0:
			return Change{}, Later
		}
		return decode(pid, status, usage), Found
	}
}

func decode(pid int, status unix.WaitStatus, usage unix.Rusage) Change {
	c := Change{
		PID: pid,
		CPU: time.Duration(usage.Utime.Nano() + usage.Stime.Nano()),
		// "The unit is kilobytes" (getrusage(2)).
		MaxRSS: usage.Maxrss * 1024,
	}
	switch {
	case status.Stopped():
		c.Stopped = status.StopSignal()
	case status.Signaled():
		c.Signal, c.Core = status.Signal(), status.CoreDump()
	default:
		c.Code = status.ExitStatus()
	}
	return c
}

// Reaped is the user and system time of all that this process has waited for so
// far, and of the descendants those had waited for: the sum of the CPU of every
// [Change] that was an end (getrusage(2), RUSAGE_CHILDREN). A generation's share
// is what it has grown by since its start.
func Reaped() time.Duration {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_CHILDREN, &usage) != nil {
		return 0 // it has no error with this argument
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// Adopt makes orphans of the tree our children, instead of those of PID 1
// (prctl(2), PR_SET_CHILD_SUBREAPER).
func Adopt() error {
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}
