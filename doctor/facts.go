package doctor

import "slices"

// Hierarchy is how cgroups are mounted here.
type Hierarchy string

const (
	// Unified is cgroup v2 alone.
	Unified Hierarchy = "unified"
	// Hybrid is cgroup v1 with a cgroup v2 beside it.
	Hybrid Hierarchy = "hybrid"
	// V1 is cgroup v1 alone.
	V1 Hierarchy = "v1"
	// None is neither.
	None Hierarchy = "none"
)

// The things that are looked at: flags as they are given, and what relance does by
// itself.
const (
	MemoryHigh = "--memory-high"
	MemoryMax  = "--memory-max"
	SwapMax    = "--swap-max"
	PIDsMax    = "--pids-max"
	CPUMax     = "--cpu-max"
	Pressure   = "--memory-pressure"
	OOMKill    = "oom-kill"
	TreeKill   = "tree kill"
	Rlimit     = "--rlimit"
)

// tried are those that are found out by trying. What stands against an oom-kill
// being told is what stands against a budget of memory.
var tried = []string{MemoryHigh, MemoryMax, SwapMax, PIDsMax, CPUMax, Pressure, TreeKill}

// Trial is how it went to try one of them.
type Trial struct {
	// Use is what would serve, Refused if nothing does.
	Use Use `json:"use"`
	// How says where, for people.
	How string `json:"how,omitempty"`
	// Whys are what stood against something better, Cures what to do about it, as
	// far as who tried knows.
	Whys  []string `json:"whys,omitempty"`
	Cures []string `json:"-"`
}

// Facts are what there is to know of this machine. The keys in JSON are stable.
type Facts struct {
	Kernel string `json:"kernel"`
	PID    int    `json:"pid"`
	Root   bool   `json:"root"`
	// Proc reports whether there is a /proc, without which relance starts nothing.
	Proc bool `json:"proc"`

	Hierarchy Hierarchy `json:"hierarchy"`
	// V1Memory reports whether the memory controller is mounted as cgroup v1, and so
	// lost to v2.
	V1Memory bool `json:"v1_memory"`

	// Group is our own as the kernel spells it, Folder where it is mounted; either
	// may be missing.
	Group  string `json:"group,omitempty"`
	Folder string `json:"folder,omitempty"`
	// Top reports whether it is the root of the whole hierarchy; Namespace whether
	// it is the root of a cgroup namespace, as in a container.
	Top         bool     `json:"top"`
	Namespace   bool     `json:"namespace"`
	ReadOnly    bool     `json:"read_only"`
	Delegated   bool     `json:"delegated"`
	Controllers []string `json:"controllers"`
	// Kill reports whether groups have cgroup.kill.
	Kill bool `json:"cgroup_kill"`

	// Systemd reports whether it runs this machine, Kind and Unit what it calls our
	// group; Main that it started us itself.
	Systemd bool   `json:"systemd"`
	Kind    string `json:"unit_kind,omitempty"`
	Unit    string `json:"unit,omitempty"`
	Main    bool   `json:"unit_main"`
	// Runtime is the container runtime whose mark was found: docker, podman,
	// kubernetes or "container".
	Runtime string `json:"container,omitempty"`

	// Memory is what a percentage is of, and what it was found in.
	Memory       int64  `json:"memory_bytes"`
	MemorySource string `json:"memory_source,omitempty"`
	Swap         int64  `json:"swap_bytes"`
	// SwapLimit reports whether groups have memory.swap.max, PSI whether the machine
	// has /proc/pressure/memory, GroupPSI whether groups have memory.pressure.
	SwapLimit bool `json:"swap_limit"`
	PSI       bool `json:"psi"`
	GroupPSI  bool `json:"group_psi"`

	Trials map[string]Trial `json:"-"`
}

func (f Facts) has(controller string) bool { return slices.Contains(f.Controllers, controller) }

// contained reports whether we are in a container, where what is missing can only
// be given from outside.
func (f Facts) contained() bool { return f.Runtime != "" || f.Namespace && !f.Systemd }
