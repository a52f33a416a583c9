package report

import (
	"slices"
	"testing"
	"time"

	"relance/restart"
)

const mib = 1 << 20

// Ends of a child.
var (
	status3   = &restart.Exited{Code: 3}
	segv      = &restart.Exited{Signal: 11, Core: true}
	terminate = &restart.Exited{Signal: 15}
	xcpu      = &restart.Exited{Signal: 24, CPU: 5 * time.Second}
	xfsz      = &restart.Exited{Signal: 25}
	xfszShell = &restart.Exited{Code: 153}
	sigkill   = &restart.Exited{Signal: 9}
)

var oneKill = restart.Counters{OOM: 1, OOMKill: 1, Peak: 95 * mib, Victim: "python3, pid 812"}

var night = time.Date(2026, 3, 30, 2, 30, 0, 0, time.FixedZone("CEST", 2*60*60))

type reportLine struct {
	name   string
	report restart.Report
	want   string
}

// lines has every kind of report with every reason that it can have.
var lines = slices.Concat(plainLines, memoryLines, spentLines, sharedLines, helpedLines)

var plainLines = []reportLine{
	{"left behind nobody", restart.Report{
		Kind: restart.Left, Gen: 1, Reason: restart.Exit, Exit: &restart.Exited{}, Uptime: time.Hour,
	}, `gen 1: exit: status 0 after 1h`},
	{"begun", restart.Report{Kind: restart.Begun, Gen: 4, PID: 7}, `gen 4: started, pid 7`},
	{"left", restart.Report{
		Kind: restart.Left, Gen: 3, Reason: restart.Requests, Exit: &restart.Exited{CPU: 3 * time.Second, MaxRSS: 9 * mib}, Uptime: time.Hour,
		Spent: restart.BudgetRequests, Budget: 1000, Requests: 1000, Took: 2500 * time.Millisecond, Handover: true,
	}, `gen 3: requests: 1000 of 1000 served after 1h; gone 2.5 s later, status 0`},
	{"up", restart.Report{Kind: restart.Up, Gen: 4, PID: 4711, In: 38 * time.Millisecond, After: 3}, `gen 4: up, pid 4711, 38 ms after gen 3 ended`},
	{"up at once", restart.Report{Kind: restart.Up, Gen: 4, PID: 4711, After: 3}, `gen 4: up, pid 4711, 0 s after gen 3 ended`},
	{"up with a plan", restart.Report{Kind: restart.Up, Gen: 4, PID: 4711, After: 3, Planned: night}, `gen 4: up, pid 4711, 0 s after gen 3 ended; next recycle by the clock 2026-03-30 02:30 CEST`},
	{"planned", restart.Report{Kind: restart.Planned, Gen: 1, Planned: night.Add(7*time.Second + 1)}, `gen 1: next recycle by the clock 2026-03-30 02:30:07 CEST`},
	{"age", restart.Report{
		Kind: restart.Stopping, Gen: 3, Reason: restart.Age, Uptime: 6 * time.Hour, Sig: 15, In: 10 * time.Second, Planned: night,
	}, `gen 3: age: due 2026-03-30 02:30 CEST, after 6h; stopping (TERM, KILL in 10 s)`},
	{"schedule", restart.Report{
		Kind: restart.Stopping, Gen: 3, Reason: restart.Schedule, Uptime: 24 * time.Hour, Sig: 3, In: restart.Forever, Planned: night,
	}, `gen 3: schedule: due 2026-03-30 02:30 CEST, after 1d; stopping (QUIT, no KILL)`},
	{"waits for the window", restart.Report{
		Kind: restart.Deferred, Gen: 3, Reason: restart.MemoryHigh, Uptime: time.Hour, Usage: restart.Usage{Memory: 812 * mib, Processes: 9},
		Budget: 800 * mib, Planned: night,
	}, `gen 3: memory-high: 812 MiB of 800 MiB after 1h, 9 processes; waits for the window until 2026-03-30 02:30 CEST`},
	{"pressure waits for the window", restart.Report{
		Kind: restart.Deferred, Gen: 3, Reason: restart.MemoryHigh, Uptime: time.Hour, Pressure: "full 200ms/2s", Planned: night,
	}, `gen 3: memory-high: tasks waited for memory: full 200ms/2s after 1h; waits for the window until 2026-03-30 02:30 CEST`},
	{"memory", restart.Report{
		Kind: restart.Stopping, Gen: 3, Reason: restart.MemoryHigh, Uptime: 5*time.Hour + 12*time.Minute,
		Usage: restart.Usage{Memory: 812 * mib, Processes: 9}, Budget: 800 * mib, Sig: 15, In: 10 * time.Second,
	}, `gen 3: memory-high: 812 MiB of 800 MiB after 5h12m, 9 processes; stopping (TERM, KILL in 10 s)`},
	{"memory of one process, no kill", restart.Report{
		Kind: restart.Stopping, Gen: 3, Reason: restart.MemoryHigh, Uptime: time.Minute,
		Usage: restart.Usage{Memory: 812 * mib, Processes: 1}, Budget: 800 * mib, Sig: 2, In: restart.Forever,
	}, `gen 3: memory-high: 812 MiB of 800 MiB after 1m, 1 process; stopping (INT, no KILL)`},
	{"asked", restart.Report{Kind: restart.Stopping, Gen: 1, Reason: restart.Asked, Uptime: 3 * time.Second, Sig: 15, In: 10 * time.Second}, `gen 1: asked to end after 3 s; stopping (TERM, KILL in 10 s)`},
	{"asked, grace 0", restart.Report{Kind: restart.Stopping, Gen: 1, Reason: restart.Asked, Uptime: 3 * time.Second, Sig: 15}, `gen 1: asked to end after 3 s; stopping (TERM, KILL at once)`},

	{"left behind", restart.Report{
		Kind: restart.LeftBehind, Gen: 1, Reason: restart.Exit, Exit: &restart.Exited{}, Uptime: time.Hour, Left: 1, Sig: 15, In: 10 * time.Second,
	}, `gen 1: exit: status 0 after 1h, and left 1 process behind; stopping (TERM, KILL in 10 s)`},
	{"left behind by Ctrl-C", restart.Report{
		Kind: restart.LeftBehind, Gen: 1, Reason: restart.Asked, Exit: terminate, Uptime: time.Hour, Left: 12, Sig: 15, In: 10 * time.Second,
	}, `gen 1: asked to end after 1h, and left 12 processes behind; stopping (TERM, KILL in 10 s)`},
	{"left behind at a limit", restart.Report{
		Kind: restart.LeftBehind, Gen: 1, Reason: restart.CPULimit, Exit: xcpu, Uptime: time.Hour, Left: 2, Sig: 15, In: restart.Forever,
	}, `gen 1: cpu-limit: XCPU with 5 s of CPU time after 1h, and left 2 processes behind; stopping (TERM, no KILL)`},

	{"killing", restart.Report{Kind: restart.Killing, Gen: 2, Reason: restart.MemoryHigh, Uptime: time.Hour, Usage: restart.Usage{Memory: 900 * mib}, Budget: 800 * mib}, `gen 2: memory-high: not all gone; KILL to the whole tree`},
	{"killing what is left", restart.Report{Kind: restart.Killing, Gen: 2, Reason: restart.Exit, Exit: status3, Left: 2}, `gen 2: exit: not all gone; KILL to the whole tree`},
	{"unkillable", restart.Report{Kind: restart.Unkillable, Gen: 2, Reason: restart.Asked}, `gen 2: asked: still not all gone after several rounds of KILL (state D, or not ours to kill?); nothing new starts before`},

	{"ended", restart.Report{Kind: restart.Ended, Gen: 2, Reason: restart.Exit, Exit: &restart.Exited{}, Uptime: time.Hour}, `gen 2: exit: status 0 after 1h; relaunching`},
	{"cpu limit", restart.Report{Kind: restart.Ended, Gen: 2, Reason: restart.CPULimit, Exit: xcpu, Uptime: time.Hour}, `gen 2: cpu-limit: XCPU with 5 s of CPU time after 1h; relaunching`},
	{"cpu limit, hard", restart.Report{Kind: restart.Ended, Gen: 2, Reason: restart.CPULimit, Exit: &restart.Exited{Signal: 9, CPU: 9 * time.Second}, Uptime: time.Hour}, `gen 2: cpu-limit: KILL with 9 s of CPU time after 1h; relaunching`},
	{"cpu limit, charged", restart.Report{Kind: restart.Ended, Gen: 2, Reason: restart.CPULimit, Exit: &restart.Exited{Signal: 9, CPU: 5 * time.Second, Charged: 9 * time.Second}, Uptime: time.Hour}, `gen 2: cpu-limit: KILL with 9 s of CPU time after 1h; relaunching`},
	{"file size limit", restart.Report{Kind: restart.Ended, Gen: 2, Reason: restart.FileSizeLimit, Exit: xfsz, Uptime: time.Hour}, `gen 2: file-size-limit: XFSZ after 1h; relaunching`},
	{"file size limit, by a shell", restart.Report{Kind: restart.Ended, Gen: 2, Reason: restart.FileSizeLimit, Exit: xfszShell, Uptime: time.Hour}, `gen 2: file-size-limit: status 153 after 1h; relaunching`},
	{"memory limit", restart.Report{
		Kind: restart.Ended, Gen: 2, Reason: restart.MemoryMax, Exit: status3, Uptime: time.Hour,
		Usage: restart.Usage{VMSize: 990 * mib, VMData: 300 * mib, Processes: 2},
	}, `gen 2: memory-max: status 3 after 1h, near its RLIMIT_AS or RLIMIT_DATA (largest process: 990 MiB of address space, 300 MiB of data); relaunching`},

	{"crash", restart.Report{Kind: restart.Backoff, Gen: 1, Reason: restart.Exit, Exit: status3, Uptime: time.Millisecond, In: 120 * time.Millisecond, Failures: 1}, `gen 1: exit: status 3 after 1 ms; next try in 120 ms`},
	{"crash again", restart.Report{Kind: restart.Backoff, Gen: 7, Reason: restart.Signaled, Exit: segv, Uptime: 90 * time.Second, In: 30 * time.Second, Failures: 7}, `gen 7: signal: SEGV (core dumped) after 1m30s; next try in 30 s (7 in a row)`},
	{"start failed", restart.Report{Kind: restart.Backoff, Gen: 2, Reason: restart.StartFailed, Err: `run "app": not found in PATH`, In: 200 * time.Millisecond, Failures: 2}, `gen 2: start-failed: run "app": not found in PATH; next try in 200 ms (2 in a row)`},
	{"ended well too soon", restart.Report{Kind: restart.Backoff, Gen: 2, Reason: restart.Exit, Exit: &restart.Exited{}, Uptime: 10 * time.Millisecond, In: 200 * time.Millisecond, Failures: 2}, `gen 2: exit: status 0 after 10 ms; next try in 200 ms (2 in a row)`},
	{"no help", restart.Report{
		Kind: restart.NoHelp, Gen: 2, Reason: restart.MemoryHigh, Exit: terminate, Uptime: 400 * time.Millisecond,
		Usage: restart.Usage{Memory: 812 * mib, Processes: 9}, Budget: 800 * mib, In: 200 * time.Millisecond, Failures: 2,
	}, `gen 2: memory-high: 812 MiB of 800 MiB after 400 ms, sooner than --min-uptime: relaunching does not help; next try in 200 ms (2 in a row)`},
	{"no help at a limit", restart.Report{Kind: restart.NoHelp, Gen: 2, Reason: restart.FileSizeLimit, Exit: xfsz, Uptime: 400 * time.Millisecond, In: 200 * time.Millisecond, Failures: 1}, `gen 2: file-size-limit: XFSZ after 400 ms, sooner than --min-uptime: relaunching does not help; next try in 200 ms`},
	{"gave up", restart.Report{Kind: restart.GaveUp, Gen: 5, Reason: restart.Signaled, Exit: segv, Uptime: time.Second, Failures: 5}, `gen 5: signal: SEGV (core dumped) after 1 s; giving up after 5 failures (--give-up)`},
	{"gave up at once", restart.Report{Kind: restart.GaveUp, Gen: 1, Reason: restart.Exit, Exit: status3, Uptime: time.Second, Failures: 1}, `gen 1: exit: status 3 after 1 s; giving up after 1 failure (--give-up)`},
	{"gave up starting", restart.Report{Kind: restart.GaveUp, Gen: 5, Reason: restart.StartFailed, Err: "fork: resource temporarily unavailable", Failures: 5}, `gen 5: start-failed: fork: resource temporarily unavailable; giving up after 5 failures (--give-up)`},
	{"gave up, and others go on", restart.Report{Kind: restart.GaveUp, Worker: 2, Gen: 5, Reason: restart.Exit, Exit: status3, Uptime: time.Second, Failures: 2, Workers: 1}, `worker 2, gen 5: exit: status 3 after 1 s; giving up after 2 failures (--give-up)`},
	{"gave up as the last", restart.Report{Kind: restart.GaveUp, Worker: 2, Gen: 5, Reason: restart.Exit, Exit: status3, Uptime: time.Second, Failures: 2}, `worker 2, gen 5: exit: status 3 after 1 s; giving up after 2 failures (--give-up); no worker is left, so relance ends`},

	{"never", restart.Report{
		Kind: restart.BudgetEnd, Gen: 1, Reason: restart.MemoryHigh, Exit: terminate, Uptime: time.Hour,
		Usage: restart.Usage{Memory: 812 * mib, Processes: 9}, Budget: 800 * mib,
	}, `gen 1: memory-high: ended, and not launched again (--restart never); exit status 124`},
	{"first start failed", restart.Report{Kind: restart.StartFailure, Gen: 1, Reason: restart.StartFailed, Err: `run "app": not found in PATH`}, `gen 1: run "app": not found in PATH`},
	{"blind", restart.Report{Kind: restart.Blind, Gen: 1, Err: "open /proc/12/smaps_rollup: permission denied\nopen /proc/13/stat: permission denied"}, `gen 1: cannot see all that it uses: open /proc/12/smaps_rollup: permission denied; open /proc/13/stat: permission denied; what is not seen is not watched`},
	{"asked by", restart.Report{Kind: restart.Stopping, Gen: 1, Reason: restart.Asked, Uptime: 3 * time.Second, Sig: 15, In: 10 * time.Second, By: "TERM from pid 7, uid 0"}, `gen 1: asked to end by TERM from pid 7, uid 0 after 3 s; stopping (TERM, KILL in 10 s)`},
}

func TestText(t *testing.T) {
	for _, l := range lines {
		t.Run(l.name, func(t *testing.T) {
			if got := Text(l.report); got != l.want {
				t.Errorf("\n got %s\nwant %s", got, l.want)
			}
		})
	}
}
