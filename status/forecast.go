package status

import (
	"time"

	"relance/restart"
)

const (
	// far is ten years: what is further away is no forecast.
	far = 10 * 365 * 24 * time.Hour
	// leastServed is how many requests make a rate.
	leastServed = 10
	// leastAge is how old a generation must be for its rates.
	leastAge = 2 * time.Second
)

// forecast says which budget is spent first, if all goes on as it does; nil: none, as
// far as it is known. Requests and CPU time go by their mean over the generation, which
// is what a day and a night come to.
func forecast(now time.Time, l *Live, slope *float64) *Forecast {
	var first *Forecast
	candidate := func(in time.Duration, reason restart.Reason) {
		if in = max(in, 0); in > far || first != nil && in.Seconds() >= first.In {
			return
		}
		first = &Forecast{Time: now.Add(in), In: in.Seconds(), Reason: string(reason)}
	}
	if !l.Planned.IsZero() {
		why := restart.Reason(l.PlannedFor)
		if why == "" {
			why = restart.Schedule
		}
		candidate(l.Planned.Sub(now), why)
	}
	left := func(used, budget, perSecond float64, reason restart.Reason) {
		if budget <= 0 || perSecond <= 0 {
			return
		}
		if seconds := (budget - used) / perSecond; seconds <= far.Seconds() {
			candidate(time.Duration(max(seconds, 0)*float64(time.Second)), reason)
		}
	}
	if slope != nil && l.Memory > 0 {
		left(float64(l.Memory), float64(l.MemoryBudget), *slope/time.Hour.Seconds(), restart.MemoryHigh)
	}
	age := now.Sub(l.Started)
	if l.Started.IsZero() || age < leastAge {
		return first
	}
	if l.Counts && l.Requests >= leastServed {
		left(float64(l.Requests), float64(l.MaxRequests), float64(l.Requests)/age.Seconds(), restart.Requests)
	}
	left(l.CPU.Seconds(), l.CPUBudget.Seconds(), l.CPU.Seconds()/age.Seconds(), restart.CPUTime)
	return first
}
