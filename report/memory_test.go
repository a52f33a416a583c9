package report

import (
	"strings"
	"testing"
	"time"

	"relance/restart"
)

// memoryLines has what the group of the tree makes us say; it is part of lines.
var memoryLines = []reportLine{
	{"too long over it", restart.Report{
		Kind: restart.Stopping, Gen: 3, Reason: restart.MemoryHigh, Uptime: 5 * time.Hour, For: 90 * time.Second,
		Usage: restart.Usage{Memory: 812 * mib, Processes: 9}, Budget: 800 * mib, Sig: 15, In: 10 * time.Second,
	}, `gen 3: memory-high: 812 MiB of 800 MiB for 1m30s after 5h, 9 processes; stopping (TERM, KILL in 10 s)`},
	{"stalled", restart.Report{
		Kind: restart.Stopping, Gen: 3, Reason: restart.MemoryHigh, Uptime: 5 * time.Hour, Stalled: true,
		Usage: restart.Usage{Memory: 780 * mib, Processes: 9}, Budget: 800 * mib, Sig: 15, In: 10 * time.Second,
	}, `gen 3: memory-high: 780 MiB of 800 MiB and hardly anything but waiting for memory, after 5h, 9 processes; stopping (TERM, KILL in 10 s)`},
	{"pressure", restart.Report{
		Kind: restart.Stopping, Gen: 3, Reason: restart.MemoryHigh, Uptime: 12 * time.Second, Pressure: "full 200ms/2s",
		Usage: restart.Usage{Memory: 61 * mib, Processes: 1}, Budget: 64 * mib, Sig: 15, In: 10 * time.Second,
	}, `gen 3: memory-high: tasks waited for memory: full 200ms/2s, 61 MiB of 64 MiB after 12 s, 1 process; stopping (TERM, KILL in 10 s)`},
	{"pressure, no budget", restart.Report{
		Kind: restart.Stopping, Gen: 3, Reason: restart.MemoryHigh, Uptime: 12 * time.Second, Pressure: "some 200ms/2s",
		Usage: restart.Usage{Memory: 61 * mib, Processes: 1}, Sig: 15, In: 10 * time.Second,
	}, `gen 3: memory-high: tasks waited for memory: some 200ms/2s, 61 MiB after 12 s, 1 process; stopping (TERM, KILL in 10 s)`},
	{"pressure, no look", restart.Report{
		Kind: restart.Stopping, Gen: 3, Reason: restart.MemoryHigh, Uptime: 12 * time.Second, Pressure: "some 200ms/2s",
		Budget: 64 * mib, Sig: 15, In: 10 * time.Second,
	}, `gen 3: memory-high: tasks waited for memory: some 200ms/2s after 12 s; stopping (TERM, KILL in 10 s)`},

	{"the command was the victim", restart.Report{
		Kind: restart.Ended, Gen: 3, Reason: restart.OOMKilled, Exit: sigkill, Uptime: 12 * time.Second, Own: true, Counters: oneKill, MemoryMax: 96 * mib,
	}, `gen 3: oom-kill: python3, pid 812 (the command itself) was killed at memory.max 96 MiB, peak 95 MiB, after 12 s; relaunching`},
	{"the same, nameless", restart.Report{
		Kind: restart.Ended, Gen: 3, Reason: restart.OOMKilled, Exit: sigkill, Uptime: 12 * time.Second, Own: true, Counters: restart.Counters{OOM: 1, OOMKill: 1},
	}, `gen 3: oom-kill: the command itself was killed at the memory limit of its group, after 12 s; relaunching`},
	{"the whole group", restart.Report{
		Kind: restart.Ended, Gen: 3, Reason: restart.OOMKilled, Exit: sigkill, Uptime: 12 * time.Second, Own: true, MemoryMax: 96 * mib,
		Counters: restart.Counters{OOM: 1, OOMKill: 3, Victim: "python3, pid 812"},
	}, `gen 3: oom-kill: python3, pid 812, and 2 more (the command itself among them) were killed at memory.max 96 MiB, after 12 s; relaunching`},
	{"a worker was the victim", restart.Report{
		Kind: restart.Stopping, Gen: 3, Reason: restart.OOMKilled, Uptime: 12 * time.Second, Counters: oneKill, MemoryMax: 96 * mib, Sig: 15, In: 10 * time.Second,
	}, `gen 3: oom-kill: python3, pid 812 was killed at memory.max 96 MiB, peak 95 MiB, after 12 s; the rest is shut down (TERM, KILL in 10 s)`},
	{"a worker of a container", restart.Report{
		Kind: restart.Stopping, Gen: 3, Reason: restart.OOMKilled, Uptime: 12 * time.Second, MemoryMax: 96 * mib,
		Counters: restart.Counters{OOMKill: 1, OOMAbove: 1}, Sig: 15, In: 10 * time.Second,
	}, `gen 3: oom-kill: a process of the tree was killed at the limit of the group around relance, after 12 s; the rest is shut down (TERM, KILL in 10 s)`},
	{"a worker at the limit of all", restart.Report{
		Kind: restart.Ended, Gen: 3, Reason: restart.OOMKilled, Exit: sigkill, Uptime: 12 * time.Second, Own: true, MemoryMax: 96 * mib,
		Counters: restart.Counters{OOMKill: 1, OOMTotal: 1, OOMAbove: 1},
	}, `gen 3: oom-kill: the command itself was killed at --total-memory-max, the limit of all generations together, after 12 s; relaunching`},
	{"left behind by a victim", restart.Report{
		Kind: restart.LeftBehind, Gen: 3, Reason: restart.OOMKilled, Exit: sigkill, Uptime: 12 * time.Second, Own: true, Left: 2,
		Counters: oneKill, MemoryMax: 96 * mib, Sig: 15, In: 10 * time.Second,
	}, `gen 3: oom-kill: python3, pid 812 (the command itself) was killed at memory.max 96 MiB, peak 95 MiB, after 12 s, and left 2 processes behind; stopping (TERM, KILL in 10 s)`},
	{"the rest goes on", restart.Report{
		Kind: restart.OOM, Gen: 3, Reason: restart.OOMKilled, Uptime: 12 * time.Second, Counters: restart.Counters{OOMKill: 2},
	}, `gen 3: oom-kill: 2 processes of the tree were killed by the host, which was out of memory, after 12 s; the rest goes on (--oom-policy continue)`},
	{"while stopping", restart.Report{
		Kind: restart.OOM, Gen: 3, Reason: restart.OOMKilled, Uptime: 12 * time.Second, Counters: oneKill, MemoryMax: 96 * mib, Exit: sigkill, Sig: 15,
	}, `gen 3: oom-kill: python3, pid 812 was killed at memory.max 96 MiB, peak 95 MiB, after 12 s, while it was being stopped`},
	{"the end", restart.Report{
		Kind: restart.OOM, Gen: 3, Reason: restart.OOMKilled, Uptime: 12 * time.Second, Counters: oneKill, MemoryMax: 96 * mib, Exit: sigkill, Own: true,
	}, `gen 3: oom-kill: python3, pid 812 (the command itself) was killed at memory.max 96 MiB, peak 95 MiB, after 12 s; not launched again (--restart never)`},
	{"no help", restart.Report{
		Kind: restart.NoHelp, Gen: 3, Reason: restart.OOMKilled, Exit: sigkill, Uptime: 12 * time.Millisecond, Own: true, Counters: oneKill, MemoryMax: 96 * mib,
		In: 200 * time.Millisecond, Failures: 1,
	}, `gen 3: oom-kill: python3, pid 812 (the command itself) was killed at memory.max 96 MiB, peak 95 MiB, after 12 ms, sooner than --min-uptime: relaunching does not help; next try in 200 ms`},
	{"never, the rest was stopped", restart.Report{
		Kind: restart.BudgetEnd, Gen: 3, Reason: restart.OOMKilled, Exit: terminate, Uptime: 12 * time.Second, Counters: oneKill,
	}, `gen 3: oom-kill: ended, and not launched again (--restart never); exit status 124`},

	{
		"out of its group", restart.Report{Kind: restart.Escaped, Gen: 2, Uptime: 12 * time.Second, Budget: 64 * mib},
		`gen 2: the command has left its group, so its limits do not reach it any more; its memory is looked at in /proc`,
	},
	{
		"out of its group, no budget", restart.Report{Kind: restart.Escaped, Gen: 2, Uptime: 12 * time.Second},
		`gen 2: the command has left its group, so its limits do not reach it any more`,
	},
	{"no more processes", restart.Report{Kind: restart.PIDsMax, Gen: 3, Uptime: 12 * time.Second, PIDsMax: 50}, `gen 3: pids.max of 50 reached after 12 s: a fork was refused`},
	{"a limit of somebody else", restart.Report{Kind: restart.PIDsMax, Gen: 3, Uptime: 12 * time.Second}, `gen 3: pids.max reached after 12 s: a fork was refused`},
}

// TestNoTail: a line about an OOM kill has no comma twice, whatever is not known.
func TestNoTail(t *testing.T) {
	for _, l := range memoryLines {
		r := l.report
		r.Counters = restart.Counters{OOMKill: r.Counters.OOMKill}
		r.Usage = restart.Usage{}
		for _, bad := range []string{",,", "  ", ": ,", ", ;", " ,"} {
			if got := Text(r); strings.Contains(got, bad) {
				t.Errorf("%s: %q in %s", l.name, bad, got)
			}
		}
	}
}
