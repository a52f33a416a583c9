package restart

import "time"

// Reason says why a generation ended. The list is closed (design: the same
// words in logs, status, hooks and the next generation's environment).
type Reason string

const (
	// Exit: the command ended by itself; its status says how.
	Exit Reason = "exit"
	// Signal: a signal that nobody here sent ended it.
	Signaled Reason = "signal"
	// StartFailed: it could not be started.
	StartFailed Reason = "start-failed"
	// MemoryHigh: the budget --memory-high was spent.
	MemoryHigh Reason = "memory-high"
	// Age: it had been up for as long as it may (--every).
	Age Reason = "age"
	// Schedule: a planned time had come (--at, --cron).
	Schedule Reason = "schedule"
	// OpenFiles: a process of the tree had too many descriptors or sockets open
	// (--max-open-files, --max-sockets).
	OpenFiles Reason = "open-files"
	// Tasks: the tree had too many processes and threads (--max-tasks).
	Tasks Reason = "tasks"
	// CPUTime: the tree had used its CPU time (--cpu-time), or burnt so much of it
	// for so long that it is taken for hung (--cpu-share).
	CPUTime Reason = "cpu-time"
	// Requests: it had served as many requests as it may (--max-requests).
	Requests Reason = "requests"
	// Watchdog: nothing was heard of it for too long (--output-silence).
	Watchdog Reason = "watchdog"
	// Changed: a file that is watched has another content (--watch).
	Changed Reason = "changed"
	// OOMKilled: the kernel killed a process of the tree for want of memory.
	OOMKilled Reason = "oom-kill"
	// MemoryMax: it died at a memory limit that the kernel enforces by refusing
	// memory (RLIMIT_AS, RLIMIT_DATA).
	MemoryMax Reason = "memory-max"
	// CPULimit: RLIMIT_CPU ended it.
	CPULimit Reason = "cpu-limit"
	// FileSizeLimit: RLIMIT_FSIZE ended it.
	FileSizeLimit Reason = "file-size-limit"
	// Asked: somebody asked for the end, or for the next generation.
	Asked Reason = "asked"
)

// EveryReason lists all there are.
func EveryReason() []Reason {
	return []Reason{
		Exit, Signaled, StartFailed, MemoryHigh, Age, Schedule, OpenFiles, Tasks, CPUTime, Requests, Watchdog, Changed, OOMKilled,
		MemoryMax, CPULimit, FileSizeLimit, Asked,
	}
}

// kind is what a reason means for what comes next.
type kind uint8

const (
	byItself kind = iota // the command ended well, unasked
	crash                // it ended badly, unasked
	budget               // relance ended it: a budget was spent
	limit                // the kernel ended it: a limit was reached
	order                // somebody asked
)

// kind sorts the ends of a generation; ok says whether the command itself
// reported success.
func (r Reason) kind(ok bool) kind {
	switch r {
	case MemoryHigh, Age, Schedule, OpenFiles, Tasks, CPUTime, Requests, Watchdog, Changed:
		return budget
	case OOMKilled, MemoryMax, CPULimit, FileSizeLimit:
		return limit
	case Asked:
		return order
	case Exit:
		if ok {
			return byItself
		}
	}
	return crash
}

// planned reports whether the clock alone was the reason.
func (r Reason) planned() bool { return r == Age || r == Schedule }

// fromOutside reports whether the reason has nothing to do with what the command
// did: then how soon after the start it came says nothing about the command.
// A command that writes into what is watched recycles itself, so a changed file is
// no such reason.
func (r Reason) fromOutside() bool { return r.planned() || r == Asked || r == Requests }

// IsRecycle reports whether an end for this reason is a planned stop or a limit
// reached: what is never counted as a crash.
func (r Reason) IsRecycle() bool {
	k := r.kind(false)
	return k == budget || k == limit
}

// The numbers of the signals that mean something here (signal(7)); they are the
// same on every architecture that Linux and Go share, but for mips.
const (
	sigKill Sig = 9
	sigCont Sig = 18
	sigXCPU Sig = 24
	sigXFSZ Sig = 25
)

// cause names why a generation that nobody here stopped has ended. The order is
// fixed: what the kernel enforced comes before what the command seems to have
// done. A signal counts as a limit only where that limit is set and the figures
// agree: anybody may send SIGXCPU. kills is how many of the OOM kills counted
// were not its end, because it lived on.
func cause(p *Policy, e Exited, seen Usage, kills int64) Reason {
	switch {
	case e.Counters.OOMKill > kills && (e.died(sigKill) || p.OOM != OOMContinue && !e.ok()):
		// Either the victim, or a program that could not live without the victim.
		return OOMKilled
	case e.died(sigXCPU) && e.reached(p.CPUSoft):
		return CPULimit
	case e.died(sigKill) && e.reached(p.CPUHard):
		// "When the process reaches the hard limit, it is sent SIGKILL."
		// (setrlimit(2))
		return CPULimit
	case e.died(sigXFSZ) && p.FileSize:
		return FileSizeLimit
	case !e.ok() && p.atAddressLimit(e, seen):
		return MemoryMax
	case e.Signal != 0:
		return Signaled
	}
	return Exit
}

// died reports whether sig ended the child, or a process whose end a shell in
// between has passed on as 128+n.
func (e Exited) died(sig Sig) bool { return e.Status() == 128+int(sig) }

// OfCPULimit returns the CPU time to compare with RLIMIT_CPU, and whether it is what
// the kernel itself has compared: the child's own time, where a signal has ended the
// child. Of a descendant whose end a shell has passed on nothing is left but its
// share in the time of all that the child has waited for.
func (e Exited) OfCPULimit() (used time.Duration, exact bool) {
	if e.Signal != 0 && e.Charged > 0 {
		return e.Charged, true
	}
	return e.CPU, false
}

// reached reports whether the CPU time used has come to a limit that is set. The
// kernel counts ticks of up to 10 ms, each charged whole to whoever runs when it
// comes, and sends nothing before they make up the limit; so by its own count there
// is nothing to allow for. What wait4(2) tells is measured instead, and may be less
// by any amount: beside tasks that run between two ticks little more than half of it
// was seen. What is allowed for then is what a quiet machine shows, not more, since a
// KILL that somebody has sent must not be taken for a limit.
func (e Exited) reached(limit time.Duration) bool {
	const sampling = 200 * time.Millisecond
	used, exact := e.OfCPULimit()
	if !exact {
		used += limit/20 + sampling
	}
	return limit > 0 && used >= limit
}

// atAddressLimit reports whether the dead child stood at its RLIMIT_AS or
// RLIMIT_DATA: those send no signal, they refuse memory, and what a program then
// does is its own affair. Only the last looks and the peak in rusage can tell.
// Nine tenths is near enough: an allocation is refused when it does not fit any
// more, so a program dies somewhat below its limit.
func (p *Policy) atAddressLimit(e Exited, seen Usage) bool {
	near := func(used, limit int64) bool { return limit > 0 && used >= limit-limit/10 }
	return near(max(seen.VMSize, e.MaxRSS), p.AddressLimit) || near(max(seen.VMData, e.MaxRSS), p.DataLimit)
}
