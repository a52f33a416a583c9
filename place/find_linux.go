package place

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/systemd"
)

// finder tries the ways and remembers what stood against them.
type finder struct {
	want    Want
	refused []Refusal
}

// Find returns the best place there is, or an *Error.
func Find(w Want) (*Place, error) {
	f := &finder{want: w}
	if w.Answers == nil {
		f.want.Answers = new(Answers)
	}
	if w.Source == Auto || w.Source == Cgroup {
		if p := f.own(); p != nil {
			p.Refused = f.refused
			return p, nil
		}
	}
	if w.MustLimit || w.Source == Cgroup {
		return nil, &Error{"a cgroup of its own for the command", f.refused}
	}
	if w.Source == Auto || w.Source == Container {
		if p := f.container(); p != nil {
			p.Refused = f.refused
			return p, nil
		}
		if w.Source == Container {
			return nil, &Error{"reading the memory of the group around us", f.refused}
		}
	}
	p := Bare(w.PID)
	p.How, p.Refused = "looks at each process in /proc", f.refused
	return p, nil
}

func (f *finder) refuse(way string, err error, cure string) *Place {
	if cure == "" && way == wayOwn && errors.Is(err, fs.ErrPermission) {
		cure = "be root, or start in a group that was handed to you: a unit with Delegate=yes, a session of systemd's, or a group whose " +
			"folder, cgroup.procs and cgroup.subtree_control an administrator has made yours"
	}
	if cure == "" && errors.Is(err, unix.EAGAIN) {
		cure = "raise cgroup.max.depth and cgroup.max.descendants of the groups above"
	}
	f.refused = append(f.refused, Refusal{way, err.Error(), cure})
	return nil
}

const (
	wayOwn       = "own group"
	wayContainer = "group around us"
	wayEach      = "a group of its own for each generation "
)

// own tries to make groups of our own.
func (f *finder) own() *Place {
	at, err := cgroup.Find("/")
	if err != nil {
		return f.refuse(wayOwn, err, "mount a cgroup2 file system at /sys/fs/cgroup")
	}
	info, err := at.Info()
	if err != nil {
		return f.refuse(wayOwn, err, "")
	}
	if top, err := at.Top().Info(); err == nil && f.lacks(at.Top(), top) {
		return nil
	}
	if info.ReadOnly {
		return f.refuse(wayOwn, errors.New("the cgroup file system is read-only"),
			"give the container a writable cgroup file system of its own: a private cgroup namespace and /sys/fs/cgroup mounted read-write")
	}
	return f.writable(at, info)
}

// lacks refuses a group that has not got the controllers needed, and reports
// whether it did.
func (f *finder) lacks(at cgroup.Parent, info cgroup.Info) bool {
	missing := without(f.want.controllers(), info.Controllers)
	if len(missing) > 0 {
		f.refuse(wayOwn, fmt.Errorf("no %s controller in %s", strings.Join(missing, ", "), at.Path()), missingCure(info, missing))
	}
	return len(missing) > 0
}

// writable is own where nothing but a right may be missing.
func (f *finder) writable(at cgroup.Parent, info cgroup.Info) *Place {
	switch {
	case info.Root:
		return f.below(at, "below "+at.Path())
	case isLeaf(at):
		return f.beside(at.Above(), "below "+at.Above().Path())
	case info.Delegated:
		return f.leaf(at, "below "+at.Path()+", delegated by systemd")
	case cgroup.IsGroupName(at.Name()):
		return f.leaf(at, "below "+at.Path()+", the group of a relance around us")
	}
	if above, err := at.Above().Info(); err == nil && above.Delegated && !above.ReadOnly && !systemd.Unit(at.Hierarchical()).IsUnit() {
		// DelegateSubgroup= of systemd.resource-control(5). A user's manager too has its
		// group delegated: right below it, a unit is that manager's affair.
		return f.below(at.Above(), "below "+at.Above().Path()+", delegated by systemd")
	}
	if systemd.Running() {
		return f.scope(at)
	}
	return f.leaf(at, "below "+at.Path()+", whose processes were moved to its subgroup "+cgroup.LeafName)
}

// below makes groups in parent as it is.
func (f *finder) below(parent cgroup.Parent, how string) *Place {
	info, err := parent.Info()
	if err == nil {
		if f.lacks(parent, info) {
			return nil
		}
		// That stays enabled: others have groups here too, and may use it by then.
		err = parent.Enable(without(f.want.controllers(), info.Enabled))
	}
	if err != nil {
		return f.refuse(wayOwn, err, "")
	}
	return f.prove(&Place{Source: Cgroup, How: wayEach + how, parent: parent})
}

// prove makes the first group, since only that shows that it can be made.
func (f *finder) prove(p *Place) *Place {
	p.want, p.grouped, p.around, p.base = f.want, true, p.parent, p.parent
	p.names = cgroup.Names{PID: f.want.PID}
	err := p.bind()
	if err == nil {
		p.first, err = p.create(1)
	}
	if err != nil {
		_ = p.unbind()
		return f.refuse(wayOwn, err, "")
	}
	if f.want.Pressure == nil {
		return p
	}
	if err = p.first.Meter().TryPressure(*f.want.Pressure); err == nil {
		return p
	}
	_ = p.first.Remove()
	_ = p.first.Close()
	_ = p.unbind()
	return f.refuse(wayOwn, err, pressureCure(err))
}

// pressureCure is the way to have a trigger, by what stood against it.
func pressureCure(err error) string {
	switch {
	case errors.Is(err, unix.EINVAL):
		return "use a window of 2s, 4s, …: shorter ones take CAP_SYS_RESOURCE"
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.EOPNOTSUPP):
		return "have the kernel record pressure: boot with psi=1 (and without cgroup_disable=pressure)"
	}
	return ""
}

// container tries to read the group around us. That is of use only if nobody
// else's memory is counted there.
func (f *finder) container() *Place {
	at, err := cgroup.Find("/")
	if err != nil {
		if f.want.Source == Auto {
			return nil // said already
		}
		return f.refuse(wayContainer, err, "")
	}
	m, err := at.OpenMeter()
	if err != nil {
		if f.want.Source == Auto && errors.Is(err, cgroup.ErrNoController) {
			return nil
		}
		return f.refuse(wayContainer, err, "")
	}
	m.Close()
	if f.want.Source == Auto {
		if err := ours(at, f.want.PID); err != nil {
			return f.refuse(wayContainer, err, "")
		}
	}
	p := Bare(f.want.PID)
	p.Source, p.How, p.around = Container, "the group around us, "+at.Path()+", relance included", at
	return p
}

// ours returns nil if the group at is for us and our tree only: that of a
// container, or one that holds nobody but us.
func ours(at cgroup.Parent, pid int) error {
	if pid == 1 || at.NamespaceRoot() {
		return nil
	}
	pids, err := at.PIDs()
	if err != nil {
		return err
	}
	if others := len(pids) - 1; others > 0 {
		return fmt.Errorf("%s holds %d other processes too", at.Path(), others)
	}
	return nil
}

// without returns the words that are not among have.
func without(words, have []string) (missing []string) {
	for _, w := range words {
		if !slices.Contains(have, w) {
			missing = append(missing, w)
		}
	}
	return missing
}

func missingCure(info cgroup.Info, missing []string) string {
	if info.Root {
		return "the controller is on cgroup v1 or switched off: boot with systemd.unified_cgroup_hierarchy=1 (memory: and without cgroup_disable=memory)"
	}
	return "it is not handed down to us: Delegate=yes in the unit, or " + strings.Join(missing, ", ") + " in the cgroup.subtree_control of the groups above"
}
