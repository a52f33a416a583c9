package status

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"relance/report"
	"relance/restart"
)

var update = flag.Bool("update", false, "write what Text shows into testdata; commit only what you have looked at")

const mib = 1 << 20

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("CET", 60*60))

// scene plays a supervisor as the loop does: reports become events with numbers.
type scene struct {
	track *Track
	now   time.Time
	seq   uint64
}

func newScene(name string, command ...string) *scene {
	s := &scene{track: New(name), now: noon.Add(-14 * time.Hour)}
	s.track.Runs(command, 1234, s.now)
	return s
}

func (s *scene) tell(r restart.Report) {
	e := report.EventOf(r, "web", s.now)
	s.seq++
	e.Seq = s.seq
	s.track.Tell(e)
}

func (s *scene) pass(d time.Duration) { s.now = s.now.Add(d) }

// leak lets a generation grow until it has spent its budget, and the next one start.
func (s *scene) leak(worker, gen int, lasts time.Duration) {
	s.tell(restart.Report{Kind: restart.Begun, Worker: worker, Gen: gen, PID: 4000 + gen})
	if gen > 1 {
		s.tell(restart.Report{Kind: restart.Up, Worker: worker, Gen: gen, PID: 4000 + gen, After: gen - 1, In: 38 * time.Millisecond})
	}
	for i := range int64(50) {
		s.pass(lasts / 50)
		s.track.Sample(s.now, gen, (200+12*i)*mib)
	}
	r := restart.Report{
		Worker: worker, Gen: gen, Reason: restart.MemoryHigh, Spent: restart.BudgetMemory, Budget: 800 * mib, Uptime: lasts,
		Usage: restart.Usage{Memory: 812 * mib, Processes: 9, CPU: lasts / 60}, Sig: 15, In: 10 * time.Second,
	}
	r.Kind = restart.Stopping
	s.tell(r)
	s.pass(240 * time.Millisecond)
	r.Kind, r.Took, r.Exit, r.Requests = restart.Left, 240*time.Millisecond, &restart.Exited{Signal: 15, MaxRSS: 812 * mib}, 12345
	s.tell(r)
}

// crash lets a generation end badly after a while.
func (s *scene) crash(worker, gen int, after time.Duration) {
	s.tell(restart.Report{Kind: restart.Begun, Worker: worker, Gen: gen, PID: 4000 + gen})
	s.tell(restart.Report{Kind: restart.Up, Worker: worker, Gen: gen, PID: 4000 + gen, After: gen - 1, In: 38 * time.Millisecond})
	s.pass(after)
	r := restart.Report{Kind: restart.Left, Worker: worker, Gen: gen, Reason: restart.Exit, Exit: &restart.Exited{Code: 3, MaxRSS: 30 * mib}, Uptime: after}
	s.tell(r)
	r.Kind, r.In, r.Failures = restart.Backoff, time.Second, 1
	s.tell(r)
	s.pass(time.Second)
}

// leaking is a server that leaks, and has crashed once.
func leaking() Status {
	s := newScene("web", "gunicorn", "app:main", "-w", "2", "--name", "a b")
	for gen := 1; gen <= 10; gen++ {
		s.leak(0, gen, time.Hour)
	}
	s.crash(0, 11, 5*time.Second)
	s.tell(restart.Report{Kind: restart.Begun, Gen: 12, PID: 4012})
	s.tell(restart.Report{Kind: restart.Up, Gen: 12, PID: 4012, After: 11, In: time.Second})
	started := s.now
	for i := range int64(50) {
		s.pass(time.Minute)
		s.track.Sample(s.now, 12, (200+8*i)*mib)
	}
	return s.track.Status(s.now, []Live{{
		Generation: 12, PID: 4012, State: "up", Ready: true, Started: started, Memory: 600 * mib, MemoryBudget: 800 * mib, Processes: 3,
		CPU: 12 * time.Minute, CPUBudget: 2 * time.Hour, Files: 120, FilesMax: 1024, Counts: true, Requests: 5000, InFlight: 3, MaxRequests: 20000,
		Planned: s.now.Add(9 * time.Hour), PlannedFor: "schedule",
	}})
}

