package limits

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// number is an unsigned decimal number cut from the head of a text: digits,
// and a fraction if a dot and more digits follow.
type number struct{ whole, fraction string }

// cutNumber splits a text that starts with a number; ok is false if it does
// not. Signs, hex, exponents and "1_000" are not part of a number: what
// follows the plain digits is in rest, where the caller meets it as a unit.
func cutNumber(s string) (n number, rest string, ok bool) {
	n.whole, rest = cutDigits(s)
	if n.whole == "" {
		return number{}, s, false
	}
	if after, dot := strings.CutPrefix(rest, "."); dot {
		if digits, tail := cutDigits(after); digits != "" {
			n.fraction, rest = digits, tail
		}
	}
	return n, rest, true
}

func cutDigits(s string) (digits, rest string) {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return s[:i], s[i:]
}

// allDigits reports whether s is a plain whole number.
func allDigits(s string) bool {
	digits, rest := cutDigits(s)
	return digits != "" && rest == ""
}

var (
	errTooLarge = errors.New("too large")
	errTooSmall = errors.New("too small")
)

// times returns n*unit rounded down to a whole number. It returns errTooLarge
// above math.MaxInt64, and errTooSmall if a number above 0 would become 0.
// The unit is at most 1<<60, the largest there is (E).
func (n number) times(unit uint64) (uint64, error) {
	whole, err := strconv.ParseUint(n.whole, 10, 63)
	if err != nil {
		return 0, errTooLarge
	}
	// 0.d1d2d3 * unit, from the last digit to the first. Rounding down at each
	// step is exact: floor((m+y)/10) = floor((m+floor(y))/10) for a whole m.
	// 9*unit plus the carry is below 10<<60, which fits.
	var part uint64
	for i := len(n.fraction) - 1; i >= 0; i-- {
		part = (uint64(n.fraction[i]-'0')*unit + part) / 10
	}
	high, low := bits.Mul64(whole, unit)
	v, carry := bits.Add64(low, part, 0)
	if high != 0 || carry != 0 || v > math.MaxInt64 {
		return 0, errTooLarge
	}
	if v == 0 && strings.Trim(n.whole+n.fraction, "0") != "" {
		return 0, errTooSmall
	}
	return v, nil
}

// refuseHead says what is wrong with a text that does not start with a number.
// cure is what to write instead.
func refuseHead(text, cure string) error {
	switch {
	case text == "":
		return fmt.Errorf("empty: use %s", cure)
	case text[0] == '-':
		return fmt.Errorf("negative: use %s", cure)
	case !('0' <= text[0] && text[0] <= '9'):
		return fmt.Errorf("%s is not a number with a unit: use %s", Quote(text), cure)
	}
	return nil
}

// quoteMax is how much of a value an error repeats: enough to find it in a
// command line, too little to flood a log.
const quoteMax = 80

// Quote returns s in quotes, without control characters, and shortened.
func Quote(s string) string {
	if len(s) > quoteMax {
		return strconv.Quote(s[:quoteMax]) + "..."
	}
	return strconv.Quote(s)
}

// roundDiv returns n*mul/unit rounded to the nearest, halves up. The caller
// sees to it that the quotient fits: mul is below unit, or n*mul is small.
func roundDiv(n, mul, unit uint64) uint64 {
	high, low := bits.Mul64(n, mul)
	low, carry := bits.Add64(low, unit/2, 0)
	q, _ := bits.Div64(high+carry, low, unit)
	return q
}

// decimals formats v/10^places without trailing zeros: decimals(150, 2) is
// "1.5". places is 1 or 2.
func decimals(v uint64, places int) string {
	ten := uint64(math.Pow10(places))
	s := fmt.Sprintf("%d.%0*d", v/ten, places, v%ten)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}
