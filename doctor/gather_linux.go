package doctor

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/limits"
	"relance/systemd"
)

// Machine is where the facts are read.
type Machine struct {
	// Root is the folder that proc, sys and the rest are in: "/" but for tests.
	Root string
	// Own returns our own group.
	Own func() (Group, error)
	// Delegated asks systemd whether it has handed over the group of a unit, where
	// the group itself does not tell.
	Delegated func(ctx context.Context, w systemd.Where) (bool, error)
	// Try tries one of the things for real: it is called with each of them in turn.
	Try func(what string) Trial
}

// Group is what a group says of itself.
type Group struct {
	Folder string
	cgroup.Info
}

// Own is the Own of the real machine. What is handed over is so with all that is
// made in it: a subgroup that systemd put us in (DelegateSubgroup=), or a relance
// around us; but for the units of a user's manager, who has its own handed over.
func Own() (Group, error) {
	at, err := cgroup.Find("/")
	if err != nil {
		return Group{}, err
	}
	info, err := at.Info()
	if above, err := at.Above().Info(); err == nil && above.Delegated && !systemd.Unit(at.Hierarchical()).IsUnit() {
		info.Delegated = true
	}
	return Group{at.Path(), info}, err
}

// Gather reads the facts. What cannot be read is missing in them: this is the
// doctor, who is asked where not all is well.
func Gather(m Machine) Facts {
	f := Facts{
		Kernel: first(m.read("proc/sys/kernel/osrelease")), PID: os.Getpid(), Root: os.Geteuid() == 0,
		Proc: m.exists("proc/self/stat"), PSI: len(m.read("proc/pressure/memory")) > 0,
		Swap: kilobytes(m.read("proc/meminfo"), "SwapTotal:"), Runtime: m.runtime(),
		Systemd:     m.isFolder("run/systemd/system"),
		Controllers: []string{}, Trials: map[string]Trial{},
	}
	if f.Kernel == "" {
		var u unix.Utsname
		if unix.Uname(&u) == nil {
			f.Kernel = unix.ByteSliceToString(u.Release[:])
		}
	}
	f.Hierarchy, f.V1Memory = hierarchy(m.read("proc/self/mountinfo"))
	f.Group = ownGroup(m.read("proc/self/cgroup"))
	where := systemd.Unit(f.Group)
	f.Kind, f.Unit, f.Main = string(where.Kind), where.Unit, where.StartedUs()
	if total, source, err := limits.EffectiveMemory(m.Root); err == nil {
		f.Memory, f.MemorySource = total, source
	}
	if g, err := m.Own(); err == nil {
		f.Folder, f.Top, f.ReadOnly, f.Delegated = g.Folder, g.Root, g.ReadOnly, g.Delegated
		f.Namespace = f.Group == "/" && !g.Root
		f.Controllers = append(f.Controllers, g.Controllers...)
		slices.Sort(f.Controllers)
		f.Kill, f.SwapLimit, f.GroupPSI = m.features(g)
	}
	if f.Systemd && f.Folder != "" && !f.Delegated && !strings.Contains(where.Below, "/") {
		// Without an answer it is as if it were not: that is what a run does too.
		f.Delegated, _ = m.Delegated(context.Background(), where)
	}
	for _, what := range tried {
		f.Trials[what] = m.Try(what)
	}
	return f
}

// features looks for files that groups have. The root of all has few of them, so
// one of its groups is looked at; where it has none yet, they are taken for there:
// trying will tell.
func (m Machine) features(g Group) (kill, swap, psi bool) {
	dir := g.Folder
	if g.Root {
		entries, _ := os.ReadDir(dir)
		i := slices.IndexFunc(entries, fs.DirEntry.IsDir)
		if i < 0 {
			return true, true, true
		}
		dir = filepath.Join(dir, entries[i].Name())
	}
	has := func(name string) bool {
		_, err := os.Lstat(filepath.Join(dir, name))
		return err == nil
	}
	return has("cgroup.kill"), has("memory.swap.max"), has("memory.pressure")
}

// runtime looks for the marks that runtimes leave in their containers.
func (m Machine) runtime() string {
	switch {
	case os.Getenv("KUBERNETES_SERVICE_HOST") != "":
		return "kubernetes"
	case m.exists("run/.containerenv"):
		return "podman"
	case m.exists(".dockerenv"):
		return "docker"
	case m.exists("run/systemd/container"), os.Getenv("container") != "":
		// systemd.io/CONTAINER_INTERFACE
		return "container"
	}
	return ""
}

// most is what is read of one file: a machine full of containers has thousands of
// mounts.
const most = 4 << 20

func (m Machine) read(name string) []byte {
	f, err := os.OpenFile(filepath.Join(m.Root, name), os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil
	}
	return b
}

func (m Machine) exists(name string) bool {
	_, err := os.Lstat(filepath.Join(m.Root, name))
	return err == nil
}

func (m Machine) isFolder(name string) bool {
	st, err := os.Lstat(filepath.Join(m.Root, name))
	return err == nil && st.IsDir()
}

func first(b []byte) string {
	line, _, _ := strings.Cut(string(b), "\n")
	return line
}

// hierarchy tells how cgroups are mounted, proc_pid_mountinfo(5): after " - " come
// the type, the source and the options of the file system, which name the
// controllers of cgroup v1.
func hierarchy(mountinfo []byte) (h Hierarchy, v1Memory bool) {
	var v1, v2 bool
	for line := range strings.Lines(string(mountinfo)) {
		_, tail, _ := strings.Cut(line, " - ")
		fields := strings.Fields(tail)
		switch {
		case len(fields) < 3:
		case fields[0] == "cgroup2":
			v2 = true
		case fields[0] == "cgroup":
			options := strings.Split(fields[2], ",")
			// One without a controller is systemd's own (name=systemd) and no bar to v2.
			v1 = v1 || !slices.ContainsFunc(options, func(o string) bool { return strings.HasPrefix(o, "name=") })
			v1Memory = v1Memory || slices.Contains(options, "memory")
		}
	}
	switch {
	case v1 && v2:
		return Hybrid, v1Memory
	case v2:
		return Unified, false
	case v1:
		return V1, v1Memory
	}
	return None, false
}

// ownGroup returns our group in cgroup v2, cgroups(7): the line that begins with
// "0::".
func ownGroup(b []byte) string {
	for line := range strings.Lines(string(b)) {
		if path, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			return path
		}
	}
	return ""
}

// kilobytes returns the bytes of a line of /proc/meminfo, zero where there is none.
func kilobytes(meminfo []byte, name string) int64 {
	for line := range strings.Lines(string(meminfo)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == name && fields[2] == "kB" {
			if n, err := strconv.ParseInt(fields[1], 10, 64); err == nil && n >= 0 && n < 1<<53 {
				return n * 1024
			}
		}
	}
	return 0
}
