package signals

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// Rewrites says which signal the child gets in place of the one that came; zero
// stands for none at all.
type Rewrites map[unix.Signal]unix.Signal

// ParseRewrites reads words like HUP=QUIT and TERM=none.
func ParseRewrites(words []string) (Rewrites, error) {
	r := Rewrites{}
	for _, word := range words {
		from, to, ok := strings.Cut(word, "=")
		if !ok {
			return nil, fmt.Errorf("rewrite %q: no \"=\" in it, use SIGNAL=SIGNAL or SIGNAL=none, such as HUP=QUIT", word)
		}
		f, err := Parse(from)
		if err != nil {
			return nil, fmt.Errorf("rewrite %q: %w", word, err)
		}
		if !Receivable(f) {
			return nil, fmt.Errorf("rewrite %q: %s never reaches relance as a signal to pass on", word, Name(f))
		}
		if _, twice := r[f]; twice {
			return nil, fmt.Errorf("rewrite %q: %s is rewritten twice, keep one", word, Name(f))
		}
		if to == "none" {
			r[f] = 0
			continue
		}
		if r[f], err = Parse(to); err != nil {
			return nil, fmt.Errorf("rewrite %q: %w", word, err)
		}
	}
	return r, nil
}

// Apply returns what the child gets for sig, and false if that is nothing.
func (r Rewrites) Apply(sig unix.Signal) (unix.Signal, bool) {
	to, ok := r[sig]
	if !ok {
		return sig, true
	}
	return to, to != 0
}

// Receivable reports whether a signal sent to relance can be passed on: not
// those that cannot be caught (KILL, STOP), nor SIGCHLD, nor those the kernel
// raises for a fault, nor those that the Go runtime and libc keep for
// themselves (URG, PROF, 32 to 34), nor those that stop who touches a terminal
// from the background (TTIN, TTOU).
func Receivable(sig unix.Signal) bool {
	switch sig {
	case unix.SIGKILL, unix.SIGSTOP, unix.SIGCHLD,
		unix.SIGILL, unix.SIGTRAP, unix.SIGABRT, unix.SIGBUS, unix.SIGFPE, unix.SIGSEGV, unix.SIGSYS,
		unix.SIGURG, unix.SIGPROF, unix.SIGTTIN, unix.SIGTTOU, 32, 33, 34:
		return false
	}
	return sig >= 1 && sig <= rtMax
}
