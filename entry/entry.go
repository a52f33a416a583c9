// Package entry knows what this process was given by whoever started it,
// before the Go runtime changed it: the signal mask, the ignored signals,
// which of the descriptors 0, 1 and 2 were closed, and RLIMIT_NOFILE.
//
// A wrapper must hand these on to its child as it got them, but by the time
// the first line of Go runs they are gone: the runtime installs a handler for
// every signal (and forgets all that were ignored, but for HUP and INT), opens
// /dev/null in place of a closed 0, 1 or 2, and raises the soft RLIMIT_NOFILE.
//
// So a few instructions run before the runtime does, and write down what is
// there; they change nothing. In a build without cgo they stand in the slot that
// the runtime calls first if it is filled (_cgo_init, see entry_amd64.s); in a
// build with cgo in a constructor (entry_cgo.go).
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

// Record returns what was recorded before the runtime started.
func Record() Given {
	blocked, ignored, closed, cur, max := recorded()
	g := Given{Blocked: blocked, Ignored: ignored, NoFile: unix.Rlimit{Cur: cur, Max: max}}
	for fd := range g.Closed {
		g.Closed[fd] = closed&(1<<fd) != 0
	}
	return g
}