// workers is a pool of four, of which one waits.
func workers() Status {
	s := newScene("pool", "python3", "worker.py")
	for w := 1; w <= 4; w++ {
		s.leak(w, w, 3*time.Hour)
	}
	s.crash(4, 5, time.Second)
	var live []Live
	for w := 1; w <= 3; w++ {
		started := s.now
		s.tell(restart.Report{Kind: restart.Begun, Worker: w, Gen: 5 + w, PID: 5005 + w})
		live = append(live, Live{
			Worker: w, Generation: 5 + w, PID: 5005 + w, State: "up", Ready: true, Started: started, Memory: (100 + int64(w)*200) * mib, MemoryBudget: 800 * mib,
			CPU: time.Second, Counts: true, Requests: int64(w) * 100, MaxRequests: 100000,
		})
	}
	for i := range int64(20) {
		s.pass(time.Minute)
		for w := 1; w <= 3; w++ {
			s.track.Sample(s.now, 5+w, (100+int64(w)*10*i)*mib)
		}
	}
	s.tell(restart.Report{Kind: restart.Backoff, Worker: 4, Gen: 5, Reason: restart.Exit, Exit: &restart.Exited{Code: 3}, In: 30 * time.Second, Failures: 9})
	s.pass(time.Second)
	live[2].Due = "memory-high"
	live = append(live, Live{Worker: 4, Generation: 5, State: "waiting", Because: "exit", Until: s.now.Add(29 * time.Second), MemoryBudget: 800 * mib})
	return s.track.Status(s.now, live)
}

// bare is a command without any flag, that has just been started.
func bare() Status {
	s := newScene("", "sleep", "100")
	s.tell(restart.Report{Kind: restart.Begun, Gen: 1, PID: 77})
	return s.track.Status(s.now.Add(1500*time.Millisecond), []Live{{Generation: 1, PID: 77, State: "up", Ready: true, Started: s.now}})
}

// hostile has names that want to be more than names.
func hostile() Status {
	s := newScene("\x1b[2J\u202egnp.exe", "python3\r\n", "注文サーバ", "\xff")
	s.tell(restart.Report{Kind: restart.Begun, Gen: 1, PID: 77})
	s.pass(time.Minute)
	s.tell(restart.Report{Kind: restart.StartFailure, Gen: 2, Reason: restart.StartFailed, Err: "exec 注文サーバ注文サーバ注文サーバ注文サーバ注文サーバ注文サーバ注文サーバ: \x07no\x9b such file"})
	s.seq += 7
	s.tell(restart.Report{Kind: restart.Observed, Gen: 1, Reason: restart.OpenFiles, Spent: restart.BudgetFiles, Uptime: time.Minute,
		Usage: restart.Usage{Files: 1000, FilesWho: "注文サーバ\x1b]0;x\x07, pid 12"}, Budget: 1000, Observed: 1})
	return s.track.Status(s.now, []Live{{Generation: 1, PID: 77, State: "up", Why: "注文サーバ says \x1b[2J", Started: noon.Add(-14 * time.Hour)}})
}

// handover is one that works until its successor is ready, and one that has left too late.
func handover() Status {
	s := newScene("", "./server")
	s.tell(restart.Report{Kind: restart.Begun, Gen: 1, PID: 77})
	s.pass(time.Minute)
	s.tell(restart.Report{Kind: restart.Begun, Gen: 2, PID: 78})
	s.pass(3 * time.Second)
	return s.track.Status(s.now, []Live{
		{Generation: 2, PID: 78, State: "up", Why: "GET http://127.0.0.1:8080/health: 503 Service Unavailable", Started: s.now.Add(-3 * time.Second)},
		{Generation: 1, PID: 77, State: "stopping", Because: "memory-high", Until: s.now.Add(7 * time.Second), Started: noon},
	})
}

// waiting has crashed, and is started again in a while.
func waiting() Status {
	s := newScene("", "false")
	s.crash(0, 1, time.Second)
	s.tell(restart.Report{Kind: restart.Backoff, Gen: 1, Reason: restart.Exit, Exit: &restart.Exited{Code: 1}, In: 12 * time.Second, Failures: 5})
	s.pass(2 * time.Second)
	return s.track.Status(s.now, []Live{{Generation: 1, State: "waiting", Because: "exit", Until: s.now.Add(10 * time.Second)}})
}

var scenes = map[string]func() Status{"waiting": waiting, "leaking": leaking, "workers": workers, "bare": bare, "hostile": hostile, "handover": handover}

// golden compares text with a file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; now:\n%s", path, got)
	}
}
