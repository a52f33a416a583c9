package report

import (
	"fmt"
	"strings"
	"time"

	"relance/limits"
	"relance/restart"
)

// helped says what came of a recycle, or that a command that failed is healthy again.
func helped(r restart.Report) string {
	var b strings.Builder
	switch {
	case r.Failures > 0:
		fmt.Fprintf(&b, "recovered: up for %s, after %s (%s) in %s", limits.FormatDuration(r.Uptime),
			count(r.Failures, "failure", "failures in a row"), r.Reason, limits.FormatDuration(r.Took))
	default:
		fmt.Fprintf(&b, "recovered: %s helped", r.Reason)
		if r.Took > 0 {
			fmt.Fprintf(&b, ", ready %s after the verdict", limits.FormatDuration(r.Took))
		}
	}
	if r.Usage.Memory > 0 {
		fmt.Fprintf(&b, "; %s of %s", limits.FormatSize(r.Usage.Memory), limits.FormatSize(r.Budget))
		if r.MemoryBefore > 0 {
			fmt.Fprintf(&b, ", gen %d had %s", r.After, limits.FormatSize(r.MemoryBefore))
		}
	}
	if !r.Expected.IsZero() {
		fmt.Fprintf(&b, "; next recycle expected %s (%s)", moment(r.Expected.Truncate(time.Minute)), r.ExpectedFor)
	}
	return b.String()
}

// helped fills in what the generation before had, and what is expected of this one.
func (rec *Event) helped(r restart.Report) {
	if r.Slope != 0 {
		rec.Slope = &r.Slope
	}
	if r.Kind != restart.Recovered {
		return
	}
	rec.Previous, rec.Before, rec.Took = r.After, r.MemoryBefore, seconds(r.Took)
	rec.Forecast, rec.ForecastFor = r.Expected, string(r.ExpectedFor)
}
