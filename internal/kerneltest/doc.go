// Package kerneltest holds the tests of the whole program that need root on a
// kernel of their own: scripts/check-kernel.sh runs them, in a virtual machine
// or on a machine that has a cgroup2 with a memory controller.
package kerneltest
