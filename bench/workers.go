package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	// poolSize workers have room for poolRoom connections each, and there are always
	// clients that wait for room: so one that is away costs its share, and each waits
	// instead of using a processor, of which there may be fewer than workers.
	poolSize    = 4
	poolRoom    = 1
	poolClients = 4 * poolSize * poolRoom
	poolServer  = "-work 10ms -start 300ms -at-once "
	poolFlags   = "--listen ADDRESS --memory-high 24M --min-uptime 0s --workers "
	// poolLeak is what a request leaves behind while there are to be recycles.
	poolLeak = "/?leak=262144"
	// poolWindow is in which answers are counted, poolBlocks how often it is recycled,
	// and not, in turn.
	poolWindow = 200 * time.Millisecond
	poolBlocks = 4
	// poolCalm is for how long nothing must happen before it counts as quiet.
	poolCalm = 500 * time.Millisecond
)

// measureWorkers takes how many answers a pool gives while its workers leak and are
// recycled all the time, beside the same pool when they do not.
func (b *bench) measureWorkers() {
	fmt.Printf("workers: answers in %v of %d workers, %d clients; %v without a leak and as long with it, in %d blocks, interleaved\n",
		poolWindow, poolSize, poolClients, b.load, poolBlocks)
	rows := [][]string{{"", "quiet a second", "x p10", "x lowest", "recycled x median", "x p10", "x lowest", "recycles", "most away", "time away", "failed"}}
	atOnce := fmt.Sprint("--max-unavailable ", poolSize)
	for _, pool := range []struct{ name, flags string }{
		{"one after another", ""}, {"--handover", "--handover"}, {"control: " + atOnce, atOnce},
	} {
		p, err := b.pool(pool.flags)
		if err != nil {
			fmt.Printf("left out: %s: %v\n", pool.name, err)
			continue
		}
		rows = append(rows, append([]string{pool.name}, p.cells()...))
	}
	writeTable(os.Stdout, rows)
}

// pooled is what was seen of a pool.
type pooled struct {
	quiet, busy    []int // answers in each window
	recycles, most int
	away, of       time.Duration // for how long somebody was away while it was recycled
	failed         int
}

func (p *pooled) cells() []string {
	slices.Sort(p.quiet)
	slices.Sort(p.busy)
	usual := quantile(p.quiet, 0.5)
	return []string{
		strconv.Itoa(usual * int(time.Second/poolWindow)), ratio(quantile(p.quiet, 0.1), usual), ratio(quantile(p.quiet, 0), usual),
		ratio(quantile(p.busy, 0.5), usual), ratio(quantile(p.busy, 0.1), usual), ratio(quantile(p.busy, 0), usual),
		strconv.Itoa(p.recycles), strconv.Itoa(p.most), ratio(p.away, p.of), strconv.Itoa(p.failed),
	}
}

// pool puts one under load, with the leak and without it in turn.
func (b *bench) pool(flags string) (*pooled, error) {
	s, err := b.open(fmt.Sprint(poolFlags, poolSize, " ", flags), fmt.Sprint(poolServer, poolRoom), poolSize)
	if err != nil {
		return nil, err
	}
	p := &pooled{}
	defer func() { p.failed = s.close() }()
	var leaking atomic.Bool
	s.load(poolClients, false, func() string {
		if leaking.Load() {
			return poolLeak
		}
		return "/"
	})
	span := b.load / poolBlocks
	for range poolBlocks {
		if err := s.calm(poolCalm); err != nil {
			return nil, err
		}
		from := time.Now()
		if err := s.watch(span); err != nil {
			return nil, err
		}
		p.quiet = append(p.quiet, windowsOf(s.had(), from, time.Now(), poolWindow)...)
		leaking.Store(true)
		if _, err := s.next("stopping"); err != nil {
			return nil, err
		}
		before := s.roll
		from = time.Now()
		if err := s.watch(span); err != nil {
			return nil, err
		}
		to := time.Now()
		p.busy = append(p.busy, windowsOf(s.had(), from, to, poolWindow)...)
		p.recycles += s.roll.ups - before.ups
		p.away, p.of = p.away+s.roll.awayAt(to)-before.awayAt(from), p.of+to.Sub(from)
		leaking.Store(false)
	}
	p.most = s.roll.most
	return p, nil
}

// windowsOf counts the answers in each window between two times.
func windowsOf(all []answer, from, to time.Time, window time.Duration) []int {
	counts := make([]int, to.Sub(from)/window)
	for _, a := range all {
		if since := a.had.Sub(from); since >= 0 && int(since/window) < len(counts) {
			counts[since/window]++
		}
	}
	return counts
}
