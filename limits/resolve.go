package limits

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// InForce is what getrlimit(2) says of one resource now. The fields are those
// of unix.Rlimit and syscall.Rlimit: either converts, limits.InForce(r).
type InForce struct {
	Cur uint64 // soft
	Max uint64 // hard
}

// Resolve returns the two limits to set, given those in force. canRaise
// reports whether we may raise a hard limit, which takes CAP_SYS_RESOURCE
// (setrlimit(2)). It is pure, and never returns a soft limit above the hard
// one. It refuses, rather than clamps:
//
//   - a hard limit above the one in force, if !canRaise;
//   - a soft limit above the hard limit that will be in force;
//   - a hard limit alone, below the soft limit in force, which the kernel
//     would refuse (EINVAL).
//
// What it cannot know: root too may not set nofile above
// /proc/sys/fs/nr_open (EPERM).
func (r Rlimit) Resolve(cur InForce, canRaise bool) (soft, hard uint64, err error) {
	res := resourceNumbered(r.Resource)
	soft, hard = cur.Cur, cur.Max
	if r.SetHard && !r.Hard.Equal {
		hard = r.Hard.N
	}
	if r.SetSoft {
		soft = r.Soft.N
		if r.Soft.Equal {
			soft = hard
		}
	}
	if hard > cur.Max && !canRaise {
		return 0, 0, fmt.Errorf("set rlimit %s: hard %s is above the hard limit %s in force: use at most that, or raise it as root",
			r, res.exact(hard), res.exact(cur.Max))
	}
	if soft <= hard {
		return soft, hard, nil
	}
	if !r.SetSoft {
		both := Value{N: hard}
		return 0, 0, fmt.Errorf("set rlimit %s: hard %s is below the soft limit %s in force, which would have to be lowered too: use %s=%s:%s",
			r, res.exact(hard), res.exact(soft), r.Name, res.flag(both), res.flag(both))
	}
	if canRaise {
		asked := res.flag(r.Soft)
		return 0, 0, fmt.Errorf("set rlimit %s: soft %s is above the hard limit %s: use %s==, or %s=%s:%s to raise both",
			r, res.exact(soft), res.exact(hard), r.Name, r.Name, asked, asked)
	}
	return 0, 0, fmt.Errorf("set rlimit %s: soft %s is above the hard limit %s: use %s==, or raise the hard limit as root",
		r, res.exact(soft), res.exact(hard), r.Name)
}

// Warnings returns what the user should know about r although it can be set:
// one line for each surprise, without a full stop, or nothing.
func (r Rlimit) Warnings() []string {
	switch r.Name {
	case "as":
		return []string{"rlimit as breaks Go, Node and Wasm runtimes, which reserve address space; prefer data or --memory-max"}
	case "rss":
		// getrlimit(2): "This limit has effect only in Linux 2.4.x, x < 30".
		return []string{"rlimit rss has no effect on Linux; prefer --memory-max"}
	case "locks":
		// getrlimit(2): "RLIMIT_LOCKS (Linux 2.4.0 to Linux 2.4.24)".
		return []string{"rlimit locks has no effect on Linux"}
	}
	return nil
}

// FormatRlimit returns a limit that the kernel reported, for people, in the
// unit of the resource (a RLIMIT_* number): "512 MiB", "1 s", "1024",
// "unlimited". Sizes are rounded as in [FormatSize], times as in
// [FormatDuration]. nice adds the value it stands for: "25 (nice -5)".
func FormatRlimit(resource int, v uint64) string {
	return resourceNumbered(resource).format(v)
}

func (r resource) format(v uint64) string {
	if v == Unlimited {
		return "unlimited"
	}
	switch r.kind {
	case unitBytes:
		return formatSize(v)
	case unitSeconds:
		return formatTime(v, time.Second, " s")
	case unitMicroseconds:
		return formatTime(v, time.Microsecond, " us")
	case unitNice:
		if 1 <= v && v <= 40 {
			return fmt.Sprintf("%d (nice %d)", v, 20-int(v))
		}
	}
	return strconv.FormatUint(v, 10)
}

// formatTime formats v units; past the range of a duration, as a plain number.
func formatTime(v uint64, unit time.Duration, name string) string {
	if v > math.MaxInt64/uint64(unit) {
		return strconv.FormatUint(v, 10) + name
	}
	return FormatDuration(time.Duration(v) * unit)
}

// exact is format without rounding, for errors that compare two values: what
// format would round is given as a plain number with its unit.
func (r resource) exact(v uint64) string {
	text, plain := r.format(v), strconv.FormatUint(v, 10)
	if v == Unlimited {
		return text
	}
	switch r.kind {
	case unitBytes:
		if n, err := sizeOf(text); err != nil || uint64(n) != v {
			return plain + " bytes"
		}
	case unitSeconds:
		if d, err := durationOf(text); err != nil || uint64(d)/uint64(time.Second) != v {
			return plain + " s"
		}
	case unitMicroseconds:
		if d, err := durationOf(text); err != nil || uint64(d)/uint64(time.Microsecond) != v {
			return plain + " us"
		}
	}
	return text
}
