package cli

import (
	"fmt"
	"time"

	"relance/limits"
)

// minSilence is the shortest silence: a program that lives pauses for longer than
// less.
const minSilence = time.Second

// output sets how long nothing may be written.
func (run *Run) output(f *runFlags) error {
	if f.OutputSilence == "" {
		return nil
	}
	d, err := limits.ParseDuration(f.OutputSilence)
	if err == nil && d < minSilence {
		err = fmt.Errorf("too short, use at least %s", limits.FormatDuration(minSilence))
	}
	if err != nil {
		return flagError("output-silence", f.OutputSilence, err)
	}
	run.Policy.Silence, run.silenceAsked = d, f.OutputSilence
	return nil
}

// Uncarried is the error for output that cannot be carried, although that was
// asked for; err says why.
func (run *Run) Uncarried(err error) error {
	return flagError("output-silence", run.silenceAsked, err)
}
