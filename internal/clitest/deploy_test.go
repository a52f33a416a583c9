package clitest

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"relance/internal/need"
)

// wantOf: all these are answers of that release and pid.
func wantOf(t testing.TB, all []answer, version string, pid int) {
	t.Helper()
	i := slices.IndexFunc(all, func(a answer) bool { return a.version != version || a.pid != pid })
	if i >= 0 || len(all) == 0 {
		t.Errorf("of %d answers, the one at %d is not of %s, pid %d: %+v", len(all), i, version, pid, all[max(i, 0):min(i+1, len(all))])
	}
}

// startOf waits for the line of a slowserver that starts, and returns its pid.
func startOf(t testing.TB, r *running, version string) int {
	t.Helper()
	return pidIn(t, r.out.want(t, "^starting pid=([0-9]+) version="+version+"$"))
}

// A server that takes long to start is replaced under load: the old one answers until
// the new one does, and nobody notices. Without --handover, the control, nobody answers
// meanwhile, and who has asked waits.
func TestDeploySlowStart(t *testing.T) {
	t.Parallel()
	slowStart := need.Much(300*time.Millisecond, 3*time.Second)
	for _, test := range []struct {
		name  string
		flags []string
	}{{"handover", []string{"--handover"}}, {"stop and start", nil}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			release(t, dir, "v1")
			r, address, old := heldServer(t, test.flags, slowserver(t, dir, "-start", slowStart.String()))
			w := witnessed(t, address)
			w.more(100, old)
			for n := 2; n <= 3; n++ {
				version := fmt.Sprintf("v%d", n)
				gate := shut(t, dir)
				release(t, dir, version)
				r.signal(syscall.SIGHUP)
				if test.flags != nil {
					// It waits at its gate for as long as we like.
					wantEvent(t, r.errs, "handing-over")
					begin := time.Now()
					w.more(300, old)
					wantOf(t, w.asked(begin), fmt.Sprintf("v%d", n-1), old)
				}
				gate.pass()
				next := startOf(t, r, version)
				up := wantEvent(t, r.errs, "up")
				if up.PID != next || up.Handover != (test.flags != nil) {
					t.Errorf("%+v, want pid %d", up, next)
				}
				gate.remove()
				w.more(300, next)
				eventually(t, "the old one gone", func() bool { return state(t, old) == 0 })
				begin := time.Now()
				w.more(100, next)
				wantOf(t, w.asked(begin), version, next)
				old = next
			}
			result := w.wantNoneLost()
			answers := w.since(0)
			t.Logf("%s, a start of %v: %v; longest time without an answer %v", test.name, slowStart, result, longestGap(answers))
			r.signal(syscall.SIGTERM)
			r.wantEnd(0)
		})
	}
}

// longestGap is the longest time in which nobody has answered.
func longestGap(all []answer) (longest time.Duration) {
	for i := 1; i < len(all); i++ {
		longest = max(longest, all[i].had.Sub(all[i-1].had))
	}
	return longest.Round(time.Millisecond)
}

// A release that crashes at its start never takes over, however often it is tried; the
// old one serves on, and the next good release takes its place.
func TestDeployCrashing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	release(t, dir, "v1")
	r, address, old := heldServer(t, []string{"--handover", "--backoff", "10ms..80ms"}, slowserver(t, dir))
	w := witnessed(t, address)
	w.more(100, old)
	mark := w.mark()
	release(t, dir, "crash")
	due := time.Now()
	r.signal(syscall.SIGHUP)
	wantEvent(t, r.errs, "handing-over")
	var waits []string
	for n := 1; n <= 6; n++ {
		e := nextEvent(t, r.errs)
		low := 0.010 * float64(min(int(1)<<(n-1), 8)) * 0.79
		if e.Event != "handover-failed" || e.Failures != n || e.Reason != "exit" || e.InSeconds < low {
			t.Errorf("try %d: %+v", n, e)
		}
		// A record may be late, and its time with it, so what counts is what was waited for in all.
		if e.Time.Before(due) {
			t.Errorf("tried %v too early: %+v", due.Sub(e.Time), e)
		}
		due = due.Add(time.Duration(e.InSeconds * float64(time.Second)))
		waits = append(waits, fmt.Sprintf("%.0fms", 1000*e.InSeconds))
		w.more(10, old)
	}
	wantOf(t, w.since(mark), "v1", old)
	release(t, dir, "v2")
	up := wantEvent(t, r.errs, "up")
	w.more(100, up.PID)
	t.Logf("backoff %s; %v", strings.Join(waits, " "), w.wantNoneLost())
	r.signal(syscall.SIGTERM)
	r.wantEnd(0)
}

