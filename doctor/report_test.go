package doctor

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the reports as they are now; commit only what you understand")

// trials makes the trials of a machine: most is how everything went but for
// those named in other.
func trials(most Trial, other map[string]Trial) map[string]Trial {
	all := map[string]Trial{}
	for _, what := range tried {
		all[what] = most
		if t, ok := other[what]; ok {
			all[what] = t
		}
	}
	return all
}

// without is how it goes where there is no group to be had: budgets fall back on
// use, limits are refused, and trees are killed in their own way.
func without(use, kill Use, why string, cures ...string) map[string]Trial {
	return trials(Trial{Refused, "", []string{why}, cures}, map[string]Trial{
		MemoryHigh: {use, "", []string{why}, cures},
		TreeKill:   {Use: kill},
	})
}

// but changes one trial.
func but(all map[string]Trial, what string, t Trial) map[string]Trial {
	all[what] = t
	return all
}

const gib = 1 << 30

// machines are those that people have.
var machines = map[string]Facts{
	"hybrid-root": {
		Kernel: "6.18.44", PID: 4711, Root: true, Proc: true, Hierarchy: Hybrid, V1Memory: true,
		Group: "/", Folder: "/sys/fs/cgroup/unified", Top: true, Controllers: []string{"hugetlb"}, Kill: true,
		Kind: "root", Memory: 24 * gib, MemorySource: "MemTotal of /proc/meminfo", PSI: true, GroupPSI: true,
		Trials: but(without(Looks, OwnGroup, "own group: no memory controller in /sys/fs/cgroup/unified", "of place"),
			Pressure, Trial{Use: OwnGroup, How: "below /sys/fs/cgroup/unified"}),
	},
	"root": {
		Kernel: "6.1.0-30-cloud-amd64", PID: 90, Root: true, Proc: true, Hierarchy: Unified,
		Group: "/", Folder: "/sys/fs/cgroup", Top: true, Controllers: []string{"cpu", "memory", "pids"}, Kill: true,
		Kind: "root", Memory: gib, MemorySource: "MemTotal of /proc/meminfo", SwapLimit: true, PSI: true, GroupPSI: true,
		Trials: trials(Trial{Use: OwnGroup, How: "below /sys/fs/cgroup"}, nil),
	},
	"delegated-user": {
		Kernel: "6.12.1", PID: 800, Proc: true, Hierarchy: Unified,
		Group:     "/user.slice/user-1000.slice/user@1000.service/app.slice/relance.scope",
		Folder:    "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/relance.scope",
		Delegated: true, Controllers: []string{"memory", "pids"}, Kill: true,
		Systemd: true, Kind: "user", Unit: "relance.scope", Memory: 8 * gib, MemorySource: "MemTotal of /proc/meminfo",
		Swap: 2 * gib, SwapLimit: true, PSI: true, GroupPSI: true,
		Trials: trials(Trial{Use: OwnGroup, How: "delegated by systemd"}, map[string]Trial{
			CPUMax: {Refused, "", []string{"own group: no cpu controller"}, nil},
		}),
	},
	"plain-unit": {
		Kernel: "6.12.1", PID: 800, Proc: true, Hierarchy: Unified,
		Group: "/system.slice/app\\x2done.service", Folder: "/sys/fs/cgroup/system.slice/app\\x2done.service",
		Controllers: []string{"cpu", "memory", "pids"}, Kill: true,
		Systemd: true, Kind: "system", Unit: "app\\x2done.service", Main: true,
		Memory: 512 << 20, MemorySource: "memory.max of /system.slice/app\\x2done.service",
		Swap: 2 * gib, SwapLimit: true, PSI: true, GroupPSI: true,
		Trials: without(Looks, Looks, "own group: not delegated", "of place"),
	},
	"session-without-bus": {
		Kernel: "6.12.1", PID: 800, Proc: true, Hierarchy: Unified,
		Group:  "/user.slice/user-1000.slice/session-3.scope",
		Folder: "/sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope", Controllers: []string{"memory", "pids"}, Kill: true,
		Systemd: true, Kind: "session", Unit: "session-3.scope", Memory: 8 * gib, MemorySource: "MemTotal of /proc/meminfo",
		SwapLimit: true, PSI: true, GroupPSI: true,
		Trials: without(Looks, Looks, "own group: session-3.scope is not ours: ask systemd for a scope: no systemd to ask",
			"log in so that a systemd of your own runs"),
	},
	"container-read-only": {
		Kernel: "6.12.1", PID: 1, Root: true, Proc: true, Hierarchy: Unified,
		Group: "/", Folder: "/sys/fs/cgroup", Namespace: true, ReadOnly: true, Controllers: []string{"cpu", "memory", "pids"}, Kill: true,
		Kind: "root", Runtime: "docker", Memory: 256 << 20, MemorySource: "memory.max of /", SwapLimit: true, PSI: true, GroupPSI: true,
		Trials: without(Container, Looks, "own group: the cgroup file system is read-only"),
	},
	"container-writable": {
		Kernel: "6.12.1", PID: 1, Root: true, Proc: true, Hierarchy: Unified,
		Group: "/", Folder: "/sys/fs/cgroup", Namespace: true, Controllers: []string{"cpu", "memory", "pids"}, Kill: true,
		Kind: "root", Runtime: "podman", Memory: 256 << 20, MemorySource: "memory.max of /", SwapLimit: true, PSI: true, GroupPSI: true,
		Trials: trials(Trial{Use: OwnGroup, How: "below /sys/fs/cgroup, whose processes were moved to its subgroup relance"}, nil),
	},
	"pod-read-only": {
		Kernel: "5.10.0", PID: 1, Proc: true, Hierarchy: Unified,
		Group: "/", Folder: "/sys/fs/cgroup", Namespace: true, ReadOnly: true, Controllers: []string{"cpu", "memory", "pids"},
		Kind: "root", Runtime: "kubernetes", Memory: 256 << 20, MemorySource: "memory.max of /", SwapLimit: true,
		Trials: without(Container, Looks, "own group: the cgroup file system is read-only"),
	},
	"v1-only": {
		Kernel: "4.19.0", PID: 800, Root: true, Proc: true, Hierarchy: V1, V1Memory: true, Controllers: []string{},
		Systemd: true, Memory: 8 * gib, MemorySource: "MemTotal of /proc/meminfo", Swap: gib,
		Trials: without(Looks, Looks, "own group: no cgroup v2 mounted"),
	},
	"no-cgroup": {
		Kernel: "6.12.1", PID: 800, Root: true, Proc: true, Hierarchy: None, Controllers: []string{},
		Memory: 8 * gib, MemorySource: "MemTotal of /proc/meminfo", PSI: true,
		Trials: without(Looks, Looks, "own group: no cgroup v2 mounted"),
	},
	"no-psi": {
		Kernel: "6.12.1", PID: 800, Root: true, Proc: true, Hierarchy: Unified,
		Group: "/", Folder: "/sys/fs/cgroup", Top: true, Controllers: []string{"cpu", "memory", "pids"}, Kill: true,
		Kind: "root", Memory: 8 * gib, MemorySource: "MemTotal of /proc/meminfo", Swap: gib, SwapLimit: true,
		Trials: trials(Trial{Use: OwnGroup, How: "below /sys/fs/cgroup"}, map[string]Trial{
			Pressure: {Refused, "", []string{"open memory.pressure: operation not supported"}, nil},
		}),
	},
	"no-memory-controller": {
		Kernel: "6.6.20-v8+", PID: 800, Root: true, Proc: true, Hierarchy: Unified,
		Group: "/", Folder: "/sys/fs/cgroup", Top: true, Controllers: []string{"cpu", "pids"}, Kill: true,
		Kind: "root", Memory: 4 * gib, MemorySource: "MemTotal of /proc/meminfo", PSI: true, GroupPSI: true,
		Trials: trials(Trial{Refused, "", []string{"own group: no memory controller in /sys/fs/cgroup"}, []string{"of place"}}, map[string]Trial{
			MemoryHigh: {Looks, "", []string{"own group: no memory controller in /sys/fs/cgroup"}, nil},
			PIDsMax:    {Use: OwnGroup, How: "below /sys/fs/cgroup"}, CPUMax: {Use: OwnGroup, How: "below /sys/fs/cgroup"}, TreeKill: {Use: OwnGroup},
			Pressure: {Use: OwnGroup, How: "below /sys/fs/cgroup"},
		}),
	},
	"not-systemd": {
		Kernel: "6.12.1", PID: 800, Proc: true, Hierarchy: Unified,
		Group: "/users/ann", Folder: "/sys/fs/cgroup/users/ann", Controllers: []string{"cpu", "memory", "pids"}, Kill: true,
		Memory: 8 * gib, MemorySource: "MemTotal of /proc/meminfo", SwapLimit: true, PSI: true, GroupPSI: true,
		Trials: without(Looks, Looks, "own group: permission denied", "have it handed over to you"),
	},
	"no-proc": {Kernel: "6.12.1", PID: 1, Root: true, Hierarchy: None, Controllers: []string{}, Trials: map[string]Trial{}},
}

