package report

import (
	"fmt"
	"strconv"
	"time"

	"relance/limits"
	"relance/restart"
)

// spentFigures says how a budget other than that on memory was spent.
func spentFigures(r restart.Report) string {
	u := r.Usage
	switch r.Spent {
	case restart.BudgetFiles:
		return pieces(r, u.Files, "open files", u.FilesWho)
	case restart.BudgetSockets:
		return pieces(r, u.Sockets, "sockets", u.SocketsWho)
	case restart.BudgetTasks:
		return pieces(r, u.Tasks, "processes and threads", "")
	case restart.BudgetCPU:
		return fmt.Sprintf("%s of %s of CPU time", limits.FormatDuration(u.CPU), limits.FormatDuration(time.Duration(r.Budget)))
	case restart.BudgetShare:
		return fmt.Sprintf("%.0f%% of a CPU for %s, taken for hung,", r.Share*100, limits.FormatDuration(r.For))
	case restart.BudgetRequests:
		return fmt.Sprintf("%d of %d served", r.Requests, r.Budget)
	case restart.BudgetSilence:
		return fmt.Sprintf("nothing written for %s, taken for hung,", limits.FormatDuration(r.For))
	}
	return "spent"
}

// pieces is "1000 of 1000 open files in python3, pid 123, for 1m".
func pieces(r restart.Report, used int64, what, who string) string {
	s := fmt.Sprintf("%d of %d %s", used, r.Budget, what)
	if who != "" {
		s += " in " + who + ","
	}
	if r.For > 0 {
		s += " for " + limits.FormatDuration(r.For)
	}
	return s
}

// changed names what has. Who may make a file chooses its name: what would move the
// cursor of who reads it, or begin a line, is quoted.
func changed(r restart.Report) string {
	path := strconv.Quote(r.Path)
	if path[1:len(path)-1] == r.Path {
		path = r.Path
	}
	if r.More == 0 {
		return path
	}
	return fmt.Sprintf("%s and %s", path, count(r.More, "other", "others"))
}

// afterWaiting says that a quiet moment was waited for.
func afterWaiting(r restart.Report) string {
	switch {
	case r.Quiet:
		return ", quiet after " + limits.FormatDuration(r.Waited)
	case r.Waited > 0:
		return ", not quiet within " + limits.FormatDuration(r.Waited)
	}
	return ""
}

// drains says for what is waited, and how long.
func drains(r restart.Report) string {
	s := "; waits for " + count(int(r.InFlight), "request", "requests") + " in flight"
	if r.In == restart.Forever {
		return s
	}
	return s + ", " + limits.FormatDuration(r.In) + " at most"
}

// inFlight says what is cut off.
func inFlight(r restart.Report) string {
	if r.InFlight <= 0 {
		return ""
	}
	return ", " + count(int(r.InFlight), "request", "requests") + " still in flight"
}

// only says how often nothing but a line came of a verdict.
func only(r restart.Report) string {
	if r.Observed > 1 {
		return fmt.Sprintf("only observed (--observe), verdict number %d", r.Observed)
	}
	return "only observed (--observe)"
}
