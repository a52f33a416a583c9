package limits

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Unlimited is RLIM_INFINITY as prlimit64(2) takes and gives it.
const Unlimited uint64 = math.MaxUint64

// Value is one side of an rlimit as the user asked for it.
type Value struct {
	// N is in the unit of the kernel: bytes, seconds (cpu), microseconds
	// (rttime) or a plain count. Unlimited means no limit. 0 if Equal.
	N uint64
	// Equal reports whether "=" was given. For a soft value it means the hard
	// limit that is in force once this rlimit is set; for a hard value it means
	// that the hard limit stays what it is.
	Equal bool
}

// Rlimit is what one --rlimit flag asks for. Nothing is known yet about the
// limits in force: [Rlimit.Resolve] brings the two together.
type Rlimit struct {
	Name       string // as in prlimit(1): "nofile"
	Resource   int    // RLIMIT_NOFILE, for prlimit64(2)
	Soft, Hard Value
	SetSoft    bool // Soft was given
	SetHard    bool // Hard was given
}

// RlimitNames returns the names of all rlimits of Linux, in order of the
// alphabet, spelled as in prlimit(1).
func RlimitNames() []string {
	names := make([]string, len(resources))
	for i, r := range resources {
		names[i] = r.name
	}
	return names
}

// ParseRlimit reads "NAME=SPEC". NAME is one of [RlimitNames], in any case,
// with or without "RLIMIT_". SPEC says which of the two limits change:
//
//	SOFT or SOFT:   the soft limit only (prlimit(1) would set both)
//	SOFT:HARD       both
//	:HARD           the hard limit only
//
// A value is a number in the unit that getrlimit(2) gives for the resource,
// "unlimited" or "infinity", or "=" (see [Value]: "nofile==" raises the soft
// limit as far as it goes).
//
//   - as core data fsize memlock msgqueue rss stack: bytes, or a size as
//     [ParseSize] reads it: "512M".
//   - cpu: seconds, or a duration of whole seconds: "90", "90s", "1h".
//   - rttime: microseconds, or a duration of whole microseconds: "200ms".
//   - nice: 0 to 40. The child may lower its nice value down to 20 minus this
//     number: 1 allows 19, 20 allows 0, 40 allows -20; 0 allows nothing.
//   - the others: a plain number.
//
// A soft value above the hard one is refused here, as setrlimit(2) would.
func ParseRlimit(s string) (Rlimit, error) {
	r, err := rlimitOf(s)
	if err != nil {
		return Rlimit{}, fmt.Errorf("parse rlimit %s: %v", Quote(s), err)
	}
	return r, nil
}

func rlimitOf(s string) (Rlimit, error) {
	name, spec, _ := strings.Cut(s, "=")
	res, ok := resourceNamed(strings.TrimSpace(name))
	if !ok {
		return Rlimit{}, fmt.Errorf("unknown name %s (use one of %s)", Quote(name), strings.Join(RlimitNames(), " "))
	}
	soft, hard, _ := strings.Cut(spec, ":")
	soft, hard = strings.TrimSpace(soft), strings.TrimSpace(hard)
	if strings.Contains(hard, ":") {
		return Rlimit{}, fmt.Errorf("more than one colon: use %[1]s=SOFT:HARD", res.name)
	}
	if soft == "" && hard == "" {
		return Rlimit{}, fmt.Errorf("no value: use %[1]s=SOFT, %[1]s=SOFT:HARD or %[1]s=:HARD", res.name)
	}
	r := Rlimit{Name: res.name, Resource: res.number, SetSoft: soft != "", SetHard: hard != ""}
	var err error
	if r.SetSoft {
		if r.Soft, err = res.value(soft); err != nil {
			return Rlimit{}, fmt.Errorf("soft %v", err)
		}
	}
	if r.SetHard {
		if r.Hard, err = res.value(hard); err != nil {
			return Rlimit{}, fmt.Errorf("hard %v", err)
		}
	}
	if r.SetSoft && r.SetHard && !r.Soft.Equal && !r.Hard.Equal && r.Soft.N > r.Hard.N {
		return Rlimit{}, fmt.Errorf("soft %s is above hard %s: use %s=SOFT:HARD with SOFT at most HARD",
			res.exact(r.Soft.N), res.exact(r.Hard.N), res.name)
	}
	return r, nil
}

