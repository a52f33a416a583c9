package report

import (
	"testing"
	"time"

	"relance/restart"
)

var recycled = restart.Report{
	Kind: restart.Recovered, Gen: 4, Reason: restart.MemoryHigh, After: 3, Uptime: time.Second, Took: 240 * time.Millisecond,
	Usage: restart.Usage{Memory: 96 * mib, Processes: 3}, Budget: 800 * mib, MemoryBefore: 812 * mib, Slope: 24 * mib,
	Expected: night.Add(59 * time.Second), ExpectedFor: restart.MemoryHigh,
}

var healthy = restart.Report{
	Kind: restart.Recovered, Gen: 9, Reason: restart.Exit, After: 8, Uptime: 30 * time.Second, Took: 72 * time.Second, Failures: 5,
}

var helpedLines = []reportLine{
	{"a recycle helped", recycled, `gen 4: recovered: memory-high helped, ready 240 ms after the verdict; 96 MiB of 800 MiB, gen 3 had 812 MiB; next recycle expected 2026-03-30 02:30 CEST (memory-high)`},
	{"the same, handed over, and nothing is known of the one before", restart.Report{
		Kind: restart.Recovered, Gen: 4, Reason: restart.Age, After: 3, Usage: recycled.Usage, Budget: 800 * mib,
	}, `gen 4: recovered: age helped; 96 MiB of 800 MiB`},
	{"healthy again", healthy, `gen 9: recovered: up for 30 s, after 5 failures in a row (exit) in 1m12s`},
	{"healthy at the second try", restart.Report{
		Kind: restart.Recovered, Gen: 2, Reason: restart.Signaled, After: 1, Uptime: 30 * time.Second, Took: time.Second, Failures: 1,
	}, `gen 2: recovered: up for 30 s, after 1 failure (signal) in 1 s`},
}

// TestRecovered: who reads the log at night is told when the trouble is over, and not
// of each recycle that worked.
func TestRecovered(t *testing.T) {
	if e := EventOf(recycled, "", noon); !e.Silent() {
		t.Error("a recycle that helped is told")
	} else if m := decode(t, e.JSON()); m["memory_before_bytes"] != 812.0*mib || m["memory_slope_bytes_per_hour"] != 24.0*mib ||
		m["previous_generation"] != 3.0 || m["forecast"] != "2026-03-30T02:30:59+02:00" || m["forecast_reason"] != "memory-high" ||
		m["memory_bytes"] != 96.0*mib || m["memory_budget_bytes"] != 800.0*mib || m["took_seconds"] != 0.24 || m["level"] != "info" {
		t.Errorf("%v", m)
	}
	if e := EventOf(healthy, "", noon); e.Silent() {
		t.Error("nobody is told that it is healthy again")
	} else if m := decode(t, e.JSON()); m["failures"] != 5.0 || m["memory_bytes"] != nil || m["forecast"] != nil {
		t.Errorf("%v", m)
	}
}
