package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"relance/limits"
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
