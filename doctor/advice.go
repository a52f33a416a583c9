package doctor

import (
	"slices"
	"strings"
)

// needs are what wants which controller. Pressure information wants none.
var needs = map[string][]string{
	"memory": {MemoryHigh, MemoryMax, SwapMax, OOMKill},
	"pids":   {PIDsMax},
	"cpu":    {CPUMax},
}

var everything = []string{MemoryHigh, MemoryMax, SwapMax, PIDsMax, CPUMax, Pressure, OOMKill, TreeKill}

// advise adds what would better things, the most first. One thing stands in the
// way of the others: while groups cannot be made at all, it is of no use to know
// which controller is missing.
func (r *Report) advise() {
	f := &r.Facts
	if !f.Proc {
		r.add(everything, "mount /proc: without it the tree cannot be seen, and nothing is started", "mount -t proc proc /proc")
		return
	}
	switch {
	case f.Hierarchy == None || f.Group != "" && f.Folder == "":
		r.noMount()
	case f.Hierarchy == V1 || f.V1Memory:
		r.oldHierarchy()
	case f.ReadOnly:
		r.readOnly()
	case !f.Top && !f.Delegated && r.someRefused():
		r.notDelegated()
	default:
		r.controllers()
	}
	if !f.PSI {
		r.add([]string{Pressure}, f.where()+"boot with pressure information (PSI) switched on, on the kernel's command line:", "psi=1")
	} else if !f.GroupPSI && f.Folder != "" {
		r.add([]string{Pressure}, f.where()+"boot without cgroup_disable=pressure, which keeps groups from having pressure information")
	}
	if f.has("memory") && !f.Top && !f.SwapLimit {
		r.add([]string{SwapMax}, f.where()+"use a kernel that counts the swap of groups (CONFIG_SWAP; before Linux 6.1 without swapaccount=0)")
	}
	if f.Folder != "" && !f.Kill {
		r.add([]string{TreeKill}, "use Linux 5.14 or newer, which can kill a group as a whole (cgroup.kill)")
	}
	r.others()
}

// add adds advice for those of what that could be better, if any.
func (r *Report) add(what []string, do string, lines ...string) {
	if worse := r.lacking(what...); len(worse) > 0 {
		r.Advice = append(r.Advice, Advice{For: worse, Do: do, Lines: lines, own: true})
	}
}

// where begins what can only be done outside.
func (f *Facts) where() string {
	if f.contained() {
		return "on the host: "
	}
	return ""
}

// someRefused reports whether something that needs a group of our own did not get
// one.
func (r *Report) someRefused() bool {
	return len(r.lacking(MemoryHigh, MemoryMax, PIDsMax, CPUMax)) > 0
}

func (r *Report) noMount() {
	if r.Facts.contained() {
		r.readOnly()
		return
	}
	r.add(everything, "mount cgroup v2:", "mount -t cgroup2 none /sys/fs/cgroup")
}

// oldHierarchy: a controller is in one hierarchy at a time (cgroup-v2.rst), and
// here cgroup v1 has them.
func (r *Report) oldHierarchy() {
	f := r.Facts
	if f.Systemd || f.contained() {
		r.add(everything, f.where()+"boot with cgroup v2 alone, on the kernel's command line:", "systemd.unified_cgroup_hierarchy=1")
		return
	}
	r.add(everything, "have the controllers in cgroup v2, on the kernel's command line, and mount that at /sys/fs/cgroup:", "cgroup_no_v1=all")
}

// readOnly: the flags are those of the runtimes, none of which opens the groups of
// the host: with a private namespace the container sees its own alone. That is why
// there is no -v /sys/fs/cgroup here.
func (r *Report) readOnly() {
	const give = "give the container its own cgroups to write to, in a namespace of their own"
	switch r.Facts.Runtime {
	case "docker":
		r.add(everything, give+" (Docker 28 or newer; before, only --privileged does it):",
			"docker run --cgroupns=private --security-opt writable-cgroups=true ...")
	case "podman":
		r.add(everything, give+":", "podman run --cgroupns=private --security-opt unmask=/sys/fs/cgroup ...")
	case "kubernetes":
		r.add(everything, give+", in the runtime's configuration for containerd, by an annotation for CRI-O:",
			"cgroup_writable = true", `io.kubernetes.cri-o.cgroup2-mount-hierarchy-rw: "true"`)
	default:
		r.add(everything, give+":",
			"docker run --cgroupns=private --security-opt writable-cgroups=true ...",
			"podman run --cgroupns=private --security-opt unmask=/sys/fs/cgroup ...")
	}
}

