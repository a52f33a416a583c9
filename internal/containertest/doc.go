// Package containertest runs relance in containers, as PID 1, under the real
// runtimes: runc and crun, each with a cgroup mount that is read-only or
// writable, in the host's cgroup namespace or its own. It needs root, both
// runtimes and a cgroup2 with all controllers: scripts/check-kernel.sh gives it
// a virtual machine. Everywhere else it is skipped, unless RELANCE_TEST_CONTAINER
// is 1: then what is missing is a failure.
package containertest
