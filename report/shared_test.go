package report

import (
	"time"

	"relance/restart"
)

var sharedLines = []reportLine{
	{"waits for its turn", restart.Report{
		Kind: restart.Queued, Worker: 2, Gen: 7, Reason: restart.MemoryHigh, Uptime: time.Hour, Usage: restart.Usage{Memory: 812 * mib, Processes: 1},
		Budget: 800 * mib, Ahead: 4,
	}, `worker 2, gen 7: memory-high: 812 MiB of 800 MiB after 1h, 1 process; recycled when worker 4 is back at work (--max-unavailable)`},
	{"waits for one that fails", restart.Report{Kind: restart.Queued, Worker: 2, Gen: 7, Reason: restart.Asked, Again: true, Uptime: time.Hour, Ahead: 4, Failures: 3},
		`worker 2, gen 7: asked to start anew after 1h; recycled when worker 4 is back at work, which has ended 3 times in a row (--max-unavailable)`},
	{"waits for the one before", restart.Report{Kind: restart.Queued, Gen: 7, Reason: restart.Asked, Again: true, Uptime: time.Hour},
		`gen 7: asked to start anew after 1h; recycled when the one before it has left`},
	{"hands over", restart.Report{Kind: restart.HandingOver, Gen: 1, Reason: restart.Asked, Again: true, By: "HUP from pid 9, uid 0", Uptime: time.Hour},
		`gen 1: asked to start anew by HUP from pid 9, uid 0 after 1h; works on until the next one is ready (--handover)`},
	{"has taken over", restart.Report{Kind: restart.Up, Gen: 2, PID: 4711, Handover: true, After: 1}, `gen 2: up, pid 4711, in place of gen 1`},
	{"does not take over", restart.Report{
		Kind: restart.HandoverFailed, Gen: 2, Reason: restart.Exit, Exit: status3, Uptime: time.Second, In: 2 * time.Second, Failures: 2, Handover: true,
	}, `gen 2: exit: status 3 after 1 s; not ready, so it does not take over; next try in 2 s (2 in a row); the old one works on`},
	{"cannot be started", restart.Report{
		Kind: restart.HandoverFailed, Gen: 2, Reason: restart.StartFailed, Err: "exec ./server: no such file or directory", In: time.Second, Handover: true,
	}, `gen 2: start-failed: exec ./server: no such file or directory; not ready, so it does not take over; next try in 1 s; the old one works on`},
	{"does not take over, and the next one is wanted at once", restart.Report{Kind: restart.HandoverFailed, Gen: 2, Reason: restart.Exit, Exit: status3, Uptime: time.Second, Handover: true},
		`gen 2: exit: status 3 after 1 s; not ready, so it does not take over; next try at once; the old one works on`},
	{"has nobody to take over from", restart.Report{Kind: restart.HandoverFailed, Gen: 2, Reason: restart.Exit, Exit: status3, Uptime: time.Second},
		`gen 2: exit: status 3 after 1 s; not ready, so it does not take over`},
	{"is not ready in time", restart.Report{
		Kind: restart.Stopping, Gen: 2, Reason: restart.StartFailed, Unready: "HTTP 503", For: 90 * time.Second, Uptime: 90 * time.Second, Sig: 15, In: time.Second,
	}, `gen 2: start-failed: not ready within 1m30s (--start-timeout): HTTP 503; stopping (TERM, KILL in 1 s)`},
	{"would do no better", restart.Report{
		Kind: restart.NoHelp, Gen: 2, Reason: restart.Tasks, Spent: restart.BudgetTasks, Usage: restart.Usage{Tasks: 12}, Budget: 10, Uptime: time.Second,
		In: time.Second, Handover: true,
	}, `gen 2: tasks: 12 of 10 processes and threads after 1 s, sooner than --min-uptime: relaunching does not help; next try in 1 s; the old one works on`},
	{"one less", restart.Report{Kind: restart.Reduced, Worker: 1, Gen: 9, Reason: restart.Exit, Uptime: time.Second, Workers: 3, Exit: status3},
		`worker 1, gen 9: exit: status 3 after 1 s; not launched again; 3 other workers go on`},
	{"one less that could not be started", restart.Report{Kind: restart.Reduced, Worker: 1, Gen: 9, Reason: restart.StartFailed, Workers: 1, Exit: status3},
		`worker 1, gen 9: not launched again; 1 other worker goes on`},
	{"waits for the gate", restart.Report{Kind: restart.Gated, Gen: 7, Reason: restart.Asked, Again: true, Uptime: time.Hour, In: 10 * time.Minute},
		`gen 7: asked to start anew after 1h; waits for --before-relaunch, 10m at most`},
	{"waits for the gate for ever", restart.Report{Kind: restart.Gated, Gen: 7, Reason: restart.Asked, Again: true, Uptime: time.Hour, In: restart.Forever},
		`gen 7: asked to start anew after 1h; waits for --before-relaunch`},
	{"the gate says no", restart.Report{Kind: restart.GateFailed, Gen: 7, Reason: restart.Age, Err: "exit status 1", In: 2 * time.Second, Failures: 3},
		`gen 7: age: --before-relaunch: exit status 1; next try in 2 s (3 in a row)`},
	{"the gate says nothing", restart.Report{Kind: restart.GateFailed, Gen: 7, Reason: restart.Age, Waited: 10 * time.Minute},
		`gen 7: age: --before-relaunch: no answer within 10m (--gate-timeout); the recycle goes ahead (--gate-policy)`},
	{"the gate is lost", restart.Report{Kind: restart.GateLost, Gen: 7, Reason: restart.Age, Err: "exit status 1"},
		`gen 7: --before-relaunch has ended (exit status 1) before it was told to; what it held is lost, and the recycle goes on`},
	{"the gate is lost, and well", restart.Report{Kind: restart.GateLost, Gen: 7, Reason: restart.Age},
		`gen 7: --before-relaunch has ended before it was told to; what it held is lost, and the recycle goes on`},
}
