package cli

import (
	"testing"
	"time"

	"relance/schedule"
)

// planOf is the plan that flags make; nil: there is none.
func planOf(t *testing.T, words ...string) (*Run, *schedule.Plan) {
	t.Helper()
	todo, err := Parse(input(append(words, "prog")...))
	if err != nil {
		t.Fatalf("%q: %v", words, err)
	}
	run := todo.(*Run)
	plan, _ := run.Policy.Plan.(*schedule.Plan)
	return run, plan
}

// TestClockFlags: what each flag makes of the plan.
func TestClockFlags(t *testing.T) {
	// An interface that holds a nil plan would be asked.
	if run, _ := planOf(t, "--memory-high", "1G"); run.Policy.Plan != nil || run.Zone != time.Local {
		t.Errorf("a plan that nobody asked for: %+v", run)
	}
	for _, age := range []string{"--every", "--max-age"} {
		run, plan := planOf(t, age, "6h")
		if plan == nil || plan.Every != 6*time.Hour || plan.Seed != run.Policy.Seed || plan.Seed == 0 || !run.Supervising {
			t.Errorf("%s 6h: %+v", age, plan)
		}
		if _, plan = planOf(t, age+"=6h"); plan == nil || plan.Every != 6*time.Hour {
			t.Errorf("%s=6h: %+v", age, plan)
		}
	}
	run, plan := planOf(t, "--at", "02:30,14:00", "--at", "Sat 04:00", "--cron", "1,2 * * * *", "--timezone", "Europe/Berlin",
		"--jitter", "10%", "--window", "22:00-05:00")
	if len(plan.At) != 2 || len(plan.Cron) != 1 || plan.Jitter == (schedule.Jitter{}) || plan.Windows.Shortest() != 7*time.Hour {
		t.Errorf("%+v", plan)
	}
	if run.Zone.String() != "Europe/Berlin" {
		t.Errorf("zone %s", run.Zone)
	}
	// In June 20:00 UTC is 22:00 in Berlin.
	if noon := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC); plan.Windows.Open(noon.Add(8*time.Hour-1)) || !plan.Windows.Open(noon.Add(8*time.Hour)) {
		t.Errorf("%+v", plan.Windows)
	}
}

// TestWindowAlone: what may wait for a window, and what grace fits into one.
func TestWindowAlone(t *testing.T) {
	for _, words := range [][]string{
		{"--window", "22:00-05:00", "--memory-high", "1G"},
		{"--window", "22:00-05:00", "--memory-pressure", "full 200ms/2s", "--jitter", "10m", "--timezone", "UTC"},
		{"--window", "22:00-22:10", "--every", "1h", "--stop-timeout", "10m"},
		{"--window", "22:00-22:10", "--every", "1h", "--stop-timeout", "infinity"},
	} {
		if run, plan := planOf(t, words...); plan == nil || !run.Supervising {
			t.Errorf("%q: %+v", words, run)
		}
	}
}
