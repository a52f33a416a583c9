package schedule

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"relance/limits"
)

const jitterCure = "use a percentage such as 10%, or a duration such as 5m"

// Jitter is the longest time by which a planned recycle is put off, so that a
// fleet that was started together does not recycle together. It only ever delays:
// --every 6h --jitter 10% is an age from 6h to 6h36m, never less than was asked
// for. So do it systemd (RandomizedDelaySec=, RuntimeRandomizedExtraSec=), gunicorn
// (--max-requests-jitter) and circus (max_age_variance): from nothing to the whole,
// each time as likely.
//
// It is drawn anew for each generation, so no replica has always less time than
// another, as with a delay by worker (uWSGI) or by machine (FixedRandomDelay=).
// The delays add up, generation by generation: ages drift apart until the recycles
// of the fleet are spread over the whole time between two of one replica.
type Jitter struct {
	fixed time.Duration
	share float64 // of what is waited for
}

// ParseJitter reads a percentage from 0% to 100%, or a duration.
func ParseJitter(s string) (Jitter, error) {
	var j Jitter
	var err error
	text := strings.TrimSpace(s)
	if number, ok := strings.CutSuffix(text, "%"); ok {
		j.share, err = parseShare(strings.TrimSpace(number))
	} else if j.fixed, err = limits.ParseDuration(text); err != nil {
		err = fmt.Errorf("not a duration: %s", jitterCure)
	}
	if err != nil {
		return Jitter{}, fmt.Errorf("parse jitter %s: %v", limits.Quote(s), err)
	}
	return j, nil
}

func parseShare(s string) (float64, error) {
	whole, part, isFraction := strings.Cut(s, ".")
	if whole == "" || isFraction && part == "" || strings.Trim(whole+part, "0123456789") != "" {
		return 0, fmt.Errorf("not a percentage: %s", jitterCure)
	}
	percent, err := strconv.ParseFloat(s, 64)
	if err != nil || percent > 100 {
		return 0, fmt.Errorf("above 100%%: %s", jitterCure)
	}
	return percent / 100, nil
}

// most is the longest delay where a time as long as wait is waited for.
func (j Jitter) most(wait time.Duration) time.Duration {
	if j.share == 0 {
		return j.fixed
	}
	return part(wait, j.share)
}

// part is a share of d, never more than d.
func part(d time.Duration, share float64) time.Duration {
	if share >= 1 {
		return d
	}
	return time.Duration(float64(d) * share)
}

// draw returns the number, from 0 to less than 1, that belongs to a generation.
func draw(seed uint64, gen int) float64 {
	return rand.New(rand.NewPCG(seed, uint64(gen))).Float64()
}
