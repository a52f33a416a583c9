// Package tree sees the child and all its descendants through /proc: it finds
// them, signals them, kills them and measures their memory. Where several
// generations live it tells their trees apart.
//
// It is the way that works everywhere; where a cgroup can be made, package
// cgroup is exact and this package is the complement for what left the group.
// It is an edge: it does not log, hold policy, sleep or start goroutines. Every
// act is one bounded piece of work; the caller decides whether to call again.
//
// Words:
//
//   - root: relance itself. It must be a child subreaper, prctl(2): "When a
//     process becomes orphaned […] it will be reparented to the nearest
//     still living ancestor subreaper." Without it a daemon leaves the tree.
//   - member: a descendant of root that is not a stranger. A zombie is a member
//     until it is reaped, but it is not alive.
//   - stranger: a child that root had before it started anything (whoever
//     called exec left it behind), and all that descends from it.
//   - orphan: a member whose parent is root, and which is the child of no
//     generation that lives. Its chain of parents says no more whose it is.
//   - mark: an entry in the environment that only one generation was started with.
//   - torn: a scan during which something vanished. /proc is not read in one
//     instant, so a torn scan may have missed a process that kept moving.
//   - bound: memory counted by RSS. Pages that several processes share are
//     counted in each, so it is never below the PSS and costs one small file.
//
// A process may vanish between any two system calls. ENOENT and ESRCH mean that
// it is gone, which is never an error here.
package tree
