package limits

import (
	"math"
	"strings"
	"testing"
)

func TestAmount(t *testing.T) {
	for _, c := range []struct {
		in      string
		percent bool
		total   int64
		want    int64
	}{
		{"512M", false, 0, 512 * mib}, {"512M", false, gib, 512 * mib}, {"512M", false, -1, 512 * mib},
		{"0", false, gib, 0}, {"8M", false, mib, 8 * mib},
		{"80%", true, 1000, 800}, {"12.5%", true, 1000, 125}, {"100%", true, math.MaxInt64, math.MaxInt64},
		{"100.000%", true, 7, 7}, {"50%", true, 7, 3}, {"1%", true, 99, 0}, {"80 %", true, 10, 8}, {" 80% ", true, 10, 8},
		{"33.3333333%", true, 1_000_000_000, 333333333}, {"0.0000001%", true, 1_000_000_000, 1},
		{"80%", true, 0, 0}, {"80%", true, -5, 0}, {"99.9999999%", true, math.MaxInt64, 9223372027631403770},
	} {
		a, err := ParseAmount(c.in)
		if err != nil {
			t.Errorf("ParseAmount(%q): %v", c.in, err)
			continue
		}
		if got := a.Of(c.total); got != c.want || a.IsPercent() != c.percent {
			t.Errorf("%q of %d = %d, percent %v; want %d, %v", c.in, c.total, got, a.IsPercent(), c.want, c.percent)
		}
		if got := a.String(); got != strings.TrimSpace(c.in) {
			t.Errorf("ParseAmount(%q).String() = %q", c.in, got)
		}
	}
	var zero Amount
	if zero.String() != "0" || zero.IsPercent() || zero.Of(gib) != 0 {
		t.Errorf("zero Amount is %s", zero)
	}
}

func TestParseAmountRefuses(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"0%", `parse amount "0%": no part of the total: use a percentage such as 80% or 12.5%`},
		{"0.0%", "no part of the total"}, {"0.00000001%", "no part of the total"},
		{"101%", "above 100%: use at most 100%, or a size such as 512M"},
		{"100.0000001%", "above 100%"}, {"9999999999999999999999%", "above 100%"},
		{"-5%", "negative"}, {"%", "empty"}, {"x%", "not a number"}, {"5x%", "not a number"}, {"80%%", "not a number"},
		{"8M%", "not a number"}, {"0x5%", "not a number"}, {"NaN%", "not a number"},
		{"", "empty"}, {"-1", "negative"}, {"12Q", `parse amount "12Q": unknown unit "Q"`}, {"80%M", "unknown unit"},
		{"8E", "too large"},
	} {
		got, err := ParseAmount(c.in)
		if err == nil || !strings.Contains(err.Error(), c.want) || got != (Amount{}) {
			t.Errorf("ParseAmount(%q) = %+v, %v; want an error with %q", c.in, got, err, c.want)
		}
	}
}

func FuzzParseAmount(f *testing.F) {
	for _, s := range []string{"80%", "12.5%", "0%", "100%", "101%", "512M", "1.5G", "99.99999999999%", " 1 % ", "%"} {
		f.Add(s, int64(gib))
	}
	f.Fuzz(func(t *testing.T, s string, total int64) {
		a, err := ParseAmount(s)
		if err != nil {
			checkRefusal(t, a == Amount{}, err)
			return
		}
		got := a.Of(total)
		switch {
		case got < 0:
			t.Fatalf("%s of %d = %d", a, total, got)
		case a.IsPercent() && got > max(total, 0):
			t.Fatalf("%s of %d = %d, above the total", a, total, got)
		case a.IsPercent() && a.Of(billion) == 0:
			t.Fatalf("%s is no part of the total", a)
		case !a.IsPercent() && got != a.Of(0):
			t.Fatalf("%s depends on the total", a)
		}
		if again, err := ParseAmount(a.String()); err != nil || again != a {
			t.Fatalf("%q is %+v, but %q is %+v, %v", s, a, a, again, err)
		}
	})
}
