package cli

import (
	"errors"
	"fmt"
	"time"

	"relance/limits"
)

// defaultDrain is how long what is in flight may take to end.
const defaultDrain = 30 * time.Second

// maxRequests bounds what can be counted.
const maxRequests = 1 << 53 // as JSON has it

// requests sets how many requests a generation may serve, and who tells.
func (run *Run) requests(f *runFlags) error {
	p := &run.Policy
	for _, c := range []struct {
		name, value string
		into        *int64
	}{
		{"max-requests", f.MaxRequests, &p.MaxRequests},
		{"max-requests-jitter", f.MaxRequestsJitter, &p.MaxRequestsJitter},
	} {
		if c.value == "" {
			continue
		}
		n, err := parseCount(c.value, maxRequests)
		if err == nil && p.MaxRequests == 0 && c.name != "max-requests" {
			err = errors.New("more than what? Give --max-requests too, or leave it out")
		}
		if err != nil {
			return flagError(c.name, c.value, err)
		}
		*c.into = n
	}
	switch f.Notify {
	case "":
		run.Listens = p.MaxRequests > 0 && run.CountLines == nil
	case "yes":
		run.Listens = true
	case "ready":
		run.Listens, p.NotifyReady = true, true
	default:
		return flagError("notify", f.Notify, errors.New("no such mode, use yes or ready"))
	}
	if run.CountLines != nil && p.MaxRequests == 0 {
		return flagError("count-lines", f.CountLines, errors.New("counted for what? Give --max-requests too, or leave it out"))
	}
	p.Drains = run.Listens
	return run.drain(f)
}

// drain sets how long what is in flight is waited for.
func (run *Run) drain(f *runFlags) error {
	p := &run.Policy
	if p.Drains {
		p.DrainTimeout = defaultDrain
	}
	if f.DrainTimeout == "" {
		return nil
	}
	d, err := limits.ParseTimeout(f.DrainTimeout)
	if err == nil && !p.Drains {
		err = fmt.Errorf("nobody tells what is in flight here; give --max-requests or --notify too, or leave it out")
	}
	if err != nil {
		return flagError("drain-timeout", f.DrainTimeout, err)
	}
	p.DrainTimeout = d
	return nil
}
