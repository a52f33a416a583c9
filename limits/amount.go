package limits

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"
)

// Amount is a size, or a percentage of a total that the caller knows later
// (the memory of this machine, or of the container: see [EffectiveMemory]).
// The zero Amount is 0 bytes.
type Amount struct {
	text    string // as given, without the spaces around it
	percent bool
	n       uint64 // bytes, or billionths of the total; fits an int64
}

// billion is the whole of a percentage: 100% is kept as 1e9 billionths, so
// "12.5%" is exact, and what is finer than 0.0000001% is dropped.
const billion = 1_000_000_000

// ParseAmount reads a size as [ParseSize] does, or a percentage above 0 and
// up to 100, whole or with a fraction: "512M", "80%", "12.5%".
func ParseAmount(s string) (Amount, error) {
	a := Amount{text: strings.TrimSpace(s)}
	var err error
	if digits, ok := strings.CutSuffix(a.text, "%"); ok {
		a.percent = true
		a.n, err = percentOf(strings.TrimSpace(digits))
	} else {
		var bytes int64
		bytes, err = sizeOf(a.text)
		a.n = uint64(bytes)
	}
	if err != nil {
		return Amount{}, fmt.Errorf("parse amount %s: %v", Quote(s), err)
	}
	return a, nil
}

func percentOf(s string) (billionths uint64, err error) {
	const cure = "a percentage such as 80% or 12.5%"
	if err := refuseHead(s, cure); err != nil {
		return 0, err
	}
	n, rest, _ := cutNumber(s)
	if rest != "" {
		return 0, fmt.Errorf("%s is not a number: use %s", Quote(s), cure)
	}
	v, err := n.times(billion / 100)
	switch {
	case errors.Is(err, errTooLarge) || v > billion:
		return 0, errors.New("above 100%: use at most 100%, or a size such as 512M")
	case errors.Is(err, errTooSmall) || v == 0:
		return 0, fmt.Errorf("no part of the total: use %s", cure)
	}
	return v, nil
}

// IsPercent reports whether a needs a total to mean a number of bytes.
func (a Amount) IsPercent() bool { return a.percent }

// Of returns the bytes that a means. A size ignores the total. A percentage is
// rounded down to a whole byte, is never above the total, and is 0 when the
// total is 0 or negative.
func (a Amount) Of(total int64) int64 {
	if !a.percent {
		return int64(a.n)
	}
	if total <= 0 {
		return 0
	}
	high, low := bits.Mul64(uint64(total), a.n) // a.n <= billion: the quotient is <= total
	bytes, _ := bits.Div64(high, low, billion)
	return int64(bytes)
}

// String returns the amount as it was given, without the spaces around it.
func (a Amount) String() string {
	if a.text == "" {
		return "0"
	}
	return a.text
}
