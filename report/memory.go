package report

import (
	"fmt"

	"relance/limits"
	"relance/restart"
)

// spent says how the memory budget was spent.
func spent(r restart.Report) string {
	held := ""
	if r.Pressure == "" || r.Usage.Memory > 0 {
		held = limits.FormatSize(r.Usage.Memory)
		if r.Budget > 0 {
			held += " of " + limits.FormatSize(r.Budget)
		}
	}
	if r.For > 0 {
		held += " for " + limits.FormatDuration(r.For)
	}
	switch {
	case r.Pressure != "" && held != "":
		return "tasks waited for memory: " + r.Pressure + ", " + held
	case r.Pressure != "":
		return "tasks waited for memory: " + r.Pressure
	case r.Stalled:
		return held + " and hardly anything but waiting for memory,"
	}
	return held
}

// killed says who was killed for want of memory, and at whose limit.
func killed(r restart.Report) string {
	n := r.Counters.OOMKill
	who, verb := r.Counters.Victim, "was"
	switch {
	case n > 1 && who == "":
		who, verb = fmt.Sprintf("%d processes of the tree", n), "were"
	case n > 1:
		who, verb = fmt.Sprintf("%s, and %d more", who, n-1), "were"
	case r.Own && who == "":
		who = "the command itself"
	case r.Own:
		who += " (the command itself)"
	case who == "":
		who = "a process of the tree"
	}
	if r.Own && n > 1 {
		who += " (the command itself among them)"
	}
	where := ""
	switch r.Counters.Scope() {
	case restart.ScopeOwn:
		where = "at the memory limit of its group"
		if r.MemoryMax > 0 {
			where = "at memory.max " + limits.FormatSize(r.MemoryMax)
		}
	case restart.ScopeTotal:
		where = "at --total-memory-max, the limit of all generations together"
	case restart.ScopeAbove:
		where = "at the limit of the group around relance"
	case restart.ScopeHost:
		where = "by the host, which was out of memory"
	}
	if r.Counters.Peak > 0 {
		where += ", peak " + limits.FormatSize(r.Counters.Peak)
	}
	return fmt.Sprintf("%s %s killed %s,", who, verb, where)
}

// afterKill says what an OOM kill that stops nothing leaves.
func afterKill(r restart.Report) string {
	switch {
	case r.Sig != 0:
		return ", while it was being stopped"
	case r.Exit != nil:
		return "; not launched again (--restart never)"
	}
	return "; the rest goes on (--oom-policy continue)"
}
