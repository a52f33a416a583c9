package cli

import (
	"testing"
	"time"

	"relance/limits"
)

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

// What is accepted is what the kernel takes: psi.rst for triggers, and of what
// we print the same comes back.
func FuzzPressure(f *testing.F) {
	for _, s := range []string{"full 200ms/2s", "some 1us/10s", "some 500ms/500ms", " full  1s / 2s ", "full", "full /", "some 2s/1s", "full 1ns/1s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parsePressure(s)
		if err != nil {
			return
		}
		if got.Stall <= 0 || got.Stall > got.Window || got.Window < 500*time.Millisecond || got.Window > 10*time.Second {
			t.Errorf("%q: %+v", s, got)
		}
		if again, err := parsePressure(got.String()); err != nil || again != got {
			t.Errorf("%q: %+v, printed %q, which is %+v, %v", s, got, got.String(), again, err)
		}
	})
}

func FuzzGroupLimits(f *testing.F) {
	for _, s := range []string{"150%", "1%", "0.99%", "1.%", "12.5%", "%", ".5%", "-1%", "819200%", "1e3%", "0x10%", "1", "4194304", "4194305", "+1", "1_0", "95%/5m", "1%/1s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		// cpu.max has microseconds, from a thousand on.
		if share, err := parseCPUs(s); err == nil && (share < time.Millisecond || share > maxCPUs*100*time.Millisecond) {
			t.Errorf("parseCPUs(%q) = %v", s, share)
		}
		if share, over, err := parseCPUShare(s + "/5m"); err == nil && (share < 0.01 || share > maxCPUs || over != 5*time.Minute) {
			t.Errorf("parseCPUShare(%q) = %v, %v", s, share, over)
		}
		if share, over, err := parseCPUShare(s); err == nil && (share < 0.01 || share > maxCPUs || over < minShareFor) {
			t.Errorf("parseCPUShare(%q) = %v, %v", s, share, over)
		}
		n, err := parseCount(s, maxPIDs)
		if size, sizeErr := limits.ParseSize(s); err == nil && (n < 1 || n > maxPIDs || sizeErr != nil || size != n) {
			t.Errorf("parseCount(%q) = %d, as a size %d, %v", s, n, size, sizeErr)
		}
	})
}
