package limits

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// sizeLetters are the units above the byte, each 1024 times the one before.
const sizeLetters = "KMGTPE"

const sizeCure = "a size such as 512M or 1.5G"

// ParseSize returns the bytes that s means: a decimal number and a unit, base
// 1024, in either case: "512M", "1.5G", "300m", "64MiB", "64MB", "1024".
// Without a unit it is bytes. Spaces around the number and the unit are
// ignored, so that what [FormatSize] wrote can be pasted back.
//
// A part of a byte is dropped ("1.3K" is 1331). Refused: nothing, a negative
// number, NaN, Inf, hex, exponents, a number above 0 that is less than one
// byte, and more than 8E minus one byte, the largest int64.
func ParseSize(s string) (int64, error) {
	n, err := sizeOf(s)
	if err != nil {
		return 0, fmt.Errorf("parse size %s: %v", Quote(s), err)
	}
	return n, nil
}

// sizeOf is ParseSize for callers that wrap the cause in their own words.
func sizeOf(s string) (int64, error) {
	text := strings.TrimSpace(s)
	if err := refuseHead(text, sizeCure); err != nil {
		return 0, err
	}
	n, rest, _ := cutNumber(text)
	unit, ok := sizeUnit(strings.TrimSpace(rest))
	if !ok {
		return 0, fmt.Errorf("unknown unit %s (use K, M, G, T, with optional iB or B)", Quote(strings.TrimSpace(rest)))
	}
	v, err := n.times(unit)
	switch {
	case errors.Is(err, errTooLarge):
		return 0, fmt.Errorf("too large: use less than 8E (%d bytes at most)", int64(math.MaxInt64))
	case errors.Is(err, errTooSmall):
		return 0, fmt.Errorf("less than one byte: use %s", sizeCure)
	}
	return int64(v), nil
}

// sizeUnit returns the bytes of a unit: "", "B", or a letter with an optional
// "iB" or "B".
func sizeUnit(s string) (bytes uint64, ok bool) {
	s = strings.ToUpper(s)
	if s == "" || s == "B" {
		return 1, true
	}
	i := strings.IndexByte(sizeLetters, s[0])
	if i < 0 {
		return 0, false
	}
	switch s[1:] {
	case "", "B", "IB":
		return 1 << (10 * (i + 1)), true
	}
	return 0, false
}

// FormatSize returns n bytes for people: "512 B", "96 KiB", "812 MiB",
// "1.5 GiB".
//
// Bytes are exact. Above, the value is rounded to the nearest of three
// significant digits (halves up) and trailing zeros after the point are
// dropped; only 1000 to 1023 has four digits. What would round to 1024 of a
// unit is 1 of the next: 1023.9 KiB is "1 MiB".
func FormatSize(n int64) string {
	if n < 0 {
		return "-" + formatSize(-uint64(n)) // right for the smallest int64 too
	}
	return formatSize(uint64(n))
}

func formatSize(n uint64) string {
	if n < 1024 {
		return strconv.FormatUint(n, 10) + " B"
	}
	for i := 0; ; i++ { // ends at E at the latest: all of a uint64 is 16 EiB
		unit := uint64(1) << (10 * (i + 1))
		name := " " + sizeLetters[i:i+1] + "iB"
		if v := roundDiv(n, 100, unit); v < 1000 {
			return decimals(v, 2) + name
		}
		if v := roundDiv(n, 10, unit); v < 1000 {
			return decimals(v, 1) + name
		}
		if v := roundDiv(n, 1, unit); v < 1024 {
			return strconv.FormatUint(v, 10) + name
		}
	}
}

// compactSize returns n bytes as a flag value without rounding: the largest
// unit that divides n, so 1536 is "1536" and 2048 is "2K".
func compactSize(n uint64) string {
	for i := len(sizeLetters) - 1; i >= 0; i-- {
		if unit := uint64(1) << (10 * (i + 1)); n != 0 && n%unit == 0 {
			return strconv.FormatUint(n/unit, 10) + sizeLetters[i:i+1]
		}
	}
	return strconv.FormatUint(n, 10)
}
