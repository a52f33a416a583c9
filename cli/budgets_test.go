package cli

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/restart"
)

// parsed is what the words of a command line make.
func parsed(t *testing.T, words ...string) *Run {
	t.Helper()
	todo, err := Parse(input(append(words, "prog")...))
	if err != nil {
		t.Fatalf("%q: %v", words, err)
	}
	return todo.(*Run)
}

// TestBudgetFlags: what each flag makes of the policy.
func TestBudgetFlags(t *testing.T) {
	for words, right := range map[string]func(*Run) bool{
		"--max-open-files 90": func(r *Run) bool {
			return r.Policy.MaxFiles && r.MaxFiles == 90 && r.FilesPercent == 0 && len(r.Notes) == 0
		},
		"--max-open-files 80%": func(r *Run) bool { return r.Policy.MaxFiles && r.MaxFiles == 0 && r.FilesPercent == 80 },
		// The soft limit that the command starts with is 100, the hard one 200.
		"--max-open-files 150": func(r *Run) bool {
			return r.MaxFiles == 150 && len(r.Notes) == 1 && strings.Contains(r.Notes[0], "may have 100 open unless it asks for more itself")
		},
		"--rlimit nofile=160 --max-open-files 150": func(r *Run) bool { return len(r.Notes) == 0 },
		"--max-sockets 200":                        func(r *Run) bool { return r.Policy.MaxSockets == 200 },
		"--max-tasks 49 --pids-max 50":             func(r *Run) bool { return r.Policy.MaxTasks == 49 },
		"--max-tasks 49 --for 1m":                  func(r *Run) bool { return r.Policy.For == time.Minute && r.Policy.MemoryFor == time.Minute },
		"--memory-high 1G --for 1m":                func(r *Run) bool { return r.Policy.MemoryFor == time.Minute },
		"--memory-high 1G --max-tasks 9 --for 1m --memory-for 2m": func(r *Run) bool {
			return r.Policy.For == time.Minute && r.Policy.MemoryFor == 2*time.Minute
		},
		"--cpu-time 1h":                 func(r *Run) bool { return r.Policy.CPUTime == time.Hour && r.Policy.CPUs > 0 },
		"--cpu-time 9s --rlimit cpu=10": func(r *Run) bool { return r.Policy.CPUTime == 9*time.Second },
		"--cpu-share 95%/5m":            func(r *Run) bool { return r.Policy.CPUShare == 0.95 && r.Policy.CPUShareFor == 5*time.Minute },
		"--watch a --watch b/*.toml,c":  func(r *Run) bool { return slices.Equal(r.Watch, []string{"a", "b/*.toml,c"}) },
		"--every 1h --idle-wait 1m":     func(r *Run) bool { return r.Policy.IdleWait == time.Minute },
		"--restart-signal USR1":         func(r *Run) bool { return r.RestartSignal == unix.SIGUSR1 },
		"--restart-signal RTMIN+2":      func(r *Run) bool { return r.RestartSignal == 36 },
		"--every 1h --observe --max-tasks 9": func(r *Run) bool {
			o := r.Policy.Observe
			return o.Has(restart.Age) && o.Has(restart.Tasks) && !o.Has(restart.MemoryHigh) && !o.Has(restart.Schedule)
		},
		"--memory-high 1G --every 1h --observe=memory-high": func(r *Run) bool {
			o := r.Policy.Observe
			return o.Has(restart.MemoryHigh) && !o.Has(restart.Age) && *r.Group.MemoryHigh == cgroup.NoLimit && r.Policy.MemoryHigh == 1<<30
		},
		"--memory-high 1G --every 1h --observe=age": func(r *Run) bool { return *r.Group.MemoryHigh == 1<<30 },
	} {
		run := parsed(t, strings.Fields(words)...)
		if !right(run) || !run.Supervising {
			t.Errorf("%s: %+v", words, run)
		}
	}
}

// TestBackstop: the kernel's limit lies a grace above the budget, rounded up, and
// an end by it is told from a crash.
func TestBackstop(t *testing.T) {
	for words, want := range map[string][2]uint64{
		"--cpu-time 1s --cpu-backstop":                       {11, 21},
		"--cpu-time 1500ms --cpu-backstop --stop-timeout 1s": {3, 4},
		"--cpu-time 1s --cpu-backstop --stop-timeout 0":      {2, 3},
	} {
		run := parsed(t, strings.Fields(words)...)
		limit := run.Settings.Rlimits[len(run.Settings.Rlimits)-1]
		if limit.Resource != unix.RLIMIT_CPU || limit.Cur != want[0] || limit.Max != want[1] {
			t.Errorf("%s: %+v, want %v", words, limit, want)
		}
		if p := run.Policy; p.CPUSoft != time.Duration(want[0])*time.Second || p.CPUHard != time.Duration(want[1])*time.Second {
			t.Errorf("%s: %+v", words, p)
		}
	}
}

// TestRestartSignalRefused: signals that mean something to relance, that nobody
// can receive, and that are turned into others.
func TestRestartSignalRefused(t *testing.T) {
	for _, words := range []string{
		"TERM", "INT", "KILL", "STOP", "CHLD", "NOPE", "32", "USR1 --rewrite USR1=HUP", "USR1 --rewrite USR1=none",
	} {
		if _, err := Parse(input(append(append([]string{"--restart-signal"}, strings.Fields(words)...), "prog")...)); err == nil {
			t.Errorf("--restart-signal %s was taken", words)
		}
	}
}

// TestObserveTwin: in the environment it is a word.
func TestObserveTwin(t *testing.T) {
	for value, want := range map[string]bool{
		"all": true, "true": true, "1": true, "yes": true, "age": true, "": false, "false": false, "0": false, "no": false,
	} {
		t.Setenv("RELANCE_OBSERVE", value)
		in := input("--every", "1h", "prog")
		in.Env = []string{"RELANCE_OBSERVE=" + value}
		todo, err := Parse(in)
		if err != nil || todo.(*Run).Policy.Observe.Has(restart.Age) != want {
			t.Errorf("RELANCE_OBSERVE=%s: %+v, %v", value, todo, err)
		}
	}
}

// TestEmptyList: an empty variable for a list is none; one in the file, and a flag
// that is given as well, is refused or wins as ever.
func TestEmptyList(t *testing.T) {
	empty := []string{"RELANCE_WATCH=", "RELANCE_AT=", "RELANCE_CRON="}
	todo, err := Parse(with(t, empty, "--watch", "a", "prog"))
	if err != nil {
		t.Fatal(err)
	}
	if run := todo.(*Run); len(run.Watch) != 1 || run.Watch[0] != "a" || run.Policy.Plan != nil {
		t.Errorf("%+v", run)
	}
	if todo, err = Parse(with(t, empty, "prog")); err != nil || len(todo.(*Run).Watch) != 0 {
		t.Errorf("%+v, %v", todo, err)
	}
}
