package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }

func TestWindowsOf(t *testing.T) {
	var all []answer
	for _, ms := range []int{-1, 0, 99, 100, 250, 299, 300, 301} {
		all = append(all, answer{had: at(ms)})
	}
	if got := windowsOf(all, noon, at(340), 100*time.Millisecond); !slices.Equal(got, []int{2, 1, 2}) {
		t.Errorf("windowsOf = %v, want whole windows only, each with its beginning", got)
	}
	if got := windowsOf(all, noon, at(99), 100*time.Millisecond); len(got) != 0 {
		t.Errorf("windowsOf(less than one) = %v", got)
	}
}

// Who was waited for at the edge of a recycle belongs to it, and who was asked for
// before the beginning to nobody.
func TestLatencies(t *testing.T) {
	all := []answer{
		{at(-5), at(5)}, {at(0), at(10)}, {at(10), at(25)}, {at(21), at(29)}, {at(29), at(90)}, {at(30), at(91)}, {at(31), at(95)}, {at(95), at(96)},
	}
	quiet, busy, silence := latencies(all, noon, []span{{at(20), at(30)}, {at(95), at(97)}})
	ms := func(all []time.Duration) (n []int) {
		for _, d := range all {
			n = append(n, int(d.Milliseconds()))
		}
		return n
	}
	if !slices.Equal(ms(quiet), []int{10, 61, 64}) || !slices.Equal(ms(busy), []int{15, 8, 61, 1}) || silence != 61*time.Millisecond {
		t.Errorf("latencies = %v, %v, %v", quiet, busy, silence)
	}
}

func TestOfTime(t *testing.T) {
	sample := slices.Repeat([]time.Duration{1}, 97)
	for want, more := range map[time.Duration][]time.Duration{1: nil, 3: {3}, 3000: {3, 3000}} {
		if got := ofTime(append(slices.Clone(sample), more...), 0.99); got != want {
			t.Errorf("ofTime(97 times 1, %v) = %v, want %v", more, got, want)
		}
	}
	if got := ofTime(nil, 0.99); got != 0 {
		t.Errorf("ofTime of nothing = %v", got)
	}
}

// Who has started for the first time was never away; a handover takes nobody away; who
// ends is away until the next one is up, whatever is said of it meanwhile.
func TestRoll(t *testing.T) {
	r := roll{serving: map[int]int{}, workers: 2}
	for i, test := range []struct {
		ms     int
		e      event
		ups    int
		most   int
		awayMS int
	}{
		{0, event{Event: "up", Worker: 1, Generation: 1}, 1, 0, 0},
		{10, event{Event: "up", Worker: 2, Generation: 2}, 2, 0, 0},
		{20, event{Event: "queued", Worker: 1, Generation: 1}, 2, 0, 0},
		{30, event{Event: "stopping", Worker: 1, Generation: 1}, 2, 1, 0},
		{40, event{Event: "killing", Worker: 1, Generation: 1}, 2, 1, 10},
		{50, event{Event: "up", Worker: 1, Generation: 3}, 3, 1, 20},
		{60, event{Event: "up", Worker: 2, Generation: 4}, 4, 1, 20},
		{70, event{Event: "stopping", Worker: 2, Generation: 2}, 4, 1, 20},
		{80, event{Event: "ended", Worker: 2, Generation: 4}, 4, 1, 20},
		{90, event{Event: "stopping", Worker: 1, Generation: 3}, 4, 2, 30},
		{95, event{Event: "up", Worker: 2, Generation: 5}, 5, 2, 35},
		{99, event{Event: "up", Worker: 1, Generation: 6}, 6, 2, 39},
		{200, event{Event: "recovered", Worker: 1, Generation: 6}, 6, 2, 39},
	} {
		test.e.Time = at(test.ms)
		r.see(test.e)
		if away := r.awayAt(at(test.ms)); r.ups != test.ups || r.most != test.most || away != time.Duration(test.awayMS)*time.Millisecond {
			t.Errorf("%d: %d up, %d away at the most, %v; want %+v", i, r.ups, r.most, away, test)
		}
	}
}

// What is no event is the server's; and the end is told with what was said last.
func TestSite(t *testing.T) {
	s := &site{events: make(chan event, 9), roll: roll{serving: map[int]int{}, workers: 1}}
	s.read(strings.NewReader(`{"event":"up","generation":3,"msg":"gen 3: up"}` + "\n" + `no such file` + "\n"))
	if e, err := s.next("up"); err != nil || e.Generation != 3 || s.roll.ups != 1 {
		t.Errorf("next = %+v, %v", e, err)
	}
	if err := s.watch(time.Hour); err == nil || !strings.HasSuffix(err.Error(), "said last: no such file") {
		t.Errorf("watch = %v, want an end and the last line", err)
	}
}
