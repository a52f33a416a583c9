package place

import (
	"slices"

	"relance/cgroup"
)

// What all generations together are given is the limit of one more group, in which all
// of theirs are: a group that is ours alone can be made wherever theirs can, whoever else
// is in the one around us, and is gone when we are. It holds no process itself, as it
// hands controllers down ("no internal processes", cgroup-v2.rst).

// controllers are those that the groups of generations need. Who is killed for what all
// use shows in the memory controller of its own group.
func (w *Want) controllers() []string {
	names := w.Limits.Controllers()
	for _, name := range w.Total.Controllers() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// bind makes the group around those of the generations, if one is wanted.
func (p *Place) bind() error {
	if len(p.want.Total.Controllers()) == 0 {
		return nil
	}
	all, err := p.named(p.base, func() string { return p.names.All() })
	if err != nil {
		return err
	}
	p.all = all
	if err = all.Limit(p.want.Total); err == nil {
		err = all.Parent().Enable(p.want.controllers())
	}
	if err != nil {
		return err
	}
	p.parent = all.Parent()
	p.How += ", all of them in " + p.parent.Name()
	return nil
}

// unbind removes it again.
func (p *Place) unbind() error {
	if p.all == nil {
		return nil
	}
	err := p.all.Remove()
	_ = p.all.Close()
	p.all, p.parent = nil, p.base
	return err
}

// CountsMemory reports whether the kernel counts the memory of each group.
func (p *Place) CountsMemory() bool {
	return p.Limited() && slices.Contains(p.want.controllers(), "memory")
}

// Total measures what all generations use together, where that is limited.
func (p *Place) Total() (m cgroup.Meter, limited bool) {
	if p.all == nil {
		return cgroup.Meter{}, false
	}
	return p.all.Meter(), true
}
