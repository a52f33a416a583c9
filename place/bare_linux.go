package place

import "relance/cgroup"

// Bare is a place for a command whose memory nobody asks about: groups without
// controllers, where they can be made, only to end its tree as a whole with.
// Without them the tree is found in /proc, which serves as well, only not at
// once; so what stands against them is not worth a word.
func Bare(pid int) *Place {
	p := &Place{Source: Proc, names: cgroup.Names{PID: pid}}
	parent, err := cgroup.Find("/")
	p.parent, p.base, p.grouped = parent, parent, err == nil
	return p
}
