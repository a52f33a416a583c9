package cli

import "testing"

// What is accepted is a range that grows and a count that can be reached.
func FuzzValues(f *testing.F) {
	for _, s := range []string{"100ms..30s", "1us..1us", "5/1m", "..", "/", "1s..", "-1/1s", "30s..100ms", "10001/1s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if low, high, err := parseBackoff(s); err == nil && (low <= 0 || low > high) {
			t.Errorf("parseBackoff(%q) = %v, %v", s, low, high)
		}
		if n, within, err := parseGiveUp(s); err == nil && (n < 1 || n > maxGiveUp || within <= 0) {
			t.Errorf("parseGiveUp(%q) = %v, %v", s, n, within)
		}
	})
}
