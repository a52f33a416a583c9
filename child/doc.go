// Package child starts the command as a new process and sees it end: it spawns
// through the stage, reaps, decodes wait statuses and looks after the terminal.
// It never decides anything.
//
// The stage is what happens in the new process between fork and exec: there the
// resource limits, the signal state, the parent-death signal and the like are
// set, because only the process itself can set them. relance does not start a
// second copy of itself for that. The stage is a list of system calls, written
// out beforehand ([Settings], program) and performed by a page of assembly in a
// process made as by vfork(2); the same list can be performed in place
// ([Settings.Exec]), which is "relance exec".
//
// All functions that make or reap processes are called by one goroutine that is
// locked to one thread for the whole life of the program: the parent-death
// signal (prctl(2), PR_SET_PDEATHSIG) is sent when the *thread* that made the
// child ends, and a pid is only safe to signal as long as nobody else reaps.
package child
