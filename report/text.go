// Package report says what happens, to people in lines and to machines in JSON,
// and writes it without ever making anybody wait.
//
// A line is read at night by someone who was woken by it: it begins with the
// generation and the reason, has the figures and what they are compared with,
// and ends in what happens next.
package report

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"relance/limits"
	"relance/restart"
	"relance/signals"
)

// Text is the line for r, without the program's name and without a line feed.
func Text(r restart.Report) string {
	var b strings.Builder
	if r.Worker > 0 {
		fmt.Fprintf(&b, "worker %d, ", r.Worker)
	}
	fmt.Fprintf(&b, "gen %d: ", r.Gen)
	switch r.Kind {
	case restart.Queued, restart.HandingOver, restart.HandoverFailed, restart.Reduced, restart.Gated, restart.GateFailed, restart.GateLost:
		b.WriteString(shared(r))
	case restart.Begun, restart.Up, restart.Left, restart.Recovered:
		b.WriteString(passage(r))
	case restart.Planned:
		b.WriteString("next recycle by the clock " + moment(r.Planned))
	case restart.Deferred:
		fmt.Fprintf(&b, "%s; waits for the window until %s", because(r), moment(r.Planned))
	case restart.Observed:
		fmt.Fprintf(&b, "%s; %s", because(r), only(r))
	case restart.DrainBegun:
		b.WriteString(because(r) + drains(r))
	case restart.Stopping:
		word := "stopping"
		if r.Reason == restart.OOMKilled {
			word = "the rest is shut down"
		}
		fmt.Fprintf(&b, "%s%s%s; %s (%s)", because(r), afterWaiting(r), inFlight(r), word, stopping(r))
	case restart.LeftBehind:
		fmt.Fprintf(&b, "%s, and left %s behind; stopping (%s)", because(r), processes(r.Left), stopping(r))
	case restart.Killing:
		fmt.Fprintf(&b, "%s: not all gone; KILL to the whole tree", r.Reason)
	case restart.Unkillable:
		fmt.Fprintf(&b, "%s: still not all gone after several rounds of KILL (state D, or not ours to kill?); nothing new starts before",
			r.Reason)
	case restart.Ended:
		fmt.Fprintf(&b, "%s; relaunching", because(r))
	case restart.Backoff:
		fmt.Fprintf(&b, "%s; next try in %s%s", because(r), limits.FormatDuration(r.In), inARow(r.Failures))
	case restart.NoHelp:
		fmt.Fprintf(&b, "%s, sooner than --min-uptime: relaunching does not help; next try in %s%s%s",
			because(r), limits.FormatDuration(r.In), inARow(r.Failures), worksOn(r))
	case restart.GaveUp:
		fmt.Fprintf(&b, "%s; giving up after %s (--give-up)%s", because(r), count(r.Failures, "failure", "failures"), lastOne(r))
	case restart.BudgetEnd:
		fmt.Fprintf(&b, "%s: ended, and not launched again (--restart never); exit status %d", r.Reason, restart.BudgetStatus)
	case restart.StartFailure:
		b.WriteString(r.Err)
	case restart.OOM:
		b.WriteString(because(r) + afterKill(r))
	case restart.PIDsMax:
		b.WriteString(refusedFork(r))
	case restart.Escaped:
		b.WriteString("the command has left its group, so its limits do not reach it any more")
		if r.Budget > 0 {
			b.WriteString("; its memory is looked at in /proc")
		}
	case restart.Blind:
		fmt.Fprintf(&b, "cannot see all that it uses: %s; what is not seen is not watched", r.Err)
	}
	return OneLine(b.String())
}

// OneLine puts a message of several lines, such as one of errors.Join, into one.
func OneLine(msg string) string { return strings.Join(strings.Split(msg, "\n"), "; ") }

// Lost is the line that stands for n others, which are lost for why; nil: nobody read
// fast enough.
func Lost(n int64, why error) string {
	s := count(int(n), "line is", "lines are") + " missing here: "
	if why != nil {
		return s + why.Error()
	}
	return s + "nobody read fast enough"
}

// passage says that a generation has come or gone.
func passage(r restart.Report) string {
	switch r.Kind {
	case restart.Begun:
		return fmt.Sprintf("started, pid %d", r.PID)
	case restart.Up:
		return up(r)
	case restart.Recovered:
		return helped(r)
	}
	return left(r)
}

