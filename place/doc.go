// Package place finds where on this machine the tree of the child can have a
// group of its own and its memory be watched: it tries the ways there are, best
// first, each for real, and says why the better ones were not possible.
package place

// Source is where the memory of the tree is measured.
type Source string

const (
	// Auto is the best there is.
	Auto Source = "auto"
	// Cgroup is a cgroup v2 group of its own for each generation.
	Cgroup Source = "cgroup"
	// Container is the group around us, which we may only read.
	Container Source = "container"
	// Proc is looks at each process of the tree in /proc.
	Proc Source = "proc"
)
