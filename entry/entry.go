// Package entry knows what this process was given by whoever started it,
// before the Go runtime changed it: the signal mask, the ignored signals,
// which of the descriptors 0, 1 and 2 were closed, and RLIMIT_NOFILE.
//
// A wrapper must hand these on to its child as it got them, but by the time
// the first line of Go runs they are gone: the runtime installs a handler for
// every signal (and forgets all that were ignored, but for HUP and INT), opens
// /dev/null in place of a closed 0, 1 or 2, and raises the soft RLIMIT_NOFILE.
//
// So a few instructions run before the runtime does. In a build without cgo
// they stand in the slot that the runtime calls first if it is filled
// (_cgo_init, see entry_amd64.s); in a build with cgo in a constructor
// (entry_cgo.go). They record, and they block the signals of [Blocks], so that
// all threads of the runtime are born with them blocked: from the first
// instruction on such a signal waits in the kernel until it is read from a
// signalfd, and none is lost or kills us half way.
//
// Importing this package is what arms it. Only the program does that, never a
// package that others test: the children of a test binary would inherit the
// blocked signals.
package entry

import "golang.org/x/sys/unix"

// Given is the state of the process when it was started.
type Given struct {
	// Blocked and Ignored hold one bit for each signal: bit n-1 for signal n,
	// as in SigBlk and SigIgn of /proc/PID/status (proc_pid_status(5)).
	Blocked, Ignored uint64
	// Closed says which of the descriptors 0, 1 and 2 were not open.
	Closed [3]bool
	// NoFile is RLIMIT_NOFILE before the runtime raised its soft limit.
	NoFile unix.Rlimit
}

// Blocks is the set of signals that are blocked before the runtime starts:
// all but those the kernel raises for a fault of our own (ILL TRAP ABRT BUS FPE
// SEGV SYS), those the runtime uses itself (URG, PROF), and the first three
// realtime signals, which libc and the runtime keep unblocked.
const Blocks uint64 = ^uint64(1<<(4-1) | 1<<(5-1) | 1<<(6-1) | 1<<(7-1) | 1<<(8-1) | 1<<(11-1) |
	1<<(23-1) | 1<<(27-1) | 1<<(31-1) | 1<<(32-1) | 1<<(33-1) | 1<<(34-1))

// Record returns what was recorded before the runtime started.
func Record() Given {
	blocked, ignored, closed, cur, max := recorded()
	g := Given{Blocked: blocked, Ignored: ignored, NoFile: unix.Rlimit{Cur: cur, Max: max}}
	for fd := range g.Closed {
		g.Closed[fd] = closed&(1<<fd) != 0
	}
	return g
}

// Release gives the calling thread the signal mask back that the process was
// started with, for commands that supervise nothing: the next Ctrl-C ends them
// as it would any program. The caller is locked to its thread.
func (g Given) Release() error {
	set := unix.Sigset_t{}
	set.Val[0] = g.Blocked
	return unix.PthreadSigmask(unix.SIG_SETMASK, &set, nil)
}
