package report

import (
	"fmt"

	"relance/limits"
	"relance/restart"
)

// What is said where several generations live at once: of workers, and of one that
// takes the place of another.

func shared(r restart.Report) string {
	switch r.Kind {
	case restart.Queued:
		return because(r) + "; recycled when others have been (--max-unavailable)"
	case restart.HandingOver:
		return because(r) + inFlight(r) + "; works on until the next one is ready (--handover)"
	case restart.HandoverFailed:
		return fmt.Sprintf("%s; not ready, so it does not take over; next try in %s%s%s",
			because(r), limits.FormatDuration(r.In), inARow(r.Failures), worksOn(r))
	}
	return "not launched again; " + count(r.Workers, "other worker goes", "other workers go") + " on"
}

// worksOn says that nobody has to do without the command meanwhile.
func worksOn(r restart.Report) string {
	if !r.Handover {
		return ""
	}
	return "; the old one works on"
}

// startFailed says why a generation could not be started, or is not ready.
func startFailed(r restart.Report) string {
	if r.Err != "" {
		return r.Err
	}
	s := "not ready"
	if r.For > 0 && r.For != restart.Forever {
		s += " within " + limits.FormatDuration(r.For) + " (--start-timeout)"
	}
	if r.Unready != "" {
		s += ": " + r.Unready
	}
	return s
}
