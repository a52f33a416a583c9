package child

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Change is what wait4(2) tells of one child of this process, the command or an
// orphan that we inherited, and the CPU clock of one that has ended.
type Change struct {
	PID int
	// Stopped is the signal that stopped it, zero if it has ended.
	Stopped unix.Signal
	// Code is the exit status, or Signal what ended it; Core: with a core dump.
	Code   int
	Signal unix.Signal
	Core   bool
	// CPU is the user and system time, MaxRSS the peak in bytes, of the process
	// and of the descendants it has waited for; zero of one that was stopped.
	CPU    time.Duration
	MaxRSS int64
	// Charged is the CPU time of the process alone, with all its threads, as the
	// kernel counts it for RLIMIT_CPU: by ticks. It is no less than a nanosecond;
	// zero: the kernel does not tell.
	Charged time.Duration
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
//
// It looks first and takes then, since the clock of one that has ended goes with it.
func Reap() (Change, Wait) {
	for {
		var next childInfo
		err := waitid(unix.P_ALL, 0, &next, unix.WEXITED|unix.WSTOPPED|unix.WNOWAIT)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return Change{}, Childless // ECHILD; waitid with these flags has no other error
		case next.pid == 0:
			return Change{}, Later
		}
		if c, there := next.take(); there {
			return c, Found
		}
	}
}

// childInfo is the kernel's struct siginfo as waitid(2) fills it in.
type childInfo struct {
	_, _, code, _ int32
	pid           int32
	_             uint32
	status        int32
	_             [100]byte
}

// waitid is waitid(2) without waiting. Without a change info.pid is zero.
func waitid(what, pid int, info *childInfo, options int) error {
	return unix.Waitid(what, pid, (*unix.Siginfo)(unsafe.Pointer(info)), options|unix.WNOHANG, nil)
}

// take takes the change that was looked at; there is false when another one has
// come upon it. A stop is taken as nothing but a stop: one that has been killed
// meanwhile is to be looked at anew.
func (i childInfo) take() (c Change, there bool) {
	pid := int(i.pid)
	if i.code == cldStopped {
		var stop childInfo
		err := waitid(unix.P_PID, pid, &stop, unix.WSTOPPED)
		return Change{PID: pid, Stopped: unix.Signal(stop.status)}, err == nil && stop.pid != 0
	}
	charged := charged(pid)
	var status unix.WaitStatus
	var usage unix.Rusage
	if got, err := unix.Wait4(pid, &status, unix.WNOHANG, &usage); err != nil || got != pid {
		return Change{}, false
	}
	c = decode(pid, status, usage)
	c.Charged = charged
	return c, true
}

// cldStopped is CLD_STOPPED, the si_code of one that a signal has stopped.
const cldStopped = 5

// charged reads the clock by which the kernel enforces RLIMIT_CPU, of a process
// that is not reaped yet: MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_PROF) of
// linux/posix-timers.h. It is zero where there are no such clocks, and a nanosecond
// for who has been charged with nothing.
func charged(pid int) time.Duration {
	const prof = 0
	var used unix.Timespec
	if unix.ClockGettime(int32(^pid<<3|prof), &used) != nil {
		return 0
	}
	return max(time.Duration(used.Nano()), 1)
}

func decode(pid int, status unix.WaitStatus, usage unix.Rusage) Change {
	c := Change{
		PID: pid,
		CPU: time.Duration(usage.Utime.Nano() + usage.Stime.Nano()),
		// "The unit is kilobytes" (getrusage(2)).
		MaxRSS: usage.Maxrss * 1024,
	}
	if status.Signaled() {
		c.Signal, c.Core = status.Signal(), status.CoreDump()
	} else {
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
