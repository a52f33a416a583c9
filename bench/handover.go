package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"
)

const (
	// slowStart is how long the server takes to start.
	slowStart    = 3 * time.Second
	slowServer   = "-work 5ms -start "
	slowListens  = "--listen ADDRESS"
	slowSettling = time.Second
	// slowClients ask on a new connection each time, and as many keep theirs.
	slowClients = 4
)

// measureHandover takes how long clients wait while a server that is slow to start is
// recycled, in three ways, beside how long they wait while nothing happens.
func (b *bench) measureHandover() {
	fmt.Printf("handover: latency with a server that needs %v to start, %d recycles each, and as long without; %d clients\n",
		slowStart, b.handovers, 2*slowClients)
	server := fmt.Sprint(slowServer, slowStart)
	rows := [][]string{{"", "quiet 99th ms", "largest", "recycled 99th ms", "largest", "x 99th", "x largest", "silence ms", "requests", "failed"}}
	for _, way := range []struct{ name, flags, server string }{
		{"--handover", slowListens + " --handover", server},
		{"control: held, no handover", slowListens, server},
		{"stopped and started", "", server + " -addr ADDRESS"},
	} {
		h, err := b.recycled(way.flags, way.server)
		if err != nil {
			fmt.Printf("left out: %s: %v\n", way.name, err)
			continue
		}
		rows = append(rows, append([]string{way.name}, h.cells()...))
	}
	writeTable(os.Stdout, rows)
}

// waited is how long clients have waited for their answers.
type waited struct {
	quiet, busy []time.Duration
	silence     time.Duration // the longest time without any answer
	failed      int           // tries
}

func (w *waited) cells() []string {
	slices.Sort(w.quiet)
	slices.Sort(w.busy)
	usual, most := ofTime(w.quiet, 0.99), quantile(w.quiet, 1)
	now, mostNow := ofTime(w.busy, 0.99), quantile(w.busy, 1)
	return []string{
		milli(usual), milli(most), milli(now), milli(mostNow), ratio(now, usual), ratio(mostNow, most), milli(w.silence),
		strconv.Itoa(len(w.quiet)) + "+" + strconv.Itoa(len(w.busy)), strconv.Itoa(w.failed),
	}
}

// span is from when to when.
type span struct{ from, to time.Time }

// recycled recycles a server again and again, and lets it be for as long in between.
func (b *bench) recycled(flags, server string) (*waited, error) {
	s, err := b.open(flags, server, 1)
	if err != nil {
		return nil, err
	}
	w := &waited{}
	defer func() { w.failed = s.close() }()
	for _, keepAlive := range []bool{false, true} {
		s.load(slowClients, keepAlive, func() string { return "/" })
	}
	if err := s.watch(slowSettling); err != nil {
		return nil, err
	}
	begin := time.Now()
	var busy []span
	for range b.handovers {
		if err := s.watch(slowStart + slowSettling); err != nil {
			return nil, err
		}
		from := time.Now()
		if err := s.cmd.Process.Signal(recycleSignal); err != nil {
			return nil, err
		}
		if _, err := s.next("up"); err != nil {
			return nil, err
		}
		if err := s.watch(slowSettling); err != nil { // the old one leaves
			return nil, err
		}
		busy = append(busy, span{from, time.Now()})
	}
	w.quiet, w.busy, w.silence = latencies(s.had(), begin, busy)
	return w, nil
}

// latencies are those of the answers that were asked for since begin: of those that were
// waited for at no time of these, and of the others.
func latencies(all []answer, begin time.Time, busy []span) (quiet, of []time.Duration, silence time.Duration) {
	last := begin
	for _, a := range all {
		if a.asked.Before(begin) {
			continue
		}
		silence, last = max(silence, a.had.Sub(last)), a.had
		took := a.had.Sub(a.asked)
		if slices.ContainsFunc(busy, func(b span) bool { return a.had.After(b.from) && a.asked.Before(b.to) }) {
			of = append(of, took)
		} else {
			quiet = append(quiet, took)
		}
	}
	return quiet, of, silence
}

// ofTime is the latency of which this part of all waiting was for shorter ones. Who asks again
// when the answer is there asks once in three seconds of silence, which by the number of requests
// would hide among thousands.
func ofTime(sorted []time.Duration, part float64) time.Duration {
	var all, until time.Duration
	for _, d := range sorted {
		all += d
	}
	for _, d := range sorted {
		if until += d; float64(until) >= part*float64(all) {
			return d
		}
	}
	return 0
}

func milli(d time.Duration) string {
	return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond))
}
