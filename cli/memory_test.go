package cli

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"relance/cgroup"
	"relance/place"
	"relance/restart"
)

// TestMemoryFlags: what each flag makes of the policy and of the group.
func TestMemoryFlags(t *testing.T) {
	size := func(mib int64) *int64 { mib <<= 20; return &mib }
	count := func(n int64) *int64 { return &n }
	period := func(d time.Duration) *time.Duration { return &d }
	for _, c := range []struct {
		flags  string
		policy restart.Policy // what is about memory, and PIDsMax
		group  cgroup.Limits
		rest   string // pressure and source
	}{
		{"--name x", restart.Policy{}, cgroup.Limits{}, "<nil> auto"},
		{"--memory-high 64M", restart.Policy{MemoryHigh: 64 << 20}, cgroup.Limits{MemoryHigh: size(64)}, "<nil> auto"},
		{
			"--memory-high 64M --memory-max 96M --memory-for 1m", restart.Policy{MemoryHigh: 64 << 20, MemoryMax: 96 << 20, MemoryFor: time.Minute},
			cgroup.Limits{MemoryHigh: size(64), MemoryMax: size(96)}, "<nil> auto",
		},
		{
			"--memory-max 96M --oom-policy kill", restart.Policy{MemoryMax: 96 << 20, OOM: restart.OOMKill},
			cgroup.Limits{MemoryMax: size(96), OOMGroup: true}, "<nil> auto",
		},
		{"--memory-max 96M --oom-policy continue", restart.Policy{MemoryMax: 96 << 20, OOM: restart.OOMContinue}, cgroup.Limits{MemoryMax: size(96)}, "<nil> auto"},
		{"--swap-max 0", restart.Policy{}, cgroup.Limits{SwapMax: size(0)}, "<nil> auto"},
		{"--swap-max 1M --oom-policy stop", restart.Policy{}, cgroup.Limits{SwapMax: size(1)}, "<nil> auto"},
		{"--swap-max infinity", restart.Policy{}, cgroup.Limits{}, "<nil> auto"},
		{"--swap-max max", restart.Policy{}, cgroup.Limits{}, "<nil> auto"},
		{"--pids-max 50", restart.Policy{PIDsMax: 50}, cgroup.Limits{PIDsMax: count(50)}, "<nil> auto"},
		{"--cpu-max 150%", restart.Policy{}, cgroup.Limits{CPUMax: period(150 * time.Millisecond)}, "<nil> auto"},
		{"--cpu-max 12.5%", restart.Policy{}, cgroup.Limits{CPUMax: period(12500 * time.Microsecond)}, "<nil> auto"},
		{"--memory-pressure full\x00200ms/2s", restart.Policy{Pressure: "full 200ms/2s"}, cgroup.Limits{}, "full 200ms/2s auto"},
		{"--memory-pressure some\x001/10 --oom-policy stop", restart.Policy{Pressure: "some 1s/10s"}, cgroup.Limits{}, "some 1s/10s auto"},
		{"--memory-high 64M --memory-source proc", restart.Policy{MemoryHigh: 64 << 20}, cgroup.Limits{MemoryHigh: size(64)}, "<nil> proc"},
		{"--memory-max 64M --memory-source cgroup", restart.Policy{MemoryMax: 64 << 20}, cgroup.Limits{MemoryMax: size(64)}, "<nil> cgroup"},
		{"--memory-source container --oom-policy continue --memory-high 1M", restart.Policy{MemoryHigh: 1 << 20, OOM: restart.OOMContinue}, cgroup.Limits{MemoryHigh: size(1)}, "<nil> container"},
	} {
		var words []string
		for _, word := range strings.Fields(c.flags) {
			words = append(words, strings.ReplaceAll(word, "\x00", " "))
		}
		todo, err := Parse(input(append(words, "prog")...))
		if err != nil {
			t.Errorf("%s: %v", c.flags, err)
			continue
		}
		run := todo.(*Run)
		p := run.Policy
		got := restart.Policy{
			MemoryHigh: p.MemoryHigh, MemoryMax: p.MemoryMax, MemoryFor: p.MemoryFor, OOM: p.OOM, PIDsMax: p.PIDsMax,
			Pressure: p.Pressure, MemoryEvents: p.MemoryEvents,
		}
		rest := fmt.Sprintf("%v %s", run.Pressure, run.Source)
		if got != c.policy || !reflect.DeepEqual(run.Group, c.group) || rest != c.rest {
			t.Errorf("%s:\n got %+v, %+v, %s\nwant %+v, %+v, %s", c.flags, got, run.Group, rest, c.policy, c.group, c.rest)
		}
		if run.Supervising == (c.flags == "--name x") {
			t.Errorf("%s: supervising %v", c.flags, run.Supervising)
		}
	}
}

