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

	"golang.org/x/sys/unix"

	"relance/limits"
	"relance/restart"
	"relance/signals"
)

// Text is the line for r, without the program's name and without a line feed.
func Text(r restart.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "gen %d: ", r.Gen)
	switch r.Kind {
	case restart.Up:
		fmt.Fprintf(&b, "up, pid %d, %s after gen %d ended", r.PID, limits.FormatDuration(r.In), r.After)
	case restart.Stopping:
		fmt.Fprintf(&b, "%s; stopping (%s)", because(r), stopping(r))
	case restart.LeftBehind:
		fmt.Fprintf(&b, "%s, and left %s behind; stopping (%s)", because(r), processes(r.Left), stopping(r))
	case restart.Killing:
		fmt.Fprintf(&b, "%s: not gone in time; KILL to the whole tree", r.Reason)
	case restart.Unkillable:
		fmt.Fprintf(&b, "%s: still there after several KILL; waiting for it (state D, or not ours to kill?)", r.Reason)
	case restart.Ended:
		fmt.Fprintf(&b, "%s; relaunching", because(r))
	case restart.Backoff:
		fmt.Fprintf(&b, "%s; next try in %s%s", because(r), limits.FormatDuration(r.In), inARow(r.Failures))
	case restart.NoHelp:
		fmt.Fprintf(&b, "%s: so soon that relaunching does not help; next try in %s%s",
			because(r), limits.FormatDuration(r.In), inARow(r.Failures))
	case restart.GaveUp:
		fmt.Fprintf(&b, "%s; giving up after %d crashes (--give-up)", because(r), r.Failures)
	case restart.BudgetEnd:
		fmt.Fprintf(&b, "%s: ended, and not launched again (--restart never)", r.Reason)
	case restart.StartFailure:
		b.WriteString(r.Err)
	case restart.Blind:
		fmt.Fprintf(&b, "cannot see how much memory it uses: %s; the budget is not watched until that changes", r.Err)
	}
	return OneLine(b.String())
}

// OneLine puts a message of several lines, such as one of errors.Join, into one.
func OneLine(msg string) string { return strings.Join(strings.Split(msg, "\n"), "; ") }

// Lost is the line that stands for n others.
func Lost(n int64) string {
	if n == 1 {
		return "1 line is missing here: nobody read fast enough"
	}
	return fmt.Sprintf("%d lines are missing here: nobody read fast enough", n)
}

// because says why, with the figures.
func because(r restart.Report) string {
	why := string(r.Reason)
	switch r.Reason {
	case restart.MemoryHigh:
		why += fmt.Sprintf(": %s of %s", limits.FormatSize(r.Usage.Memory), limits.FormatSize(r.Budget))
	case restart.MemoryMax:
		why += fmt.Sprintf(": %s, near its RLIMIT_AS or RLIMIT_DATA (largest process: %s of address space, %s of data)",
			ending(r.Exit), limits.FormatSize(r.Usage.VMSize), limits.FormatSize(r.Usage.VMData))
	case restart.CPULimit:
		why += fmt.Sprintf(": %s with %s of CPU time", ending(r.Exit), limits.FormatDuration(r.Exit.CPU))
	case restart.StartFailed:
		return why + ": " + r.Err
	case restart.Exit, restart.Signaled, restart.FileSizeLimit:
		why += ": " + ending(r.Exit)
	case restart.Asked:
	}
	why += " after " + limits.FormatDuration(r.Uptime)
	if r.Reason == restart.MemoryHigh && r.Exit == nil {
		why += ", " + processes(r.Usage.Processes)
	}
	return why
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
	if r.In == restart.Forever {
		return signalName(r.Sig) + ", no KILL"
	}
	return fmt.Sprintf("%s, KILL in %s", signalName(r.Sig), limits.FormatDuration(r.In))
}

func signalName(s restart.Sig) string { return signals.Name(unix.Signal(s)) }

func processes(n int) string {
	if n == 1 {
		return "1 process"
	}
	return fmt.Sprintf("%d processes", n)
}

func inARow(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" (%d in a row)", n)
}
