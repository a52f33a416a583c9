// Package cgroup is one cgroup v2 group for the tree of the child: find where
// it can be made, make it, start processes in it, see who is in it, kill them
// all at once, remove it.
//
// It works on a cgroup2 mount without any controller, as hybrid hosts have at
// /sys/fs/cgroup/unified: killing needs none. It is an edge: it does not log,
// hold policy, retry or sleep. Everything below a group is reached through its
// descriptor, never through its path again.
//
// Words:
//
//   - group: the cgroup made for one tree. relance itself is never in it.
//   - parent: the cgroup relance is in, under which groups are made.
//   - subgroup: what the child made below its group. It goes with the group.
//   - populated: a process, alive or dying, is in the group or below it.
package cgroup
