package report

import (
	"time"

	"relance/restart"
)

// stop is a stop for a reason, of what is spent and with the figures.
func stop(because restart.Reason, spent restart.Budget, budget int64, u restart.Usage) restart.Report {
	return restart.Report{
		Kind: restart.Stopping, Gen: 3, Reason: because, Uptime: time.Hour, Sig: 15, In: 10 * time.Second, Spent: spent, Budget: budget, Usage: u,
	}
}

// with changes a report.
func with(r restart.Report, change func(*restart.Report)) restart.Report {
	change(&r)
	return r
}

var spentLines = []reportLine{
	{
		"files", stop(restart.OpenFiles, restart.BudgetFiles, 800, restart.Usage{Files: 801, FilesMax: 800, FilesWho: "python3, pid 12", Processes: 2}),
		`gen 3: open-files: 801 of 800 open files in python3, pid 12, after 1h; stopping (TERM, KILL in 10 s)`,
	},
	{
		"sockets", with(stop(restart.OpenFiles, restart.BudgetSockets, 200, restart.Usage{Sockets: 200, SocketsWho: "python3, pid 12"}),
			func(r *restart.Report) { r.For = time.Minute }),
		`gen 3: open-files: 200 of 200 sockets in python3, pid 12, for 1m after 1h; stopping (TERM, KILL in 10 s)`,
	},
	{
		"tasks", stop(restart.Tasks, restart.BudgetTasks, 100, restart.Usage{Tasks: 130}),
		`gen 3: tasks: 130 of 100 processes and threads after 1h; stopping (TERM, KILL in 10 s)`,
	},
	{
		"cpu time", stop(restart.CPUTime, restart.BudgetCPU, int64(time.Minute), restart.Usage{CPU: time.Minute + 80*time.Millisecond}),
		`gen 3: cpu-time: 1m of 1m of CPU time after 1h; stopping (TERM, KILL in 10 s)`,
	},
	{
		"cpu share", with(stop(restart.CPUTime, restart.BudgetShare, 0, restart.Usage{CPU: time.Hour}),
			func(r *restart.Report) { r.Share, r.For = 0.974, 5*time.Minute }),
		`gen 3: cpu-time: 97% of a CPU for 5m, taken for hung, after 1h; stopping (TERM, KILL in 10 s)`,
	},
	{
		"silence", with(stop(restart.Watchdog, restart.BudgetSilence, int64(5*time.Minute), restart.Usage{}),
			func(r *restart.Report) { r.For = 5 * time.Minute }),
		`gen 3: watchdog: nothing written for 5m, taken for hung, after 1h; stopping (TERM, KILL in 10 s)`,
	},
	{
		"changed", with(stop(restart.Changed, restart.NoBudget, 0, restart.Usage{}), func(r *restart.Report) { r.Path = "conf.d/a.toml" }),
		`gen 3: changed: conf.d/a.toml, after 1h; stopping (TERM, KILL in 10 s)`,
	},
	{
		"changed, several", with(stop(restart.Changed, restart.NoBudget, 0, restart.Usage{}),
			func(r *restart.Report) { r.Path, r.More = "app/a.py", 12 }),
		`gen 3: changed: app/a.py and 12 others, after 1h; stopping (TERM, KILL in 10 s)`,
	},
	{
		"quiet", with(stop(restart.Age, restart.NoBudget, 0, restart.Usage{}),
			func(r *restart.Report) { r.Planned, r.Waited, r.Quiet = night, 3*time.Second, true }),
		`gen 3: age: due 2026-03-30 02:30 CEST, after 1h, quiet after 3 s; stopping (TERM, KILL in 10 s)`,
	},
	{
		"never quiet", with(stop(restart.Age, restart.NoBudget, 0, restart.Usage{}),
			func(r *restart.Report) { r.Planned, r.Waited = night, time.Minute }),
		`gen 3: age: due 2026-03-30 02:30 CEST, after 1h, not quiet within 1m; stopping (TERM, KILL in 10 s)`,
	},
	{
		"observed", with(stop(restart.Tasks, restart.BudgetTasks, 100, restart.Usage{Tasks: 130}),
			func(r *restart.Report) { r.Kind, r.Observed = restart.Observed, 1 }),
		`gen 3: tasks: 130 of 100 processes and threads after 1h; only observed (--observe)`,
	},
	{
		"observed again", with(stop(restart.Schedule, restart.NoBudget, 0, restart.Usage{}),
			func(r *restart.Report) { r.Kind, r.Observed, r.Planned = restart.Observed, 7, night }),
		`gen 3: schedule: due 2026-03-30 02:30 CEST, after 1h; only observed (--observe), verdict number 7`,
	},
	{
		"asked for another", with(stop(restart.Asked, restart.NoBudget, 0, restart.Usage{}),
			func(r *restart.Report) { r.Again, r.By = true, "USR1 from pid 7, uid 0" }),
		`gen 3: asked to start anew by USR1 from pid 7, uid 0 after 1h; stopping (TERM, KILL in 10 s)`,
	},
	{
		"requests", with(stop(restart.Requests, restart.BudgetRequests, 1000, restart.Usage{}), func(r *restart.Report) { r.Requests = 1000 }),
		`gen 3: requests: 1000 of 1000 served after 1h; stopping (TERM, KILL in 10 s)`,
	},
	{
		"requests in flight", with(stop(restart.Requests, restart.BudgetRequests, 1000, restart.Usage{}),
			func(r *restart.Report) {
				r.Requests, r.InFlight, r.Kind, r.In = 1000, 3, restart.DrainBegun, 30*time.Second
			}),
		`gen 3: requests: 1000 of 1000 served after 1h; waits for 3 requests in flight, 30 s at most`,
	},
	{
		"requests cut off", with(stop(restart.Requests, restart.BudgetRequests, 1000, restart.Usage{}),
			func(r *restart.Report) { r.Requests, r.InFlight = 1002, 1 }),
		`gen 3: requests: 1002 of 1000 served after 1h, 1 request still in flight; stopping (TERM, KILL in 10 s)`,
	},
	{
		"end of input", with(stop(restart.Requests, restart.BudgetRequests, 10, restart.Usage{}),
			func(r *restart.Report) { r.Requests, r.Closing = 10, 2*time.Second }),
		`gen 3: requests: 10 of 10 served after 1h; stopping (end of its stdin, in 2 s TERM, KILL in 10 s)`,
	},
	{
		"lost", restart.Report{Kind: restart.Backoff, Gen: 2, Reason: restart.Signaled, Exit: sigkill, Uptime: time.Minute, In: time.Second, Lost: 2},
		`gen 2: signal: KILL after 1m, 2 requests lost; next try in 1 s`,
	},
	{"up when it says so", restart.Report{Kind: restart.Up, Gen: 1, PID: 4711}, `gen 1: up, pid 4711`},
	{
		"changed, a name that moves the cursor", with(stop(restart.Changed, restart.NoBudget, 0, restart.Usage{}), func(r *restart.Report) { r.Path = "d/\x1b[2J\ngen 2: up" }),
		`gen 3: changed: "d/\x1b[2J\ngen 2: up", after 1h; stopping (TERM, KILL in 10 s)`,
	},
}
