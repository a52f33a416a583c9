// Package await waits in tests for what nobody tells of: the state of a process in
// /proc, a counter of the kernel's, a field of another goroutine. Whatever can be
// waited for by a line, a file or a descriptor is not for it.
package await

import (
	"testing"
	"time"
)

// Patience is how long a test waits for what must come: long enough for the slowest
// machine, since nothing is measured by it.
const Patience = 2 * time.Minute

// Until looks until it sees what must come, and ends the test if that does not.
func Until(t testing.TB, what string, seen func() bool) {
	t.Helper()
	Fact(t, what, func() (bool, string) { return seen(), "" })
}

// Fact is Until for what can say what there is in place of what must come.
func Fact(t testing.TB, what string, seen func() (there bool, instead string)) {
	t.Helper()
	said := ""
	if !Seen(func() (there bool) { there, said = seen(); return there }) {
		t.Fatalf("%s: not within %s: %s", what, Patience, said)
	}
}

// Seen is Until for who has no test to end: it reports whether it came. It looks each
// millisecond at first, and less often at what takes long, so that the machine is left
// to what is waited for.
func Seen(seen func() bool) bool {
	for begin := time.Now(); ; {
		if seen() {
			return true
		}
		waited := time.Since(begin)
		if waited > Patience {
			return false
		}
		time.Sleep(min(max(waited/16, time.Millisecond), 20*time.Millisecond))
	}
}
