package need

import (
	"os"
	"testing"
)

// Machine ends the test outside of a virtual machine that is there for tests alone:
// what it does it does to the whole machine. make check-kernel has one, and where
// RELANCE_TEST_VM_REQUIRED is set there must be one.
func Machine(t testing.TB, what string) {
	t.Helper()
	switch {
	case os.Getenv("RELANCE_TEST_VM") == "1":
	case os.Getenv("RELANCE_TEST_VM_REQUIRED") != "":
		t.Fatal("RELANCE_TEST_VM_REQUIRED is set, and this is not the virtual machine")
	default:
		t.Skipf("%s, so it needs a machine of its own: make check-kernel", what)
	}
}
