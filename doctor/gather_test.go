package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"relance/cgroup"
	"relance/systemd"
)

// files makes a machine of files; a name that ends in a slash is a folder.
func files(t *testing.T, texts map[string]string) Machine {
	t.Helper()
	root := t.TempDir()
	for name, text := range texts {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if name[len(name)-1] == '/' {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"KUBERNETES_SERVICE_HOST", "container", "SYSTEMD_EXEC_PID"} {
		t.Setenv(name, "")
	}
	return Machine{
		Root: root,
		Own:  func() (Group, error) { return Group{}, errors.New("none") },
		Try:  func(string) Trial { return Trial{Use: Refused} },
		Delegated: func(_ context.Context, w systemd.Where) (bool, error) {
			t.Errorf("asked about %+v", w)
			return false, nil
		},
	}
}

const (
	v1Mounts = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n" +
		"35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	namedMount = "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
	v2Mount    = "41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
	meminfo    = "MemTotal:        1024 kB\nSwapCached:            9 kB\nSwapTotal:          2048 kB\n"
)

func TestGatherService(t *testing.T) {
	const group = "sys/fs/cgroup/system.slice/app.service/"
	m := files(t, map[string]string{
		"proc/sys/kernel/osrelease": "6.1.0-30-amd64\n",
		"proc/self/stat":            "1 (x) S\n",
		"proc/self/cgroup":          "0::/system.slice/app.service\n",
		"proc/self/mountinfo":       v2Mount,
		"proc/meminfo":              meminfo,
		"proc/pressure/memory":      "some avg10=0.00\n",
		"run/systemd/system/":       "",
		group + "memory.max":        "524288\n",
		group + "cgroup.kill":       "",
		group + "memory.pressure":   "",
	})
	m.Own = func() (Group, error) {
		return Group{filepath.Join(m.Root, group), cgroup.Info{Delegated: true, Controllers: []string{"pids", "cpu"}}}, nil
	}
	var asked []string
	m.Try = func(what string) Trial {
		asked = append(asked, what)
		return Trial{Use: OwnGroup, How: what}
	}
	f := Gather(m)
	if !slices.Equal(asked, tried) || len(f.Trials) != len(tried) || f.Trials[CPUMax].How != CPUMax {
		t.Errorf("tried %v: %v", asked, f.Trials)
	}
	f.Trials = nil
	want := Facts{
		Kernel: "6.1.0-30-amd64", PID: os.Getpid(), Root: os.Geteuid() == 0, Proc: true, Hierarchy: Unified,
		Group: "/system.slice/app.service", Folder: filepath.Join(m.Root, group), Delegated: true,
		Controllers: []string{"cpu", "pids"}, Kill: true, Systemd: true, Kind: "system", Unit: "app.service",
		Memory: 524288, MemorySource: "memory.max of /system.slice/app.service", Swap: 2 << 20, PSI: true, GroupPSI: true,
	}
	if !reflect.DeepEqual(f, want) {
		t.Errorf("\n got %+v\nwant %+v", f, want)
	}
}

// Where the group does not tell that it is handed over, systemd does.
func TestGatherAsked(t *testing.T) {
	const unit = "/user.slice/user-1000.slice/user@1000.service/app.slice/a.scope"
	for _, c := range []struct {
		group  string
		answer bool
		err    error
	}{{unit, true, nil}, {unit, false, nil}, {unit + "/sub", true, nil}, {unit, false, errors.New("no answer")}} {
		m := files(t, map[string]string{"proc/self/cgroup": "0::" + c.group + "\n", "run/systemd/system/": ""})
		m.Own = func() (Group, error) { return Group{m.Root, cgroup.Info{}}, nil }
		asked := 0
		m.Delegated = func(_ context.Context, w systemd.Where) (bool, error) {
			if asked++; w != systemd.Unit(c.group) {
				t.Errorf("%s: asked about %+v", c.group, w)
			}
			return c.answer, c.err
		}
		if f := Gather(m); f.Delegated != c.answer || asked != 1 {
			t.Errorf("%+v: %v, asked %d times", c, f.Delegated, asked)
		}
	}
	// Deeper down, and without systemd, nobody is asked.
	for _, m := range []Machine{
		files(t, map[string]string{"proc/self/cgroup": "0::" + unit + "/x/y\n", "run/systemd/system/": ""}),
		files(t, map[string]string{"proc/self/cgroup": "0::" + unit + "\n"}),
	} {
		m.Own = func() (Group, error) { return Group{m.Root, cgroup.Info{}}, nil }
		if f := Gather(m); f.Delegated || f.Group == "" {
			t.Errorf("%+v", f)
		}
	}
}

// The root of all has no cgroup.kill and the like itself.
func TestGatherTop(t *testing.T) {
	m := files(t, map[string]string{
		"proc/self/cgroup": "9:name=systemd:/\n0::/\n", "proc/self/mountinfo": v1Mounts + v2Mount,
		"sys/fs/cgroup/cgroup.procs": "", "sys/fs/cgroup/x/memory.swap.max": "", "bare/": "",
	})
	folder := filepath.Join(m.Root, "sys/fs/cgroup")
	m.Own = func() (Group, error) { return Group{folder, cgroup.Info{Root: true}}, nil }
	f := Gather(m)
	if !f.Top || f.Namespace || f.Kill || !f.SwapLimit || f.GroupPSI || f.Hierarchy != Hybrid || !f.V1Memory {
		t.Errorf("%+v", f)
	}
	folder = filepath.Join(m.Root, "bare")
	if f := Gather(m); !f.Kill || !f.SwapLimit || !f.GroupPSI {
		t.Errorf("where there is no group to look at: %+v", f)
	}
}

func TestGatherContainer(t *testing.T) {
	m := files(t, map[string]string{"proc/self/cgroup": "0::/\n", "proc/self/mountinfo": v2Mount, ".dockerenv": ""})
	m.Own = func() (Group, error) { return Group{m.Root, cgroup.Info{ReadOnly: true}}, nil }
	f := Gather(m)
	if !f.Namespace || f.Top || !f.ReadOnly || f.Runtime != "docker" || !f.contained() {
		t.Errorf("%+v", f)
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
	if f := Gather(m); f.Runtime != "kubernetes" {
		t.Errorf("%q", f.Runtime)
	}
	for name, want := range map[string]string{"run/.containerenv": "podman", "run/systemd/container": "container"} {
		if f := Gather(files(t, map[string]string{name: ""})); f.Runtime != want {
			t.Errorf("%s: %q", name, f.Runtime)
		}
	}
}

// Nothing there, and no trouble.
func TestGatherNothing(t *testing.T) {
	f := Gather(files(t, nil))
	if f.Proc || f.PSI || f.Systemd || f.Hierarchy != None || f.Memory != 0 || f.Group != "" || f.Kernel == "" || f.contained() {
		t.Errorf("%+v", f)
	}
}

func TestHierarchy(t *testing.T) {
	for in, want := range map[string]struct {
		h        Hierarchy
		v1Memory bool
	}{
		"":                     {None, false},
		v1Mounts:               {V1, true},
		v2Mount:                {Unified, false},
		v1Mounts + v2Mount:     {Hybrid, true},
		namedMount + v2Mount:   {Unified, false},
		namedMount:             {None, false},
		"x - cgroup\n":         {None, false},
		"1 2 3 / /x cgroup2 -": {None, false},
	} {
		if h, v1Memory := hierarchy([]byte(in)); h != want.h || v1Memory != want.v1Memory {
			t.Errorf("%q: %s, %v", in, h, v1Memory)
		}
	}
}

func TestKilobytes(t *testing.T) {
	for in, want := range map[string]int64{
		meminfo: 2 << 20, "SwapTotal: 0 kB": 0, "SwapTotal: 5": 0, "SwapTotal: -5 kB": 0, "SwapTotal: 99999999999999999999 kB": 0, "": 0,
	} {
		if got := kilobytes([]byte(in), "SwapTotal:"); got != want {
			t.Errorf("%q: %d", in, got)
		}
	}
}
