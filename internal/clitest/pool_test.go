package clitest

import (
	"fmt"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"relance/internal/need"
)

// pool is several workers behind one held socket.
type pool struct {
	*running
	address string
	pids    map[int]int // of the workers that are ready
}

// newPool starts n workers of the release that dir has, and waits until all are ready.
func newPool(t *testing.T, n int, flags, command []string) *pool {
	t.Helper()
	// A client that has connected may be late with its request: a worker waits for it longer than a second.
	flags = append([]string{"--workers", fmt.Sprint(n), "--min-uptime", "0", "--stop-timeout", "3m"}, flags...)
	command = append(command, "-linger", "1m")
	p := &pool{running: start(t, heldWords(flags, command)...), pids: map[int]int{}}
	p.address = listens(t, p.running)
	for len(p.pids) < n {
		p.up(wantEvent(t, p.errs, "up"))
	}
	return p
}

func (p *pool) up(e event) { p.pids[e.Worker] = e.PID }

// others are the pids of those that are ready, without that of one worker.
func (p *pool) others(worker int) (pids []int) {
	for each, pid := range p.pids {
		if each != worker {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Four workers that leak alike are recycled under load, one after another: while one is
// away, for as long as we like, each of the three others answers.
func TestPoolLeaks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	release(t, dir, "v1")
	p := newPool(t, 4, []string{"--memory-high", "48M"}, slowserver(t, dir, "-leak", "524288"))
	gate := shut(t, dir)
	w := witnessed(t, p.address)
	away, queued, recycles := time.Duration(0), 0, need.Much(6, 200)
	begin := time.Now()
	for range recycles {
		e := nextEvent(t, p.errs)
		for ; e.Event == "queued"; e = nextEvent(t, p.errs) {
			queued++
		}
		if e.Event != "stopping" || e.Reason != "memory-high" {
			t.Fatalf("%+v, want a worker that has spent its budget", e)
		}
		w.more(10, p.others(e.Worker)...)
		gate.pass()
		up := nextEvent(t, p.errs)
		for ; up.Event == "queued"; up = nextEvent(t, p.errs) {
			queued++
		}
		if up.Event != "up" || up.Worker != e.Worker {
			t.Fatalf("%+v while worker %d is away", up, e.Worker)
		}
		away += up.Time.Sub(e.Time)
		p.up(up)
	}
	took := time.Since(begin)
	for range 8 { // who is recycled at this moment
		gate.pass()
	}
	result := w.wantNoneLost()
	if queued == 0 {
		t.Error("nobody has waited for its turn, so nothing is shown")
	}
	low, middle := windows(w.since(0))
	t.Logf("%d recycles in %v, of which one was away for %v; %v; in 100 ms: %d answers, %d at the least",
		recycles, took.Round(time.Millisecond), away.Round(time.Millisecond), result, middle, low)
	p.signal(syscall.SIGTERM)
	<-p.done
}

// windows are the median and the least of the answers in 100 ms, but for the last.
func windows(all []answer) (low, middle int) {
	const window = 100 * time.Millisecond
	var counts []int
	for _, a := range all {
		n := int(a.had.Sub(all[0].had) / window)
		for len(counts) <= n {
			counts = append(counts, 0)
		}
		counts[max(n, 0)]++
	}
	if len(counts) < 2 {
		return 0, 0
	}
	counts = counts[:len(counts)-1]
	slices.Sort(counts)
	return counts[0], counts[len(counts)/2]
}

// All four at once, as --max-unavailable 4 allows: whoever asks waits for the first one
// that is there again, and nobody is refused.
func TestPoolAllAway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	release(t, dir, "v1")
	p := newPool(t, 4, []string{"--max-unavailable", "4"}, slowserver(t, dir))
	gate := shut(t, dir)
	w := witnessed(t, p.address)
	w.more(20, p.others(0)...)
	p.signal(syscall.SIGHUP)
	for range 4 {
		if e := nextEvent(t, p.errs); e.Event != "stopping" {
			t.Errorf("%+v", e)
		}
	}
	for range 4 {
		gate.pass()
		p.up(wantEvent(t, p.errs, "up"))
	}
	w.more(20, p.others(0)...)
	t.Log(w.wantNoneLost())
	p.signal(syscall.SIGTERM)
	p.wantEnd(0)
}

// Whoever kills a worker takes the requests that it has with it, and nothing else: the
// others answer while it is away, and nobody is refused.
func TestPoolKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	release(t, dir, "v1")
	p := newPool(t, 4, []string{"--backoff", "1ms..1ms"}, slowserver(t, dir, "-work", "2ms"))
	gate := shut(t, dir)
	w := witnessed(t, p.address)
	w.more(20, p.others(0)...)
	killed := map[int]bool{}
	kill := func(worker int) {
		t.Helper()
		killed[p.pids[worker]] = true
		if err := syscall.Kill(p.pids[worker], syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	for worker := 1; worker <= 2; worker++ {
		kill(worker)
		if e := wantEvent(t, p.errs, "backoff"); e.Worker != worker || e.Reason != "signal" {
			t.Errorf("%+v", e)
		}
		w.more(20, p.others(worker)...)
		gate.pass()
		p.up(wantEvent(t, p.errs, "up"))
		w.more(20, p.others(0)...)
	}
	for worker := range p.pids {
		kill(worker)
	}
	for range 4 {
		gate.pass()
		p.up(wantEvent(t, p.errs, "up"))
	}
	w.more(20, p.others(0)...)
	result := w.end()
	t.Log(result)
	const clientsAtOnce = 16
	if result.Refused+result.Bad > 0 || result.Failed() > len(killed)*clientsAtOnce {
		t.Errorf("%v %q", result, result.Errors)
	}
	for pid, n := range w.hurt {
		if !killed[pid] {
			t.Errorf("%d kept connections of pid %d broke, which nobody has killed", n, pid)
		}
	}
	p.signal(syscall.SIGTERM)
	p.wantEnd(0)
}

// A worker that crashes at each start, without end or until it gives up: the others
// serve, and nobody misses an answer.
func TestPoolCrashing(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{"for ever": nil, "until it gives up": {"--give-up", "5/1m"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			release(t, dir, "v1")
			command := slowserver(t, dir)
			command[2] = `[ ! -e "$1/bad.$RELANCE_WORKER" ] || exit 9; ` + command[2]
			p := newPool(t, 3, append(flags, "--backoff", "1ms..20ms"), command)
			w := witnessed(t, p.address)
			w.more(20, p.others(0)...)
			write(t, filepath.Join(dir, "bad.2"), "", 0o600)
			// It is asked to leave, so that nothing is lost with it.
			if err := syscall.Kill(p.pids[2], syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			ended, kind := nextEvent(t, p.errs), "backoff"
			if flags != nil {
				kind = "gave-up"
			}
			if ended.Worker != 2 || ended.Event != "ended" {
				t.Errorf("%+v", ended)
			}
			e := wantEvent(t, p.errs, kind)
			for e.Failures < 5 {
				e = wantEvent(t, p.errs, kind)
			}
			if e.Worker != 2 || e.Reason != "exit" {
				t.Errorf("%+v", e)
			}
			w.more(50, p.others(2)...)
			if flags == nil {
				// It is well again, and comes by itself.
				if err := syscall.Unlink(filepath.Join(dir, "bad.2")); err != nil {
					t.Fatal(err)
				}
				p.up(wantEvent(t, p.errs, "up"))
				w.more(20, p.others(0)...)
			} else if e := nextEvent(t, p.errs); e.Event != "reduced" || e.OtherWorkers != 2 {
				t.Errorf("%+v", e)
			}
			t.Log(w.wantNoneLost())
			p.signal(syscall.SIGTERM)
			p.wantEnd(0)
		})
	}
}

// Whoever kills relance: every worker has the stop signal, in whatever state it is.
func TestPoolParentDeath(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	release(t, dir, "v1")
	p := newPool(t, 3, []string{"--handover"}, slowserver(t, dir))
	shut(t, dir)
	p.signal(syscall.SIGHUP) // one of them hands over
	wantEvent(t, p.errs, "handing-over")
	eventually(t, "the next one there", func() bool { return len(childrenOf(t, p.pid)) == 4 })
	all := childrenOf(t, p.pid)
	p.signal(syscall.SIGKILL)
	p.wantEnd(-9)
	for _, pid := range all {
		eventually(t, "all gone", func() bool { s := state(t, pid); return s == 0 || s == 'Z' })
	}
}
