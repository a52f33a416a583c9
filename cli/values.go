package cli

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"relance/cgroup"
	"relance/limits"
	"relance/restart"
)

// parseBackoff reads MIN..MAX, or one duration for both.
func parseBackoff(s string) (low, high time.Duration, err error) {
	first, second, isRange := strings.Cut(s, "..")
	if !isRange {
		second = first
	}
	if low, err = limits.ParseDuration(first); err != nil {
		return 0, 0, err
	}
	if high, err = limits.ParseDuration(second); err != nil {
		return 0, 0, err
	}
	if low <= 0 {
		return 0, 0, fmt.Errorf("without a delay a crash would loop at full speed, use at least 1us")
	}
	if low > high {
		return 0, 0, fmt.Errorf("%s is above %s, use MIN..MAX such as 100ms..30s", first, second)
	}
	return low, high, nil
}

// parseGiveUp reads N/DURATION.
func parseGiveUp(s string) (n int, within time.Duration, err error) {
	count, duration, ok := strings.Cut(s, "/")
	if !ok {
		return 0, 0, fmt.Errorf("no \"/\" in it, use N/DURATION such as 5/1m")
	}
	n, err = strconv.Atoi(count)
	if err != nil || n < 1 || n > maxGiveUp {
		return 0, 0, fmt.Errorf("%q crashes: use a whole number from 1 to %d", count, maxGiveUp)
	}
	if within, err = limits.ParseDuration(duration); err != nil {
		return 0, 0, err
	}
	if within <= 0 {
		return 0, 0, fmt.Errorf("no time at all, use N/DURATION such as 5/1m")
	}
	return n, within, nil
}

// maxGiveUp bounds what has to be remembered.
const maxGiveUp = 10000

// maxPIDs is the most processes that Linux can have (PID_MAX_LIMIT).
const maxPIDs = 4 << 20

// parseCount reads a whole number from 1 on.
func parseCount(s string, most int64) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 || n > most || !digits(s) {
		return 0, fmt.Errorf("use a whole number from 1 to %d", most)
	}
	return n, nil
}

// parseCPUs reads a percentage of one CPU and returns the time in each period.
func parseCPUs(s string) (time.Duration, error) {
	const cure = "use a percentage of one CPU such as 50% or 150%"
	number, ok := strings.CutSuffix(s, "%")
	whole, part, _ := strings.Cut(number, ".")
	if !ok || !digits(whole) || !digits("0"+part) {
		return 0, errors.New(cure)
	}
	percent, err := strconv.ParseFloat(number, 64)
	if err != nil || percent > maxCPUs*100 {
		return 0, fmt.Errorf("more than %d CPUs: %s", maxCPUs, cure)
	}
	share := time.Duration(percent * float64(cgroup.CPUPeriod/100))
	if share < cgroup.CPUPeriod/100 {
		// "The minimum quota allowed is 1ms" (sched-bwc.rst).
		return 0, errors.New("less than the kernel can do: use at least 1%")
	}
	return share, nil
}

// maxCPUs is more than Linux can be built for (NR_CPUS).
const maxCPUs = 8192

// digits reports whether s is a number as people write it, without a sign.
func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// Of the window of a trigger: "The monitor window must be from 500ms to 10s"
// (psi.rst, in other words).
const (
	minWindow = 500 * time.Millisecond
	maxWindow = 10 * time.Second
)

// parsePressure reads "full STALL/WINDOW" or "some STALL/WINDOW".
func parsePressure(s string) (cgroup.Trigger, error) {
	const cure = "use 'full STALL/WINDOW' or 'some STALL/WINDOW' such as 'full 200ms/2s'"
	word, times, _ := strings.Cut(strings.TrimSpace(s), " ")
	stall, window, ok := strings.Cut(times, "/")
	if !ok || word != "full" && word != "some" {
		return cgroup.Trigger{}, errors.New(cure)
	}
	t := cgroup.Trigger{Full: word == "full"}
	var err error
	if t.Stall, err = limits.ParseDuration(stall); err != nil {
		return cgroup.Trigger{}, err
	}
	if t.Window, err = limits.ParseDuration(window); err != nil {
		return cgroup.Trigger{}, err
	}
	switch {
	case t.Window < minWindow || t.Window > maxWindow:
		return cgroup.Trigger{}, fmt.Errorf("the kernel watches windows from %v to %v; %s", minWindow, maxWindow, cure)
	case t.Stall > t.Window:
		return cgroup.Trigger{}, fmt.Errorf("%v of waiting do not fit in %v; %s", t.Stall, t.Window, cure)
	case t.Stall < time.Microsecond:
		return cgroup.Trigger{}, fmt.Errorf("no waiting at all; %s", cure)
	}
	return t, nil
}

// finite is a limit as a figure, zero for none.
func finite(v uint64) int64 {
	if v > math.MaxInt64 {
		return 0
	}
	return int64(v)
}

func cpuTime(seconds uint64) time.Duration {
	if seconds > uint64(restart.Forever/time.Second) {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