// notDelegated: nobody has handed us the group we are in. Whoever may ask systemd
// for a scope has done so by now, and who tried knows why it is not there.
func (r *Report) notDelegated() {
	f := r.Facts
	service := strings.HasSuffix(f.Unit, ".service")
	switch {
	case f.contained() || !f.Systemd:
	case f.Kind == "system" && service:
		r.add(everything, "have systemd hand over the group of the unit (systemctl edit "+word(f.Unit)+"):", "[Service]", "Delegate=yes")
	case f.Kind == "user" && f.Main && service:
		r.add(everything, "have systemd hand over the group of the unit (systemctl --user edit "+word(f.Unit)+"):", "[Service]", "Delegate=yes")
	case f.Kind == "system" && f.Root:
		r.add(everything, "start it in a scope that is handed over:", "systemd-run --scope -p Delegate=yes relance ...")
	case f.Kind == "system":
		r.add(everything, "start it in a scope that is handed over:", "systemd-run --user --scope -p Delegate=yes relance ...")
	}
}

// controllers: groups can be made, and some controller is not handed down to them.
func (r *Report) controllers() {
	f := r.Facts
	if f.Folder == "" {
		return
	}
	var missing, what []string
	for _, c := range []string{"memory", "pids", "cpu"} {
		if !f.has(c) {
			missing, what = append(missing, c), append(what, needs[c]...)
		}
	}
	switch {
	case len(missing) == 0:
	case f.Top && slices.Contains(missing, "memory"):
		r.add(needs["memory"], "boot with the memory controller: without cgroup_disable=memory on the kernel's command line or, where the firmware puts that there (Raspberry Pi), with:", "cgroup_enable=memory")
	case f.Top:
		r.add(what, "use a kernel with the controllers "+strings.Join(missing, ", "))
	case f.contained():
		r.add(what, "on the host: have the controllers "+strings.Join(missing, ", ")+" handed down to the container")
	case f.Kind == "user" || f.Kind == "session" && !f.Root:
		r.add(what, "have systemd hand more controllers to users (systemctl edit user@.service, and log in again):",
			"[Service]", "Delegate=cpu cpuset io memory pids")
	case f.Systemd && f.Unit != "":
		r.add(what, "have systemd hand all controllers to the unit (systemctl edit "+word(f.Unit)+"):", "[Service]", "Delegate=yes")
	default:
		r.add(what, "write them to the cgroup.subtree_control of the groups above:", "+"+strings.Join(missing, " +"))
	}
}

// others passes on what who tried knows, where there is no advice of ours.
func (r *Report) others() {
	for _, what := range everything {
		if slices.ContainsFunc(r.Advice, func(a Advice) bool { return a.own && slices.Contains(a.For, what) }) || len(r.lacking(what)) == 0 {
			continue
		}
		for _, cure := range r.Facts.cures(what) {
			if same := slices.IndexFunc(r.Advice, func(a Advice) bool { return a.Do == cure }); same >= 0 {
				r.Advice[same].For = append(r.Advice[same].For, what)
			} else {
				r.Advice = append(r.Advice, Advice{For: []string{what}, Do: cure})
			}
		}
	}
}

// cures are those of a trial. What is not tried by itself, or of no use to tell,
// goes with the budget of memory.
func (f Facts) cures(what string) []string {
	if t := f.Trials[what]; len(t.Cures) > 0 {
		return t.Cures
	}
	return f.Trials[MemoryHigh].Cures
}

// word is s as a shell takes it: systemd writes some characters as \x2d.
func word(s string) string {
	if strings.Contains(s, `\`) {
		return "'" + s + "'"
	}
	return s
}
