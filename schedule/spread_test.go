package schedule

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const (
	replicas = 1000
	month    = 30 * day
)

// fleet starts replicas together and returns how many recycles there are in each
// minute of a month.
func fleet(t *testing.T, words words) []int {
	t.Helper()
	begin := at(t, "2026-06-01 00:00 +0000")
	minutes := make([]int, month/time.Minute)
	p := mustPlan(t, "UTC", 0, words)
	for i := range replicas {
		p.Seed = 1_790_000_000_000_000_000 + uint64(i)*12345
		now := begin
		for gen := 1; ; gen++ {
			now, _ = p.Next(gen, now, time.Time{}, 0, now)
			if now.Sub(begin) >= month {
				break
			}
			minutes[now.Sub(begin)/time.Minute]++
		}
	}
	return minutes
}

// busiest is the largest number of recycles in one minute from one day to another.
func busiest(minutes []int, from, to int) int {
	most := 0
	for _, n := range minutes[from*24*60 : to*24*60] {
		most = max(most, n)
	}
	return most
}

// histogram says how many minutes have how many recycles.
func histogram(minutes []int) string {
	bounds := []int{0, 1, 3, 6, 11, 21, 51, 101, 501, replicas + 1}
	var s strings.Builder
	for i, low := range bounds[:len(bounds)-1] {
		n := 0
		for _, m := range minutes {
			if m >= low && m < bounds[i+1] {
				n++
			}
		}
		if n > 0 {
			fmt.Fprintf(&s, "  %d-%d: %d", low, bounds[i+1]-1, n)
		}
	}
	return s.String()
}

// TestFleetSpreads is a thousand replicas that start in one moment. The figures
// of HACKING.md are what it prints with -v.
func TestFleetSpreads(t *testing.T) {
	for _, c := range []struct {
		words words
		// The most recycles in one minute: of the first day, of the last week.
		first, last int
	}{
		{words{"every": "6h"}, replicas, replicas},
		{words{"every": "6h", "jitter": "10%"}, 60, 15},
		{words{"every": "6h", "jitter": "5m"}, 300, 50},
		{words{"every": "6h", "jitter": "10%", "window": "22:00-05:00"}, 60, 60},
		{words{"at": "04:00"}, replicas, replicas},
		{words{"at": "04:00", "jitter": "1h"}, 40, 40},
	} {
		minutes := fleet(t, c.words)
		first, last := busiest(minutes, 0, 1), busiest(minutes, 23, 30)
		t.Logf("%v: busiest minute of day 1: %d, days 2-7: %d, days 8-23: %d, days 24-30: %d; minutes of the month by recycles:%s",
			c.words, first, busiest(minutes, 1, 7), busiest(minutes, 7, 23), last, histogram(minutes))
		switch {
		case first > c.first || last > c.last:
			t.Errorf("%v: %d recycles in a minute of the first day, %d of the last week", c.words, first, last)
		case c.words["jitter"] == "" && (first < replicas || last < replicas):
			t.Errorf("%v: spread without jitter: %d, %d", c.words, first, last)
		}
	}
}