// left says of a generation of which nothing is left how it ended.
func left(r restart.Report) string {
	if r.Took == 0 {
		return because(r)
	}
	return fmt.Sprintf("%s; gone %s later, %s", because(r), limits.FormatDuration(r.Took), ending(r.Exit))
}

// up says what a generation that is up is, and until when.
func up(r restart.Report) string {
	s := fmt.Sprintf("up, pid %d", r.PID)
	switch {
	case r.Handover:
		s += fmt.Sprintf(", in place of gen %d", r.After)
	case r.After > 0:
		s += fmt.Sprintf(", %s after gen %d ended", limits.FormatDuration(r.In), r.After)
	}
	if !r.Planned.IsZero() {
		s += "; next recycle by the clock " + moment(r.Planned)
	}
	return s
}

func refusedFork(r restart.Report) string {
	s := "pids.max"
	if r.PIDsMax > 0 {
		s += fmt.Sprintf(" of %d", r.PIDsMax)
	}
	return s + fmt.Sprintf(" reached after %s: a fork was refused", limits.FormatDuration(r.Uptime))
}

// because says why, with the figures.
func because(r restart.Report) string {
	why := string(r.Reason)
	switch r.Reason {
	case restart.MemoryHigh:
		why += ": " + spent(r)
	case restart.Age, restart.Schedule:
		why += ": due " + moment(r.Planned) + ","
	case restart.OpenFiles, restart.Tasks, restart.CPUTime, restart.Watchdog, restart.Requests:
		why += ": " + spentFigures(r)
	case restart.Changed:
		why += ": " + changed(r) + ","
	case restart.OOMKilled:
		why += ": " + killed(r)
	case restart.CPULimit:
		used, _ := r.Exit.OfCPULimit()
		why += fmt.Sprintf(": %s with %s of CPU time", ending(r.Exit), limits.FormatDuration(used))
	case restart.StartFailed:
		return why + ": " + startFailed(r)
	case restart.Exit, restart.Signaled, restart.FileSizeLimit, restart.MemoryMax:
		why += ": " + ending(r.Exit)
	case restart.Asked:
		if r.Again {
			why += " to start anew"
		} else {
			why += " to end"
		}
		if r.By != "" {
			why += " by " + r.By
		}
	}
	why += " after " + limits.FormatDuration(r.Uptime)
	switch {
	case r.Reason == restart.MemoryHigh && r.Exit == nil && r.Usage.Processes > 0:
		why += ", " + processes(r.Usage.Processes)
	case r.Reason == restart.MemoryMax:
		why += fmt.Sprintf(", near its RLIMIT_AS or RLIMIT_DATA (largest process: %s of address space, %s of data)",
			limits.FormatSize(r.Usage.VMSize), limits.FormatSize(r.Usage.VMData))
	}
	if r.Lost > 0 {
		why += ", " + count(r.Lost, "request", "requests") + " lost"
	}
	return why
}

// moment is a time for people, in the zone that it has.
func moment(t time.Time) string {
	if t.Second() == 0 {
		return t.Format("2006-01-02 15:04 MST")
	}
	return t.Format("2006-01-02 15:04:05 MST")
}

// ending says how a child ended.
func ending(e *restart.Exited) string {
	switch {
	case e == nil:
		return "still running"
	case e.Core:
		return signalName(e.Signal) + " (core dumped)"
	case e.Signal != 0:
		return signalName(e.Signal)
	}
	return fmt.Sprintf("status %d", e.Code)
}

// stopping says what is sent, and when it becomes KILL.
func stopping(r restart.Report) string {
	first := ""
	if r.Closing > 0 {
		first = "end of its stdin, in " + limits.FormatDuration(r.Closing) + " "
	}
	return first + signalled(r)
}

// signalled is the same for the stop signal.
func signalled(r restart.Report) string {
	switch r.In {
	case restart.Forever:
		return signalName(r.Sig) + ", no KILL"
	case 0:
		return signalName(r.Sig) + ", KILL at once"
	}
	return fmt.Sprintf("%s, KILL in %s", signalName(r.Sig), limits.FormatDuration(r.In))
}

func signalName(s restart.Sig) string { return signals.Name(unix.Signal(s)) }

func processes(n int) string { return count(n, "process", "processes") }

func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

func inARow(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" (%d in a row)", n)
}
