package cli

import (
	"errors"
	"fmt"
	"time"

	"relance/limits"
	"relance/restart"
	"relance/schedule"
)

// minEvery is the shortest age: what is recycled more often does nothing else.
const minEvery = time.Second

// planned reports whether any flag recycles by the clock.
func (f *runFlags) planned() bool { return f.Every != "" || len(f.At) > 0 || len(f.Cron) > 0 }

// clock sets when recycles are planned, and when what is spent may be. It comes
// after what it is compared with: the budgets and the grace.
func (run *Run) clock(f *runFlags) error {
	plan := schedule.Plan{Seed: run.Policy.Seed}
	if err := run.zone(f); err != nil {
		return err
	}
	for _, step := range []func(*schedule.Plan, *runFlags) error{run.every, run.times, run.window, run.jitter, run.idleWait} {
		if err := step(&plan, f); err != nil {
			return err
		}
	}
	if plan.Clocked() || f.Window != "" {
		run.Policy.Plan = &plan
	}
	return nil
}

func (run *Run) zone(f *runFlags) error {
	if f.Timezone == "" {
		return nil
	}
	zone, err := schedule.ParseZone(f.Timezone)
	if err == nil && !f.planned() && f.Window == "" {
		err = errors.New("nothing is planned here; give --every, --at, --cron or --window too, or leave it out")
	}
	if err != nil {
		return flagError("timezone", f.Timezone, err)
	}
	run.Zone = zone
	return nil
}

func (run *Run) every(plan *schedule.Plan, f *runFlags) error {
	if f.Every == "" {
		return nil
	}
	d, err := limits.ParseDuration(f.Every)
	if err == nil && d < minEvery {
		err = fmt.Errorf("too often, use at least %s", limits.FormatDuration(minEvery))
	}
	if err != nil {
		return flagError("every", f.Every, err)
	}
	plan.Every = d
	return nil
}

func (run *Run) times(plan *schedule.Plan, f *runFlags) error {
	for _, word := range f.At {
		times, err := schedule.ParseTimes(word, run.Zone)
		if err != nil {
			return flagError("at", word, err)
		}
		plan.At = append(plan.At, times)
	}
	for _, word := range f.Cron {
		cron, err := schedule.ParseCron(word, run.Zone)
		if err != nil {
			return flagError("cron", word, err)
		}
		plan.Cron = append(plan.Cron, cron)
	}
	return nil
}

// window sets the windows. A grace without end fits into any: relance then does
// nothing when the window is over that it has not done before.
func (run *Run) window(plan *schedule.Plan, f *runFlags) error {
	if f.Window == "" {
		return nil
	}
	windows, err := schedule.ParseWindows(f.Window, run.Zone)
	grace, shortest := run.Policy.Grace, windows.Shortest()
	switch {
	case err != nil:
	case !f.planned() && f.MemoryHigh == "" && f.MemoryPressure == "" && !f.counted() && f.CPUTime == "" && f.MaxRequests == "" && len(f.Watch) == 0:
		err = errors.New("nothing waits for it here; give --every, --at, --cron or a budget such as --memory-high too, or leave it out")
	case grace > shortest && grace != restart.Forever:
		err = fmt.Errorf("lasts %s, but stopping may take %s (--stop-timeout); use a longer window or a shorter timeout",
			limits.FormatDuration(shortest), limits.FormatDuration(grace))
	}
	if err != nil {
		return flagError("window", f.Window, err)
	}
	plan.Windows = windows
	return nil
}

func (run *Run) jitter(plan *schedule.Plan, f *runFlags) error {
	if f.Jitter == "" {
		return nil
	}
	jitter, err := schedule.ParseJitter(f.Jitter)
	if err == nil && !f.planned() && f.Window == "" {
		err = errors.New("nothing is planned here; give --every, --at, --cron or --window too, or leave it out")
	}
	if err != nil {
		return flagError("jitter", f.Jitter, err)
	}
	plan.Jitter = jitter
	return nil
}

// idleWait sets how long what is planned waits for a quiet moment: within the
// window, where there is one.
func (run *Run) idleWait(plan *schedule.Plan, f *runFlags) error {
	if f.IdleWait == "" {
		return nil
	}
	d, err := limits.ParseDuration(f.IdleWait)
	shortest := plan.Windows.Shortest()
	switch {
	case err != nil:
	case !f.planned() && f.Window == "":
		err = errors.New("nothing is planned here; give --every, --at, --cron or --window too, or leave it out")
	case f.Window != "" && d > shortest:
		err = fmt.Errorf("longer than --window %s, which lasts %s; use a shorter time", f.Window, limits.FormatDuration(shortest))
	}
	if err != nil {
		return flagError("idle-wait", f.IdleWait, err)
	}
	run.Policy.IdleWait = d
	return nil
}
