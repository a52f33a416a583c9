package schedule

import (
	"math"
	"testing"
	"time"
)

func TestParseJitter(t *testing.T) {
	const wait = 6 * time.Hour
	for in, want := range map[string]time.Duration{
		"10%": 36 * time.Minute, "12.5%": 45 * time.Minute, "100%": wait, "0%": 0, " 5 % ": 18 * time.Minute, "0.001%": 216 * time.Millisecond,
		"5m": 5 * time.Minute, "90": 90 * time.Second, "0": 0, "2d": 48 * time.Hour, "100.0%": wait,
	} {
		j, err := ParseJitter(in)
		if got := j.most(wait); err != nil || got.Round(time.Millisecond) != want {
			t.Errorf("ParseJitter(%q): %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "%", "101%", "100.1%", "-1%", "-5m", "1e1%", "+5%", ".5%", "5.%", "1.2.3%", "0x1%", "5%%", "10", "5M", "infinity", "nan%", "1_0%"} {
		j, err := ParseJitter(in)
		if in == "10" {
			if err != nil || j.fixed != 10*time.Second {
				t.Errorf("ParseJitter(%q): %v, %v", in, j, err)
			}
			continue
		}
		checkRefusal(t, "jitter", in, err)
	}
}

func TestMost(t *testing.T) {
	for _, share := range []float64{0.1, 0.999999999999, math.Nextafter(1, 0), 1} {
		if got := (Jitter{share: share}).most(math.MaxInt64); got <= 0 {
			t.Errorf("%v of the longest time: %d", share, got)
		}
	}
}

// TestDraw: as likely in each hundredth, whether it is one relance through its
// generations or many in the same one, and no draw tells the next.
func TestDraw(t *testing.T) {
	const n, bins = 100_000, 100
	for name, number := range map[string]func(i int) float64{
		"generations": func(i int) float64 { return draw(1, i) },
		"relances":    func(i int) float64 { return draw(uint64(i), 1) },
		"clocks":      func(i int) float64 { return draw(1_790_000_000_000_000_000+uint64(i)*1000, 2) },
		"both":        func(i int) float64 { return draw(uint64(i), i) },
	} {
		var counts [bins]int
		var sum, squares, products, last float64
		for i := range n {
			x := number(i)
			if x < 0 || x >= 1 || x != number(i) {
				t.Fatalf("%s: %d draws %v", name, i, x)
			}
			counts[int(x*bins)]++
			sum, squares, products, last = sum+x, squares+x*x, products+x*last, x
		}
		var chi float64
		for _, c := range counts {
			chi += float64(c-n/bins) * float64(c-n/bins) / (n / bins)
		}
		mean := sum / n
		correlation := (products/n - mean*mean) / (squares/n - mean*mean)
		// 99 degrees of freedom: 160 is one in ten thousand.
		if chi > 160 || math.Abs(mean-0.5) > 0.004 || math.Abs(correlation) > 0.015 {
			t.Errorf("%s: chi-square %.0f, mean %.4f, correlation of neighbours %.4f", name, chi, mean, correlation)
		}
	}
}

func FuzzParseJitter(f *testing.F) {
	for _, s := range []string{"10%", "12.5%", "5m", "100%", "101%", "0", "1e9%", "106751d23h", "99.99999999999999999999%"} {
		f.Add(s, int64(6*time.Hour))
	}
	f.Fuzz(func(t *testing.T, s string, wait int64) {
		j, err := ParseJitter(s)
		if err != nil {
			checkRefusal(t, "jitter", s, err)
			return
		}
		wait &= math.MaxInt64
		if most := j.most(time.Duration(wait)); most < 0 || j.fixed == 0 && most > time.Duration(wait) || j == (Jitter{}) && most != 0 {
			t.Fatalf("%q: at most %d of %d", s, most, wait)
		}
	})
}

func FuzzParseZone(f *testing.F) {
	for _, s := range []string{"Europe/Berlin", "UTC", "Local", "../../etc/passwd", "Europe", "posixrules", "", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		z, err := ParseZone(s)
		if err != nil {
			checkRefusal(t, "time zone", s, err)
			return
		}
		now := time.Unix(1774746000, 0)
		if m, ok := moment(reading(now, z), z); !ok || m.After(now) {
			t.Fatalf("%q: %s is shown at %s", s, now, m)
		}
	})
}
