package clitest

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"relance/internal/need"
)

// event is a record of --log-format json.
type event struct {
	Time                    time.Time
	Event, Reason, Msg      string
	Worker, Generation, PID int
	OtherWorkers            int     `json:"other_workers"`
	Uptime                  float64 `json:"uptime_seconds"`
	InSeconds               float64 `json:"in_seconds"`
	Failures                int
	Handover                bool
	ExitStatus              *int   `json:"exit_status"`
	ExitSignal              string `json:"exit_signal"`
}

// nextEvent waits for the next record, but that a generation has left, which is at a
// moment of its own.
func nextEvent(t testing.TB, from *lines) event {
	t.Helper()
	line, ok := from.take(t)
	var e event
	if err := json.Unmarshal([]byte(line), &e); !ok || err != nil {
		t.Fatalf("no more records: %q, %v", line, err)
	}
	if e.Event == "left" {
		return nextEvent(t, from)
	}
	return e
}

// wantEvent waits for a record of a kind.
func wantEvent(t testing.TB, from *lines, kind string) event {
	t.Helper()
	for {
		if e := nextEvent(t, from); e.Event == kind {
			return e
		}
	}
}

// Four workers leak alike, so that all spend their budget at the same time, and all
// the same no two are ever without their generation at once.
func TestWorkersTakeTurns(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--log-format", "json", "--workers", "4", "--memory-high", "48M", "--ready", "delay:50ms", "--min-uptime", "0",
		"--", misbehave(t), "--quiet", "eat-memory", "--rate", "64M", "--max", "64M")
	missing := map[int]bool{}
	seen, queued, most := 0, 0, 0
	for seen < need.Much(6, 200) {
		switch e := nextEvent(t, r.errs); e.Event {
		case "queued":
			queued++
		case "stopping":
			missing[e.Worker] = true
			most = max(most, len(missing))
		case "up":
			if !missing[e.Worker] {
				t.Fatalf("up though it was not away: %+v", e)
			}
			delete(missing, e.Worker)
			seen++
		case "ended", "backoff", "no-help", "killing", "left-behind":
			t.Fatalf("not planned: %+v", e)
		}
	}
	if most != 1 || queued == 0 {
		t.Errorf("%d workers were away at once, and %d recycles have waited; want 1, and some", most, queued)
	}
	r.signal(syscall.SIGTERM)
	r.wantEnd(143)
}

// The same, with nobody to hold them back: they are away at once, so that the test
// above can fail.
func TestWorkersAtOnce(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--log-format", "json", "--workers", "4", "--max-unavailable", "4", "--restart-signal", "HUP", "--ready", "delay:50ms",
		"--", misbehave(t), "print-signals")
	for range 4 {
		r.out.want(t, "ready")
	}
	r.signal(syscall.SIGHUP)
	missing := map[int]bool{}
	for len(missing) < 4 {
		switch e := nextEvent(t, r.errs); e.Event {
		case "stopping":
			missing[e.Worker] = true
		case "up":
			t.Fatalf("up before all are away: %+v", e)
		}
	}
	for range 4 {
		wantEvent(t, r.errs, "up")
		r.out.want(t, "ready")
	}
	r.signal(syscall.SIGTERM)
	r.wantEnd(0)
}

// workerPids waits until n workers have said who they are.
func workerPids(t testing.TB, r *running, n int) map[int]int {
	t.Helper()
	pids := map[int]int{}
	for len(pids) < n {
		m := r.out.want(t, `^worker ([0-9]+) pid ([0-9]+)$`)
		worker, _ := strconv.Atoi(m[1])
		pids[worker], _ = strconv.Atoi(m[2])
	}
	return pids
}

const tellWorker = `echo worker $RELANCE_WORKER pid $$; `

// Whoever kills one worker, or all of them: each comes back by itself, and nobody
// else is touched. What is read from stdin is nothing.
func TestWorkersKilled(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--log-format", "json", "--workers", "3", "--backoff", "1ms..1ms", "--", "sh", "-c", tellWorker+"cat; exec sleep 1000")
	pids := workerPids(t, r, 3)
	if len(pids) != 3 || pids[1] == 0 || pids[2] == 0 || pids[3] == 0 {
		t.Fatalf("workers: %v", pids)
	}
	kill := func(pid int) {
		t.Helper()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	kill(pids[2])
	if again := workerPids(t, r, 1); again[2] == 0 || again[2] == pids[2] {
		t.Fatalf("after the kill of worker 2: %v", again)
	} else {
		pids[2] = again[2]
	}
	if e := wantEvent(t, r.errs, "backoff"); e.Worker != 2 || e.Reason != "signal" {
		t.Errorf("%+v", e)
	}
	for _, pid := range pids {
		kill(pid)
	}
	pids = workerPids(t, r, 3)
	r.signal(syscall.SIGTERM)
	r.wantEnd(143)
	for worker, pid := range pids {
		if _, err := os.Stat(fmt.Sprint("/proc/", pid)); err == nil {
			t.Errorf("worker %d was left behind", worker)
		}
	}
}

// Who is told which it is: one worker too, and who must know it to be found ready. Alone
// the command is as if bare, and finds what is there from outside.
func TestNumbers(t *testing.T) {
	t.Parallel()
	const tell = `echo "worker ${RELANCE_WORKER-none}, gen ${RELANCE_GENERATION-none}"; : >"$1.$RELANCE_GENERATION"; exec sleep 1000`
	file := t.TempDir() + "/f"
	for _, test := range []struct{ flags, want string }{
		{"--restart-signal HUP", "worker none, gen none"},
		{"--workers 1", "worker 1, gen 1"},
		{"--workers 1 --handover --restart-signal HUP", "worker 1, gen 1"},
		{"--handover --restart-signal HUP", "worker none, gen 1"},
		{"--ready file:" + file + ".{generation}", "worker none, gen 1"},
	} {
		r := start(t, append(append([]string{relance()}, strings.Fields(test.flags)...), "--", "sh", "-c", tell, "sh", file)...)
		r.out.want(t, "^"+test.want+"$")
		r.signal(syscall.SIGTERM)
		r.wantEnd(143)
	}
}

// A worker that crashes all the time gives up by itself; the others go on, and the
// last one to give up is the end, with its status.
func TestWorkersGiveUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := start(t, relance(), "--log-format", "json", "--workers", "2", "--backoff", "1ms..1ms", "--give-up", "3/1m", "--",
		"sh", "-c", tellWorker+`[ $RELANCE_WORKER = 1 ] && exit 7; until [ -e `+dir+`/now ]; do sleep 0.01; done; exit 8`)
	if e := wantEvent(t, r.errs, "gave-up"); e.Worker != 1 || e.Failures != 3 {
		t.Errorf("%+v", e)
	}
	if e := nextEvent(t, r.errs); e.Event != "reduced" || e.Worker != 1 || e.OtherWorkers != 1 || !strings.Contains(e.Msg, "1 other worker goes on") {
		t.Errorf("%+v", e)
	}
	if err := os.WriteFile(dir+"/now", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if e := wantEvent(t, r.errs, "gave-up"); e.Worker != 2 {
		t.Errorf("%+v", e)
	}
	r.wantEnd(8)
}

// What cannot be started at all is said once, and nobody else is started.
func TestWorkersNotFound(t *testing.T) {
	t.Parallel()
	r := run(t, relance(), "--workers", "4", "--", "/nowhere/at/all")
	if r.status != 127 || strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("%+v", r)
	}
}
