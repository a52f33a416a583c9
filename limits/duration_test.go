package limits

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	for _, c := range []struct {
		in   string
		want time.Duration
	}{
		{"0", 0}, {"0s", 0}, {"90", 90 * time.Second}, {"1.5", 1500 * time.Millisecond}, {" 90 ", 90 * time.Second},
		{"90s", 90 * time.Second}, {"1h30m", 90 * time.Minute}, {"2d", 48 * time.Hour}, {"1w", 7 * day},
		{"1.5h", 90 * time.Minute}, {"500ms", 500 * time.Millisecond}, {"250us", 250 * time.Microsecond},
		{"250\u00b5s", 250 * time.Microsecond}, {"250\u03bcs", 250 * time.Microsecond}, {"7ns", 7}, {"7nsec", 7},
		{"1d12h", 36 * time.Hour}, {"30m1h", 90 * time.Minute}, {"1h1h", 2 * time.Hour},
		// systemd.time(7), EXAMPLES of time spans.
		{"2 h", 2 * time.Hour}, {"2hours", 2 * time.Hour}, {"48hr", 48 * time.Hour}, {"55s500ms", 55500 * time.Millisecond},
		{"300ms20s 5day", 5*day + 20300*time.Millisecond}, {"5min 20s", 320 * time.Second}, {"5 minutes 20 seconds", 320 * time.Second},
		{"1usec", time.Microsecond}, {"1msec", time.Millisecond}, {"1sec", time.Second}, {"1second", time.Second},
		{"1minute", time.Minute}, {"1hour", time.Hour}, {"2days", 2 * day}, {"1week", 7 * day}, {"2weeks", 14 * day},
		{"1.9999999999s", 1999999999}, // a part of a nanosecond is dropped
		{"106751d", 106751 * day}, {"9223372036854775806ns", math.MaxInt64 - 1},
	} {
		if got, err := ParseDuration(c.in); err != nil || got != c.want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", c.in, got, err, c.want)
		}
		if got, err := ParseTimeout(c.in); err != nil || got != c.want {
			t.Errorf("ParseTimeout(%q) = %v, %v; want %v", c.in, got, err, c.want)
		}
	}
	if got, err := ParseTimeout(" infinity "); err != nil || got != Forever {
		t.Errorf(`ParseTimeout("infinity") = %v, %v`, got, err)
	}
}

func TestParseDurationRefuses(t *testing.T) {
	const units = " (use us, ms, s, m, h, d or w)"
	for _, c := range []struct{ in, want string }{
		{"", `parse duration "": empty: use a duration such as 90s, 1h30m or 2d`},
		{"-5s", "negative"}, {"-0", "negative"}, {"1h-5m", `"-5m" is not a number with a unit`},
		{"infinity", `parse duration "infinity": "infinity" is not a number`}, {"inf", "not a number"}, {"s", "not a number"},
		{"+5s", "not a number"}, {".5s", "not a number"}, {"NaN", "not a number"},
		{"1h30", `no unit after "30"` + units}, {"1 30s", `no unit after "1"` + units}, {"1:30", `no unit after "1"`},
		{"5.s", "no unit"}, {"1.2.3s", "no unit"}, {"10%", "no unit"},
		{"5M", `unknown unit "M"` + units}, {"1y", "unknown unit"}, {"2months", "unknown unit"}, {"5S", "unknown unit"},
		{"0x5s", "unknown unit"}, {"1e3s", "unknown unit"}, {"1hm", "unknown unit"}, {"5s!", "not a number"},
		{"106752d", "too long: use less than 106751 days (292 years)"},
		{"9223372036854775807ns", "too long"}, {"9223372036.854775807", "too long"}, // Forever is not a duration
		{"99999999999999999999s", "too long"}, {"9223372036854775808w", "too long"}, {"106751d 24h", "too long"},
		{"18446744073.9s", "too long"}, // whole seconds fit a uint64, with the fraction they do not
		{"0.1ns", "less than one nanosecond"},
	} {
		got, err := ParseDuration(c.in)
		if err == nil || !strings.Contains(err.Error(), c.want) || got != 0 {
			t.Errorf("ParseDuration(%q) = %v, %v; want 0 and an error with %q", c.in, got, err, c.want)
		}
	}
	for _, in := range []string{"", "Infinity", "infinity s", "-1", "5y"} {
		got, err := ParseTimeout(in)
		if err == nil || !strings.HasPrefix(err.Error(), "parse timeout ") || !strings.HasSuffix(err.Error(), "infinity") || got != 0 {
			t.Errorf("ParseTimeout(%q) = %v, %v; want an error that names infinity", in, got, err)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	const ms, s, m, h = time.Millisecond, time.Second, time.Minute, time.Hour
	for _, c := range []struct {
		in   time.Duration
		want string
	}{
		{0, "0 s"}, {1, "1 ns"}, {999, "999 ns"}, {1500, "1.5 us"}, {250 * time.Microsecond, "250 us"},
		{999_499, "999 us"}, {999_500, "1 ms"}, {38 * ms, "38 ms"}, {1400 * time.Microsecond, "1.4 ms"},
		{999*ms + 400_000, "999 ms"}, {999*ms + 600_000, "1 s"}, {s, "1 s"}, {1200 * ms, "1.2 s"}, {1249 * ms, "1.2 s"},
		{1250 * ms, "1.3 s"}, {9500 * ms, "9.5 s"}, {9949 * ms, "9.9 s"}, {9950 * ms, "10 s"}, {45 * s, "45 s"},
		{59*s + 499*ms, "59 s"}, {59*s + 500*ms, "1m"}, {m, "1m"}, {90 * s, "1m30s"}, {59*m + 59*s, "59m59s"},
		{59*m + 59*s + 600*ms, "1h"}, {h + 29*s, "1h"}, {h + 30*s, "1h1m"}, {5*h + 12*m, "5h12m"},
		{23*h + 59*m + 29*s, "23h59m"}, {23*h + 59*m + 40*s, "1d"}, {51 * h, "2d3h"}, {9 * day, "9d"},
		{Forever, "infinity"}, {Forever - 1, "106752d"},
		{-38 * ms, "-38 ms"}, {math.MinInt64, "-106752d"},
	} {
		if got := FormatDuration(c.in); got != c.want {
			t.Errorf("FormatDuration(%d) = %q, want %q", c.in, got, c.want)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"90s", "1h30m", "2d", "5min 20s", "infinity", "1h30", "59.96s", "9.96ms", "1.5w", "106751d23h", "18446744073.9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		timeout, timeoutErr := ParseTimeout(s)
		if err != nil {
			checkRefusal(t, d == 0, err)
			if timeoutErr == nil && timeout != Forever {
				t.Fatalf("ParseTimeout(%q) = %v, ParseDuration refuses: %v", s, timeout, err)
			}
			return
		}
		if d < 0 || d == Forever || timeout != d || timeoutErr != nil {
			t.Fatalf("ParseDuration(%q) = %d, ParseTimeout %d, %v", s, d, timeout, timeoutErr)
		}
		// Half of a unit lost, of at least ten.
		shown, err := ParseDuration(FormatDuration(d))
		if text := FormatDuration(d); text == "106752d" {
			return // rounded up past the largest
		} else if err != nil || math.Abs(float64(shown-d)) > 0.051*float64(d) {
			t.Fatalf("%d is shown as %q, which parses as %d, %v", d, text, shown, err)
		}
		if text := FormatDuration(d); FormatDuration(shown) != text {
			t.Fatalf("%d is shown as %q, and that as %q", d, text, FormatDuration(shown))
		}
	})
}
