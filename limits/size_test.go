package limits

import (
	"math"
	"strings"
	"testing"
)

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
	tib = 1 << 40
	pib = 1 << 50
	eib = 1 << 60
)

func TestParseSize(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int64
	}{
		{"0", 0}, {"0G", 0}, {"1", 1}, {"1024", 1024}, {"00012", 12},
		{"10K", 10 * kib}, {"10k", 10 * kib}, {"300m", 300 * mib}, {"512M", 512 * mib},
		{"1.5G", 3 * gib / 2}, {"2g", 2 * gib}, {"1T", tib}, {"1P", pib}, {"1E", eib},
		{"64MiB", 64 * mib}, {"64MB", 64 * mib}, {"64mib", 64 * mib}, {"64mb", 64 * mib},
		{"512B", 512}, {"512 B", 512}, {" 812 MiB ", 812 * mib}, {"\t1.50 GiB\n", 3 * gib / 2},
		// A part of a byte is dropped.
		{"1.3K", 1331}, {"0.001K", 1}, {"1.9", 1}, {"0.9999999999999999999999999E", eib - 1},
		// The largest, from both sides of the point.
		{"9223372036854775807", math.MaxInt64}, {"7.99999999999999999999E", math.MaxInt64},
		{"8388607T", 8388607 * tib}, {"1.000000000000000000000000000000001K", 1024},
	} {
		if got, err := ParseSize(c.in); err != nil || got != c.want {
			t.Errorf("ParseSize(%q) = %d, %v; want %d", c.in, got, err, c.want)
		}
	}
}

func TestParseSizeRefuses(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"12Q", `parse size "12Q": unknown unit "Q" (use K, M, G, T, with optional iB or B)`},
		{"", `parse size "": empty: use a size such as 512M or 1.5G`},
		{"  ", "empty"},
		{"-1", "negative"}, {"-512M", "negative"}, {"-0", "negative"},
		{"+1", "not a number"}, {"NaN", "not a number"}, {"Inf", "not a number"}, {"infinity", "not a number"},
		{"max", "not a number"}, {".5G", "not a number"}, {"M", "not a number"}, {"\u0661M", "not a number"},
		{"0x10", `unknown unit "x10"`}, {"1e3", `unknown unit "e3"`}, {"1E3", `unknown unit "E3"`},
		{"1.G", `unknown unit ".G"`}, {"1.2.3G", `unknown unit ".3G"`}, {"1,5G", `unknown unit ",5G"`},
		{"1_000", "unknown unit"}, {"1 2", "unknown unit"}, {"80%", "unknown unit"}, {"1Ki", "unknown unit"},
		{"1MBit", "unknown unit"}, {"1BB", "unknown unit"}, {"1M\x00", `unknown unit "M\x00"`}, {"1\u212a", "unknown unit"},
		{"8E", "too large: use less than 8E (9223372036854775807 bytes at most)"},
		{"9223372036854775808", "too large"}, {"99999999999999999999", "too large"}, {"16E", "too large"},
		{"18446744073709551616E", "too large"}, {"8388608T", "too large"},
		{"0.0001K", "less than one byte"}, {"0.5", "less than one byte"},
	} {
		got, err := ParseSize(c.in)
		if err == nil || !strings.Contains(err.Error(), c.want) || got != 0 {
			t.Errorf("ParseSize(%q) = %d, %v; want 0 and an error with %q", c.in, got, err, c.want)
		}
	}
}

func TestParseErrorsAreShort(t *testing.T) {
	_, err := ParseSize(strings.Repeat("1Q\x1b", 1<<20))
	if n := len(err.Error()); n > 4*2*quoteMax+200 {
		t.Errorf("the error has %d bytes", n)
	}
	if strings.ContainsRune(err.Error(), 0x1b) {
		t.Errorf("the error repeats a control character: %s", err)
	}
}

func TestFormatSize(t *testing.T) {
	for _, c := range []struct {
		in   int64
		want string
	}{
		{0, "0 B"}, {1, "1 B"}, {512, "512 B"}, {1023, "1023 B"}, {1024, "1 KiB"},
		{96 * kib, "96 KiB"}, {812 * mib, "812 MiB"}, {3 * gib / 2, "1.5 GiB"}, {2 * gib, "2 GiB"},
		{1280, "1.25 KiB"}, {1331, "1.3 KiB"}, {10*kib + 512, "10.5 KiB"},
		// Each change of digits: 9.99|10, 99.9|100.
		{10229, "9.99 KiB"}, {10235, "10 KiB"}, {102297, "99.9 KiB"}, {102349, "100 KiB"}, {102399, "100 KiB"},
		// Four digits, then the next unit.
		{1000 * kib, "1000 KiB"}, {1023 * kib, "1023 KiB"}, {1023*kib + 511, "1023 KiB"},
		{1023*kib + 512, "1 MiB"}, {1023*kib + 922, "1 MiB"}, {mib - 1, "1 MiB"}, {mib, "1 MiB"},
		{1023*gib + gib/2 - 1, "1023 GiB"}, {tib - 1, "1 TiB"}, {pib, "1 PiB"}, {eib, "1 EiB"},
		{math.MaxInt64, "8 EiB"}, {-512, "-512 B"}, {-3 * gib / 2, "-1.5 GiB"}, {math.MinInt64, "-8 EiB"},
	} {
		if got := FormatSize(c.in); got != c.want {
			t.Errorf("FormatSize(%d) = %q, want %q", c.in, got, c.want)
		}
	}
	if got := formatSize(math.MaxUint64); got != "16 EiB" {
		t.Errorf("formatSize(MaxUint64) = %q", got)
	}
}

func TestCompactSize(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0", 1: "1", 1536: "1536", 2048: "2K", mib + 1: "1048577", 3 * gib / 2: "1536M", gib: "1G", 5 * eib: "5E",
	} {
		if got := compactSize(n); got != want {
			t.Errorf("compactSize(%d) = %q, want %q", n, got, want)
		}
	}
}

func FuzzParseSize(f *testing.F) {
	for _, s := range []string{"512M", "1.5G", "0", "8E", "7.9999999999999999999E", "1023.9KiB", "12Q", "-1", "0x1p3", " 1 k "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseSize(s)
		if err != nil {
			checkRefusal(t, n == 0, err)
			return
		}
		if n < 0 {
			t.Fatalf("ParseSize(%q) = %d", s, n)
		}
		if again, err := ParseSize(compactSize(uint64(n))); err != nil || again != n {
			t.Fatalf("%d is %q, which parses as %d, %v", n, compactSize(uint64(n)), again, err)
		}
		// What people read is within half of the third digit.
		text := FormatSize(n)
		shown, err := ParseSize(text)
		if text == "8 EiB" {
			return // rounded up to one more than an int64
		}
		if err != nil || math.Abs(float64(shown)-float64(n)) > 0.005*float64(n)+1 {
			t.Fatalf("%d is shown as %q, which parses as %d, %v", n, text, shown, err)
		}
	})
}

// checkRefusal holds for every refusal: a zero value, and an error of one
// readable line.
func checkRefusal(t *testing.T, zero bool, err error) {
	t.Helper()
	if !zero {
		t.Fatalf("a refused value came back beside: %v", err)
	}
	for _, r := range err.Error() {
		if r < ' ' || r == 0x7f {
			t.Fatalf("control character in error %q", err)
		}
	}
	if len(err.Error()) > 3000 {
		t.Fatalf("error of %d bytes", len(err.Error()))
	}
}