// A release that never becomes ready is stopped when its time is over, each time; then
// a good one takes over.
func TestDeployNeverReady(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	release(t, dir, "v1")
	r, address, old := heldServer(t, []string{"--handover", "--backoff", "10ms..10ms", "--start-timeout", "500ms"}, slowserver(t, dir))
	w := witnessed(t, address)
	w.more(100, old)
	mark := w.mark()
	gate := shut(t, dir)
	release(t, dir, "v2")
	r.signal(syscall.SIGHUP)
	wantEvent(t, r.errs, "handing-over")
	for n := 1; n <= 2; n++ {
		if e := nextEvent(t, r.errs); e.Event != "stopping" || e.Reason != "start-failed" || !strings.Contains(e.Msg, "not ready within 500 ms") {
			t.Errorf("%+v", e)
		}
		if e := nextEvent(t, r.errs); e.Event != "handover-failed" || e.Failures != n {
			t.Errorf("%+v", e)
		}
	}
	wantOf(t, w.since(mark), "v1", old)
	// One may be at the gate already, whose time may be over at this moment.
	gate.remove()
	gate.pass()
	up := wantEvent(t, r.errs, "up")
	w.more(100, up.PID)
	w.wantNoneLost()
	r.signal(syscall.SIGTERM)
	r.wantEnd(0)
}

// A release that says it is ready and crashes at once has taken over: who is to leave
// leaves, and relance launches again, with a backoff, until there is a good one. Nobody
// is refused: who comes meanwhile waits.
func TestDeployReadyAndCrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	release(t, dir, "v1")
	const liar = `read release <"$1/release"; [ $release = liar ] || exec "$2" -notify -version-file "$1/release"
echo starting pid=$$ version=$release; "$3" notify --ready; exit 7`
	r, address, old := heldServer(t, []string{"--handover", "--backoff", "10ms..20ms", "--restart", "always"},
		[]string{"sh", "-c", liar, "sh", dir, slow(t), relance()})
	w := witnessed(t, address)
	w.more(100, old)
	release(t, dir, "liar")
	r.signal(syscall.SIGHUP)
	wantEvent(t, r.errs, "handing-over")
	first := wantEvent(t, r.errs, "up")
	if e := wantEvent(t, r.errs, "stopping"); e.Generation != 1 {
		t.Errorf("%+v", e)
	}
	e := wantEvent(t, r.errs, "backoff")
	if e.Generation != first.Generation || e.Reason != "exit" {
		t.Errorf("%+v, want one of %+v", e, first)
	}
	wantEvent(t, r.errs, "backoff")
	release(t, dir, "v2")
	next := startOf(t, r, "v2")
	w.more(100, next)
	eventually(t, "the old one gone", func() bool { return state(t, old) == 0 })
	w.wantNoneLost()
	r.signal(syscall.SIGTERM)
	r.wantEnd(0)
}

// Whoever asks again and again, in the midst of handovers too, has at last what was
// there when it was asked for last, and nobody misses an answer.
func TestDeployAgainAndAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	release(t, dir, "v0")
	r, address, old := heldServer(t, []string{"--handover", "--backoff", "1ms..1ms"}, slowserver(t, dir, "-start", "30ms"))
	w := witnessed(t, address)
	w.more(20, old)
	const last = 30
	for n := 1; n <= last; n++ {
		release(t, dir, fmt.Sprintf("v%d", n))
		r.signal(syscall.SIGHUP)
		if mark := w.mark(); n%3 == 0 {
			eventually(t, "some time gone by", func() bool { return w.mark() > mark+20*n })
		}
	}
	eventually(t, "only the last one is there", func() bool {
		pids, all := childrenOf(t, r.pid), w.since(max(0, w.mark()-1))
		return len(pids) == 1 && all[0].pid == pids[0] && all[0].version == fmt.Sprintf("v%d", last)
	})
	t.Log(w.wantNoneLost())
	r.signal(syscall.SIGTERM)
	r.wantEnd(0)
}
