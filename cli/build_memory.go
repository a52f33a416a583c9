package cli

import (
	"errors"
	"fmt"

	"relance/limits"
	"relance/place"
	"relance/restart"
)

// watchesMemory reports whether any flag makes memory our affair.
func (f *runFlags) watchesMemory() bool {
	return f.MemoryHigh != "" || f.MemoryMax != "" || f.SwapMax != "" || f.MemoryPressure != "" || f.TotalMemoryMax != ""
}

// limitsGroup names a flag that cannot do without a group of the tree's own;
// empty: there is none.
func (f *runFlags) limitsGroup() string {
	for _, flag := range []struct{ name, value string }{
		{"memory-max", f.MemoryMax},
		{"swap-max", f.SwapMax},
		{"pids-max", f.PIDsMax},
		{"cpu-max", f.CPUMax},
		{"memory-pressure", f.MemoryPressure},
		{"total-memory-max", f.TotalMemoryMax},
	} {
		if flag.value != "" {
			return flag.name
		}
	}
	if f.OOMPolicy == "kill" {
		return "oom-policy kill"
	}
	return ""
}

// memory sets the memory budget and the memory limits.
func (run *Run) memory(f *runFlags) error {
	p := &run.Policy
	for _, m := range []struct {
		name, value, why string
		policy           *int64
		group            **int64
	}{
		{"memory-high", f.MemoryHigh, "a budget of nothing is spent at once", &p.MemoryHigh, &run.Group.MemoryHigh},
		{"memory-max", f.MemoryMax, "with no memory at all nothing can start", &p.MemoryMax, &run.Group.MemoryMax},
	} {
		if m.value == "" {
			continue
		}
		bytes, err := run.amount(m.name, m.value)
		if err == nil && bytes <= 0 {
			err = errors.New(m.why + ", use a size such as 512M")
		}
		if err != nil {
			return flagError(m.name, m.value, err)
		}
		*m.policy, *m.group = bytes, &bytes
	}
	if p.MemoryHigh > 0 && p.MemoryMax > 0 && p.MemoryHigh >= p.MemoryMax {
		return flagError("memory-high", f.MemoryHigh, fmt.Errorf(
			"not below --memory-max %s, which would be reached first; use a smaller budget", f.MemoryMax))
	}
	if f.MemoryFor != "" {
		d, err := limits.ParseDuration(f.MemoryFor)
		if err == nil && p.MemoryHigh == 0 {
			err = errors.New("how long what is exceeded? Give --memory-high too, or leave it out")
		}
		if err != nil {
			return flagError("memory-for", f.MemoryFor, err)
		}
		p.MemoryFor = d
	}
	return run.oomPolicy(f)
}

// totalMemory sets how much all generations together may use; empty: there is no limit.
// Each may have limits of its own.
func (run *Run) totalMemory(value string) error {
	if value == "" {
		return nil
	}
	bytes, err := run.amount("total-memory-max", value)
	switch p := &run.Policy; {
	case err != nil:
	case bytes <= 0:
		err = errors.New("with no memory at all nothing can start, use a size such as 2G")
	case bytes < p.MemoryMax:
		err = fmt.Errorf("below --memory-max %s, which one alone would never reach; use a larger size", limits.FormatSize(p.MemoryMax))
	case bytes <= p.MemoryHigh:
		err = fmt.Errorf("not above --memory-high %s, which one alone would never reach; use a larger size", limits.FormatSize(p.MemoryHigh))
	}
	if err != nil {
		return flagError("total-memory-max", value, err)
	}
	run.Total.MemoryMax = &bytes
	return nil
}

// amount reads a size, or a share of the memory that there is.
func (run *Run) amount(name, value string) (int64, error) {
	amount, err := limits.ParseAmount(value)
	if err != nil || !amount.IsPercent() {
		return amount.Of(0), err
	}
	total, source, err := limits.EffectiveMemory("")
	if err != nil {
		return 0, fmt.Errorf("%w; give a size instead, such as 512M", err)
	}
	bytes := amount.Of(total)
	run.Notes = append(run.Notes, fmt.Sprintf("%s %s: %s of %s (%s)",
		name, amount, limits.FormatSize(bytes), limits.FormatSize(total), source))
	return bytes, nil
}

func (run *Run) oomPolicy(f *runFlags) error {
	policies := map[string]restart.OOMPolicy{
		"": restart.OOMStop, "stop": restart.OOMStop, "kill": restart.OOMKill, "continue": restart.OOMContinue,
	}
	policy, ok := policies[f.OOMPolicy]
	var err error
	switch {
	case !ok:
		err = errors.New("no such policy, use stop, kill or continue")
	case f.OOMPolicy != "" && !f.watchesMemory():
		err = errors.New("nothing limits memory here; give --memory-max or --memory-high too, or leave it out")
	}
	if err != nil {
		return flagError("oom-policy", f.OOMPolicy, err)
	}
	run.Policy.OOM, run.Group.OOMGroup = policy, policy == restart.OOMKill
	return nil
}

// groupLimits sets what else the group is given, and its watch for pressure.
func (run *Run) groupLimits(f *runFlags) error {
	for _, limit := range []struct {
		name, value string
		set         func(string) error
	}{
		{"swap-max", f.SwapMax, run.swapMax},
		{"pids-max", f.PIDsMax, run.pidsMax},
		{"cpu-max", f.CPUMax, run.cpuMax},
		{"memory-pressure", f.MemoryPressure, run.pressure},
	} {
		if limit.value == "" {
			continue
		}
		if err := limit.set(limit.value); err != nil {
			return flagError(limit.name, limit.value, err)
		}
	}
	return nil
}

func (run *Run) swapMax(value string) error {
	if value == "infinity" || value == "max" {
		return nil // what a new group has
	}
	bytes, err := limits.ParseSize(value)
	if err != nil {
		return fmt.Errorf("%w, 0 for none, or infinity", err)
	}
	run.Group.SwapMax = &bytes
	return nil
}

func (run *Run) pidsMax(value string) error {
	n, err := parseCount(value, maxPIDs)
	if err != nil {
		return err
	}
	run.Policy.PIDsMax, run.Group.PIDsMax = n, &n
	return nil
}

func (run *Run) cpuMax(value string) error {
	share, err := parseCPUs(value)
	if err != nil {
		return err
	}
	run.Group.CPUMax = &share
	return nil
}

func (run *Run) pressure(value string) error {
	t, err := parsePressure(value)
	if err != nil {
		return err
	}
	run.Pressure, run.Policy.Pressure = &t, t.String()
	return nil
}

// source sets where memory is measured. What only a group of its own can do is
// not given up in silence where the user wants none.
func (run *Run) source(f *runFlags) error {
	if f.MemorySource == "" {
		return nil
	}
	run.Source = place.Source(f.MemorySource)
	var err error
	switch run.Source {
	case place.Auto, place.Cgroup:
	case place.Container, place.Proc:
		if flag := f.limitsGroup(); flag != "" {
			err = fmt.Errorf("--%s needs a group of its own, use cgroup or auto, or leave --%s out", flag, flag)
		}
	default:
		err = errors.New("no such source, use auto, cgroup, container or proc")
	}
	if err == nil && !f.watchesMemory() {
		err = errors.New("no memory is measured here; give --memory-high too, or leave it out")
	}
	if err != nil {
		return flagError("memory-source", f.MemorySource, err)
	}
	return nil
}
