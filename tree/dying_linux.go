package tree

import (
	"fmt"
	"os"
)

// Dying reports whether a process is on its way out: killed and not yet dead, or
// dead. A large one takes a while to give its memory back. One that cannot be
// seen is gone.
func Dying(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	if s, err := parseStat(b); err == nil && (s.exiting || s.state == 'Z' || s.state == 'X') {
		return true
	}
	b, err = os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return err != nil || parseStatus(b).killed
}
