package place

import (
	"errors"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"relance/cgroup"
)

// Want is what is asked for.
type Want struct {
	Source Source
	// Limits are what each group is given.
	Limits cgroup.Limits
	// Total are what all groups together are given, by a group around them.
	Total cgroup.Limits
	// Pressure is the trigger that is armed on each group, nil for none.
	Pressure *cgroup.Trigger
	// MustLimit says that something is asked for which only a group of our own can
	// do: without one it is refused.
	MustLimit bool
	// PID is ours; groups are named after it.
	PID int
	// Answers is what systemd has said before, nil for nothing.
	Answers *Answers
}

// Refusal is a way that was not possible.
type Refusal struct {
	// Way is what was tried, Why what stood against it, Cure what to do about it;
	// the last may be empty.
	Way, Why, Cure string
}

func (r Refusal) String() string { return r.Way + ": " + r.Why }

// Error says that nothing of what was asked for is possible here.
type Error struct {
	Wanted  string
	Refused []Refusal
}

func (e *Error) Error() string {
	whys := make([]string, len(e.Refused))
	for i, r := range e.Refused {
		whys[i] = r.String()
	}
	return e.Wanted + " is not possible here: " + strings.Join(whys, "; ")
}

// Hint is the cure, or empty.
func (e *Error) Hint() string { return cure(e.Refused) }

// cure is that of the last way that has one: it came nearest.
func cure(refused []Refusal) (hint string) {
	for _, r := range refused {
		if r.Cure != "" {
			hint = r.Cure
		}
	}
	return hint
}

// Place is where the tree of each generation is put and its memory watched.
type Place struct {
	// Source is never Auto.
	Source Source
	// How says for people where, Refused what would have been better.
	How     string
	Refused []Refusal
	// grouped reports whether groups can be made in parent. That is the group all, if
	// there is one around those of all generations, and else base, where it is made.
	grouped      bool
	parent, base cgroup.Parent
	all          *cgroup.Group
	want         Want
	names        cgroup.Names
	// first is the group that proved the place.
	first *cgroup.Group
	// around is our own group, where that is what is read.
	around cgroup.Parent
	undo   func() error
}

// String is the line that tells of it: "looks at each process in /proc; not
// possible: own group: /sys/fs/cgroup is read-only; relance doctor tells how to
// get more".
func (p *Place) String() string {
	s := p.How
	if len(p.Refused) > 0 {
		s += "; not possible: " + join(p.Refused)
		if cure(p.Refused) != "" {
			s += "; relance doctor tells how to get more"
		}
	}
	return s
}

func join(refused []Refusal) string {
	var s []string
	for _, r := range refused {
		s = append(s, r.String())
	}
	return strings.Join(s, "; ")
}

// Limited reports whether each generation has a group of its own with limits.
func (p *Place) Limited() bool { return p.Source == Cgroup }

// Swaps reports whether the kernel may swap out what is in the groups.
func (p *Place) Swaps() bool {
	if none := p.want.Limits.SwapMax; none != nil && *none == 0 {
		return false
	}
	var info unix.Sysinfo_t
	return unix.Sysinfo(&info) == nil && info.Totalswap > 0
}

// Create makes the group of a generation with its limits in place. Where groups
// are only of use to end a tree with, and none can be made, it is nil.
func (p *Place) Create(gen int) (*cgroup.Group, error) {
	if g := p.first; g != nil {
		p.first = nil
		return g, nil
	}
	if !p.grouped {
		return nil, nil
	}
	g, err := p.create(gen)
	if p.Limited() {
		return g, err
	}
	if err == nil && g.CanKill() {
		return g, nil
	}
	if err == nil {
		_ = g.Remove() // it is empty
		_ = g.Close()
	}
	p.grouped = false // what does not work once is not tried again
	return nil, nil
}

// GiveUp is called when a group could be made and not be entered. It reports
// whether the command may go without; from then on there are none.
func (p *Place) GiveUp() bool {
	if p.Limited() {
		return false
	}
	p.grouped = false
	return true
}

// RemoveStale removes the groups of dead relances beside ours, and returns those
// that still hold processes.
func (p *Place) RemoveStale() []cgroup.Left {
	if !p.grouped {
		return nil
	}
	// What cannot be cleaned up does not stand in our way.
	left, _ := p.base.RemoveStale()
	return left
}

func (p *Place) create(gen int) (*cgroup.Group, error) {
	g, err := p.make(gen)
	if err != nil {
		return nil, err
	}
	if err := g.Limit(p.want.Limits); err != nil {
		// It is empty, so it can go.
		_ = g.Remove()
		_ = g.Close()
		return nil, err
	}
	return g, nil
}

// make makes a group under a name that nobody has: in another pid namespace there
// may be a relance of our number, and one that is dead may have left processes.
func (p *Place) make(gen int) (*cgroup.Group, error) {
	return p.named(p.parent, func() string { return p.names.Group(gen) })
}

func (p *Place) named(parent cgroup.Parent, name func() string) (g *cgroup.Group, err error) {
	const namesakes = 100
	for range namesakes {
		if g, err = parent.Create(name()); !errors.Is(err, fs.ErrExist) {
			break
		}
		p.names.Twin++
	}
	return g, err
}

// OpenMeter measures the group around us. It is for the source Container.
func (p *Place) OpenMeter() (cgroup.Meter, error) { return p.around.OpenMeter() }

// Close takes back what was changed on this machine. The groups must be gone.
func (p *Place) Close() error {
	if p.first != nil {
		_ = p.first.Remove()
		_ = p.first.Close()
		p.first = nil
	}
	err := p.unbind()
	if p.undo == nil {
		return err
	}
	undo := p.undo
	p.undo = nil
	return errors.Join(err, undo())
}
