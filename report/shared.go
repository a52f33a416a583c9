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
		return because(r) + "; " + turn(r)
	case restart.HandingOver:
		return because(r) + inFlight(r) + "; works on until the next one is ready (--handover)"
	case restart.HandoverFailed:
		s := because(r) + "; not ready, so it does not take over"
		switch {
		case r.In > 0:
			s += "; next try in " + limits.FormatDuration(r.In) + inARow(r.Failures)
		case r.Handover:
			s += "; next try at once"
		}
		return s + worksOn(r)
	case restart.Gated, restart.GateFailed, restart.GateLost:
		return gate(r)
	}
	s := "not launched again; " + count(r.Workers, "other worker goes", "other workers go") + " on"
	if r.Reason == restart.StartFailed {
		return s // why was said when it was given up
	}
	return because(r) + "; " + s
}

// lastOne says that nobody goes on, where there were several.
func lastOne(r restart.Report) string {
	if r.Worker == 0 || r.Workers > 0 {
		return ""
	}
	return "; no worker is left, so relance ends"
}

// turn says what a recycle waits for.
func turn(r restart.Report) string {
	switch {
	case r.Ahead == 0:
		return "recycled when the one before it has left"
	case r.Handover:
		return fmt.Sprintf("recycled when worker %d has handed over (--max-unavailable)", r.Ahead)
	case r.Failures > 0:
		return fmt.Sprintf("recycled when worker %d is back at work, which has ended %d times in a row (--max-unavailable)", r.Ahead, r.Failures)
	}
	return fmt.Sprintf("recycled when worker %d is back at work (--max-unavailable)", r.Ahead)
}

// gate says how it goes at the gate (--before-relaunch).
func gate(r restart.Report) string {
	switch r.Kind {
	case restart.Gated:
		s := because(r) + "; waits for --before-relaunch"
		if r.In != restart.Forever {
			s += ", " + limits.FormatDuration(r.In) + " at most"
		}
		return s
	case restart.GateLost:
		s := "--before-relaunch has ended"
		if r.Err != "" {
			s += " (" + r.Err + ")"
		}
		return s + " before it was told to; what it held is lost, and the recycle goes on"
	}
	s := string(r.Reason) + ": --before-relaunch: "
	if r.Err != "" {
		s += r.Err
	} else {
		s += "no answer within " + limits.FormatDuration(r.Waited) + " (--gate-timeout)"
	}
	if r.In == 0 {
		return s + "; the recycle goes ahead (--gate-policy)"
	}
	return s + "; next try in " + limits.FormatDuration(r.In) + inARow(r.Failures)
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
