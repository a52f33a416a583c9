// Package selftest has tests of the virtual machine itself: that it is the place
// the kernel tests of the other packages count on. They mean nothing elsewhere
// and are skipped there, unless RELANCE_TEST_VM_REQUIRED is set, which makes a
// run outside the machine a failure, so that a pipeline cannot skip in silence.
//
// The way back (exit status, output, files, time limit, a dying kernel) is
// tested from the host, in internal/vm/run.
package selftest