func resourceNamed(name string) (resource, bool) {
	name = strings.TrimPrefix(strings.ToLower(name), "rlimit_")
	for _, r := range resources {
		if r.name == name {
			return r, true
		}
	}
	return resource{}, false
}

// resourceNumbered returns the row of a RLIMIT_* number; for a number that
// Linux does not have, one without a name that counts.
func resourceNumbered(number int) resource {
	for _, r := range resources {
		if r.number == number {
			return r
		}
	}
	return resource{number: number}
}

// value reads one side of a SPEC; text is not empty and has no spaces around.
func (r resource) value(text string) (Value, error) {
	switch strings.ToLower(text) {
	case "=":
		return Value{Equal: true}, nil
	case "unlimited", "infinity":
		return Value{N: Unlimited}, nil
	}
	n, err := r.numberOf(text)
	if err != nil {
		return Value{}, fmt.Errorf("%s: %v", Quote(text), err)
	}
	return Value{N: n}, nil
}

func (r resource) numberOf(text string) (uint64, error) {
	if text[0] == '-' {
		if r.kind == unitNice {
			return 0, errors.New("negative: use 20 minus the nice value, 25 for nice -5")
		}
		return 0, errors.New("negative: use 0 or more, or unlimited")
	}
	if r.kind == unitBytes {
		n, err := sizeOf(text)
		return uint64(n), err
	}
	if allDigits(text) {
		n, err := strconv.ParseUint(text, 10, 63)
		switch {
		case err != nil:
			return 0, errors.New("too large: use unlimited")
		case r.kind == unitNice && n > 40:
			return 0, errors.New("above 40: use 20 minus the nice value, from 1 (nice 19) to 40 (nice -20)")
		}
		return n, nil
	}
	switch r.kind {
	case unitSeconds:
		return wholeUnits(text, 1_000_000_000, "second", "s")
	case unitMicroseconds:
		return wholeUnits(text, 1000, "microsecond", "us")
	case unitNice:
		return 0, errors.New("not a whole number: use 20 minus the nice value, 25 for nice -5")
	}
	return 0, fmt.Errorf("not a whole number: %s takes a plain number such as 65536, or unlimited", r.name)
}

// wholeUnits reads a duration that must be a whole number of units of ns
// nanoseconds: the kernel cannot keep less, and we do not round in silence.
func wholeUnits(text string, ns uint64, unit, short string) (uint64, error) {
	d, err := durationOf(text)
	if err != nil {
		return 0, err
	}
	n := uint64(d) / ns
	if uint64(d)%ns != 0 {
		return 0, fmt.Errorf("part of a %s: the kernel counts whole %ss, use %d%s", unit, unit, n+1, short)
	}
	return n, nil
}

// String returns the flag value that asks for the same: ParseRlimit of it
// gives r again.
func (r Rlimit) String() string {
	res := resourceNumbered(r.Resource)
	s := r.Name + "="
	if r.SetSoft {
		s += res.flag(r.Soft)
	}
	if r.SetHard {
		s += ":" + res.flag(r.Hard)
	}
	return s
}

// flag returns v as a user would write it, without rounding.
func (r resource) flag(v Value) string {
	switch {
	case v.Equal:
		return "="
	case v.N == Unlimited:
		return "unlimited"
	case r.kind == unitBytes && v.N <= math.MaxInt64:
		return compactSize(v.N)
	}
	return strconv.FormatUint(v.N, 10)
}
