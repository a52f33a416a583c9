package limits

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestParseLimit(t *testing.T) {
	for _, c := range []struct {
		in      string
		limit   int64
		limited bool
		ok      bool
	}{
		{"max\n", 0, false, true}, {"max", 0, false, true}, {"4096\n", 4096, true, true}, {"4611686018427387903", 1<<62 - 1, true, true},
		{"9223372036854771712\n", 0, false, true}, {"9223372036854710272\n", 0, false, true}, // 4 KiB and 64 KiB pages
		{"18446744073709551615", 0, false, true}, {"18446744073709551616", 0, false, false},
		{"0\n", 0, false, false}, {"\n", 0, false, false}, {"4096\n\n", 0, false, false}, {"4096 \n", 0, false, false}, {"4K", 0, false, false}, {"MAX", 0, false, false}, {"+1", 0, false, false}, {"1_0", 0, false, false},
	} {
		limit, limited, err := parseLimit(c.in)
		if limit != c.limit || limited != c.limited || (err == nil) != c.ok {
			t.Errorf("parseLimit(%q) = %d, %v, %v; want %d, %v", c.in, limit, limited, err, c.limit, c.limited)
		}
	}
}

func TestMountAbove(t *testing.T) {
	v1, v2 := mount{root: "docker", point: "/m"}, mount{v2: true, root: ".", point: "/m"}
	for _, c := range []struct {
		m    mount
		g    group
		want string
	}{
		{v2, group{v2: true, path: "a/b"}, "a/b a ."}, {v2, group{v2: true, path: "."}, "."},
		{v2, group{path: "a"}, ""}, {v1, group{v2: true, path: "docker/x"}, ""}, // each hierarchy has its own paths
		{v1, group{path: "docker/x"}, "x ."}, {v1, group{path: "x"}, ""},
	} {
		if got := strings.Join(c.m.above(c.g), " "); got != c.want {
			t.Errorf("%+v above %+v: %q, want %q", c.m, c.g, got, c.want)
		}
	}
}

func TestParseMounts(t *testing.T) {
	got := parseMounts("30 23 0:26 / /a\\040b rw shared:1 master:2 - cgroup2 cgroup2 rw\n" +
		"35 31 0:32 /x/ /m rw - cgroup cgroup rw,memory\n" +
		"35 31 0:32 / /m rw - cgroup cgroup rw,memory_recursiveprot\n" + // another word
		"35 31 0:32 x /m rw - cgroup2 cgroup2 rw\n35 31 0:32 / m rw - cgroup2 cgroup2 rw\n35 31 0:32 / /m - cgroup2 cgroup2 rw\n\n" +
		"36 31 0:33 / /m/\\13 rw - cgroup2 cgroup2 rw,memory")
	want := []mount{{true, ".", "/a b"}, {false, "x", "/m"}, {true, ".", `/m/\13`}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if n := len(parseMounts(strings.Repeat(v2Mount, 1000))); n != mountsMax {
		t.Errorf("%d mounts of a hostile file, want %d", n, mountsMax)
	}
}

func TestRelative(t *testing.T) {
	for _, c := range []struct {
		from, to, want string
		ok             bool
	}{
		{".", ".", ".", true}, {".", "a/b", "a/b", true}, {"a", "a", ".", true}, {"a", "a/b/c", "b/c", true},
		{"a", "ab", "", false}, {"a", "b", "", false}, {"a/b", "a", "", false}, {"a", ".", "", false},
		{"..", ".", ".", true}, {"..", "a/b", ".", true}, {"../..", "../x", ".", true}, {"..", "../x", "x", true},
		{"../x", "../x/y", "y", true}, {"../x", "a", "", false}, {".", "../x", "", false}, {"..", "../../x", "", false},
		{"..", "..", ".", true}, {"..a", "..a/b", "b", true}, {".", "..a", "..a", true},
	} {
		if got, ok := relative(c.from, c.to); got != c.want || ok != c.ok {
			t.Errorf("relative(%q, %q) = %q, %v; want %q, %v", c.from, c.to, got, ok, c.want, c.ok)
		}
	}
}

func TestParseMemTotal(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int64 // 0: refused
	}{
		{"MemTotal:       24684084 kB\n", 24684084 * 1024}, {"X: 1 kB\nMemTotal: 1 kB", 1024}, {"MemTotal:1 kB", 1024},
		{"", 0}, {"MemFree: 1 kB\n", 0}, {" MemTotal: 1 kB\n", 0}, {"MemTotal: 0 kB\n", 0}, {"MemTotal: -1 kB\n", 0},
		{"MemTotal: 9007199254740991 kB\n", math.MaxInt64 / 1024 * 1024}, {"MemTotal: 9007199254740992 kB\n", 0},
		{"MemTotal: 1\n", 0}, {"MemTotal: 1 kB x\n", 0}, {"MemTotal: 1e3 kB\n", 0}, {"MemTotalX: 1 kB\n", 0},
	} {
		if got, err := parseMemTotal(c.in); got != c.want || (err == nil) != (c.want != 0) {
			t.Errorf("parseMemTotal(%q) = %d, %v; want %d", c.in, got, err, c.want)
		}
	}
}
