package signals

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// The realtime signals as a program linked with glibc numbers them, which keeps
// the first two for itself (signal(7)); kill(1) and every shell do the same.
const (
	rtMin = 34
	rtMax = 64
)

// Parse reads a signal as kill(1) takes it: TERM, SIGTERM, term, 15, RTMIN+3,
// RTMAX-1. The signals KILL and STOP are names like the others here; who cannot
// use them says so.
func Parse(s string) (unix.Signal, error) {
	name := strings.TrimPrefix(strings.ToUpper(s), "SIG")
	if n, err := strconv.Atoi(name); err == nil {
		if n < 1 || n > rtMax {
			return 0, fmt.Errorf("signal %q: out of range, use a number from 1 to %d or a name such as TERM", s, rtMax)
		}
		return unix.Signal(n), nil
	}
	for base, sign := range map[string]string{"RTMIN": "+", "RTMAX": "-"} {
		if rest, ok := strings.CutPrefix(name, base); ok {
			if sig, ok := parseRealtime(base, sign, rest); ok {
				return sig, nil
			}
			return 0, fmt.Errorf("signal %q: use RTMIN, RTMIN+1 … RTMIN+%d, or RTMAX-1 …", s, rtMax-rtMin)
		}
	}
	if sig := unix.SignalNum("SIG" + name); sig != 0 {
		return sig, nil
	}
	return 0, fmt.Errorf("signal %q: no such signal, use a name such as TERM, HUP, USR1 or a number (kill -l lists them)", s)
}

func parseRealtime(base, sign, rest string) (unix.Signal, bool) {
	n := 0
	if rest != "" {
		digits, ok := strings.CutPrefix(rest, sign)
		if !ok {
			return 0, false
		}
		v, err := strconv.ParseUint(digits, 10, 8)
		if err != nil || v > rtMax-rtMin {
			return 0, false
		}
		n = int(v)
	}
	if base == "RTMIN" {
		return unix.Signal(rtMin + n), true
	}
	return unix.Signal(rtMax - n), true
}

// Name is the short name of a signal, as [Parse] reads it: "TERM", "RTMIN+3".
func Name(sig unix.Signal) string {
	if sig >= rtMin && sig <= rtMax {
		if sig == rtMin {
			return "RTMIN"
		}
		return fmt.Sprintf("RTMIN+%d", sig-rtMin)
	}
	if name := unix.SignalName(sig); name != "" {
		return strings.TrimPrefix(name, "SIG")
	}
	return strconv.Itoa(int(sig))
}