// TestShares: a percentage is said in bytes, and of what, for each flag.
func TestShares(t *testing.T) {
	todo, err := Parse(input("--memory-high", "40%", "--memory-max", "80%", "prog"))
	if err != nil {
		t.Fatal(err)
	}
	run := todo.(*Run)
	p, notes := run.Policy, strings.Join(run.Notes, "\n")
	if p.MemoryHigh <= 0 || p.MemoryMax-2*p.MemoryHigh < -1 || p.MemoryMax-2*p.MemoryHigh > 1 {
		t.Errorf("%d and %d", p.MemoryHigh, p.MemoryMax)
	}
	if len(run.Notes) != 2 || !strings.HasPrefix(notes, "memory-high 40%: ") || !strings.Contains(notes, "\nmemory-max 80%: ") {
		t.Errorf("notes: %s", notes)
	}
}

// TestTwinsOfTheGroup: names that kong would spell another way.
func TestTwinsOfTheGroup(t *testing.T) {
	for name, value := range map[string]string{
		"RELANCE_PIDS_MAX": "50", "RELANCE_CPU_MAX": "50%", "RELANCE_MEMORY_MAX": "1G", "RELANCE_OOM_POLICY": "kill",
		"RELANCE_MEMORY_SOURCE": "cgroup", "RELANCE_SWAP_MAX": "0", "RELANCE_MEMORY_PRESSURE": "full 200ms/2s",
		"RELANCE_MEMORY_HIGH": "1M", "RELANCE_MEMORY_FOR": "1s",
	} {
		t.Setenv(name, value)
	}
	in := input("prog")
	in.Env = []string{"RELANCE_PIDS_MAX=50"}
	todo, err := Parse(in)
	if err != nil {
		t.Fatal(err)
	}
	run := todo.(*Run)
	g := run.Group
	if g.PIDsMax == nil || g.CPUMax == nil || g.MemoryMax == nil || !g.OOMGroup || g.SwapMax == nil || g.MemoryHigh == nil ||
		run.Source != place.Cgroup || run.Pressure == nil || run.Policy.MemoryFor != time.Second {
		t.Errorf("%+v", run)
	}
}

// TestTotalMemory: one limit for all, beside those of each.
func TestTotalMemory(t *testing.T) {
	for _, c := range []struct {
		value     string
		max, high int64
		want      int64
		err       string
	}{
		{"", 0, 0, 0, ""},
		{"2G", 1 << 30, 0, 2 << 30, ""},
		{"1G", 1 << 30, 1 << 29, 1 << 30, ""},
		{"0", 0, 0, 0, "--total-memory-max 0: with no memory at all nothing can start, use a size such as 2G"},
		{"1G", 1<<30 + 1, 0, 0, "--total-memory-max 1G: below --memory-max 1 GiB, which one alone would never reach; use a larger size"},
		{"512M", 0, 512 << 20, 0, "--total-memory-max 512M: not above --memory-high 512 MiB, which one alone would never reach; use a larger size"},
	} {
		run := &Run{Policy: restart.Policy{MemoryMax: c.max, MemoryHigh: c.high}}
		err := run.totalMemory(c.value)
		if err != nil || c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%+v: got %v", c, err)
			}
			continue
		}
		if got := run.Total.MemoryMax; (got == nil) != (c.want == 0) || got != nil && *got != c.want {
			t.Errorf("%+v: got %v", c, got)
		}
	}
	run := new(Run)
	if err := run.totalMemory("50%"); err != nil || run.Total.MemoryMax == nil || len(run.Notes) != 1 ||
		!strings.HasPrefix(run.Notes[0], "total-memory-max 50%: ") {
		t.Errorf("%v, %q", err, run.Notes)
	}
	if err := run.totalMemory("x"); err == nil || !strings.HasPrefix(err.Error(), "--total-memory-max x: ") {
		t.Errorf("got %v", err)
	}
}