func TestReports(t *testing.T) {
	for name, facts := range machines {
		t.Run(name, func(t *testing.T) {
			report := Diagnose(facts)
			var text, object bytes.Buffer
			if err := report.WriteText(&text); err != nil {
				t.Fatal(err)
			}
			if err := report.WriteJSON(&object); err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", text.Bytes())
			golden(t, name+".json", object.Bytes())
			if report.Works() != facts.Proc {
				t.Error("works")
			}
			check(t, report)
		})
	}
	entries, err := os.ReadDir("testdata/reports")
	if err != nil || len(entries) != 2*len(machines) {
		t.Errorf("%d files for %d machines: %v", len(entries), len(machines), err)
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata/reports", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s differs (%v); it is now:\n%s", path, err, got)
	}
}

// check is what holds for every report.
func check(t *testing.T, r Report) {
	t.Helper()
	var whats []string
	for _, row := range r.Rows {
		whats = append(whats, row.What)
		if _, ok := words[row.Use]; !ok {
			t.Errorf("%s uses %q", row.What, row.Use)
		}
		advised := slices.ContainsFunc(r.Advice, func(a Advice) bool { return slices.Contains(a.For, row.What) })
		if advised && row.Best {
			t.Errorf("advice for %s, which is at its best", row.What)
		}
		if !advised && !row.Best {
			t.Errorf("%s could be better, and no advice", row.What)
		}
	}
	if want := append(slices.Clone(everything), Rlimit); len(whats) != len(want) {
		t.Errorf("rows %v", whats)
	}
	for _, a := range r.Advice {
		for _, line := range append(slices.Clone(a.Lines), a.Do) {
			if line == "" || strings.ContainsAny(line, "\n\x1b") {
				t.Errorf("%q", line)
			}
		}
	}
	if b, err := json.Marshal(r); err != nil || bytes.Contains(b, []byte("null")) {
		t.Errorf("a list that is null: %s, %v", b, err)
	}
}

// What comes from outside does not reach the terminal as it is.
func TestPlain(t *testing.T) {
	f := machines["plain-unit"]
	f.Folder, f.MemorySource = "/sys/fs/cgroup/\x1b[31m", "memory.max of /\x1b[31m"
	f.Trials = without(Looks, Looks, "own \x1b[31m", "do \x1b[31m")
	f.Unit, f.Kind = "", ""
	var b bytes.Buffer
	if err := Diagnose(f).WriteText(&b); err != nil || bytes.ContainsRune(b.Bytes(), '\x1b') || bytes.Count(b.Bytes(), []byte("?[31m")) < 4 {
		t.Errorf("%v: %q", err, b.String())
	}
}

// Where something is refused and nobody knows a cure, it is not said that all is
// at its best.
func TestNoCure(t *testing.T) {
	f := machines["root"]
	f.Trials = but(trials(Trial{Use: OwnGroup}, nil), PIDsMax, Trial{Use: Refused, Whys: []string{"invalid argument"}})
	var b bytes.Buffer
	if err := Diagnose(f).WriteText(&b); err != nil || !bytes.HasSuffix(b.Bytes(), []byte("\nNo way is known to get more.\n")) {
		t.Errorf("%v: %s", err, b.String())
	}
}
