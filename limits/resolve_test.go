package limits

import (
	"math"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestResolve(t *testing.T) {
	small := InForce{1024, 4096}
	for _, c := range []struct {
		flag       string
		cur        InForce
		canRaise   bool
		soft, hard uint64
	}{
		{"nofile=64", small, false, 64, 4096},
		{"nofile=4096", small, false, 4096, 4096},
		{"nofile==", small, false, 4096, 4096},
		{"nofile==:=", small, false, 4096, 4096},
		{"nofile=64:=", small, false, 64, 4096},
		{"nofile=:=", small, false, 1024, 4096},
		{"nofile=:2048", small, false, 1024, 2048},
		{"nofile=:1024", small, false, 1024, 1024},
		{"nofile==:2048", small, false, 2048, 2048},
		{"nofile=256:256", small, false, 256, 256},
		{"nofile=:8192", small, true, 1024, 8192},
		{"nofile==:8192", small, true, 8192, 8192},
		{"nofile=8192:8192", small, true, 8192, 8192},
		{"nofile=8192:unlimited", small, true, 8192, Unlimited},
		{"data=unlimited", InForce{0, Unlimited}, false, Unlimited, Unlimited},
		{"data=1G:2G", InForce{Unlimited, Unlimited}, false, gib, 2 * gib},
		{"data=:unlimited", InForce{5, Unlimited}, false, 5, Unlimited},
	} {
		r, err := ParseRlimit(c.flag)
		if err != nil {
			t.Fatal(err)
		}
		soft, hard, err := r.Resolve(c.cur, c.canRaise)
		if err != nil || soft != c.soft || hard != c.hard {
			t.Errorf("%s on %v: %d, %d, %v; want %d, %d", c.flag, c.cur, soft, hard, err, c.soft, c.hard)
		}
	}
}

func TestResolveRefuses(t *testing.T) {
	small := InForce{1024, 4096}
	for _, c := range []struct {
		flag     string
		cur      InForce
		canRaise bool
		want     string
	}{
		{"nofile=65536", small, false, "set rlimit nofile=65536: soft 65536 is above the hard limit 4096: use nofile==, or raise the hard limit as root"},
		{"nofile=65536", small, true, "set rlimit nofile=65536: soft 65536 is above the hard limit 4096: use nofile==, or nofile=65536:65536 to raise both"},
		{"nofile=65536:=", small, false, "soft 65536 is above the hard limit 4096"},
		{"nofile=65536:65536", small, false, "set rlimit nofile=65536:65536: hard 65536 is above the hard limit 4096 in force: use at most that, or raise it as root"},
		{"nofile=:unlimited", small, false, "hard unlimited is above the hard limit 4096 in force"},
		{"nofile=:256", small, false, "set rlimit nofile=:256: hard 256 is below the soft limit 1024 in force, which would have to be lowered too: use nofile=256:256"},
		{"nofile=:256", small, true, "use nofile=256:256"},
		{"data=:1G", InForce{Unlimited, Unlimited}, false, "hard 1 GiB is below the soft limit unlimited in force, which would have to be lowered too: use data=1G:1G"},
		{"data=unlimited", InForce{0, gib}, false, "soft unlimited is above the hard limit 1 GiB"},
		{"data=1G", InForce{0, gib - 1}, false, "soft 1 GiB is above the hard limit 1073741823 bytes"},
		{"cpu=1h", InForce{0, 3599}, true, "soft 1h is above the hard limit 59m59s: use cpu==, or cpu=3600:3600 to raise both"},
		{"rttime=2s", InForce{0, 1999999}, false, "soft 2 s is above the hard limit 1999999 us"},
		{"nice=30", InForce{0, 20}, false, "soft 30 (nice -10) is above the hard limit 20 (nice 0)"},
	} {
		r, err := ParseRlimit(c.flag)
		if err != nil {
			t.Fatal(err)
		}
		soft, hard, err := r.Resolve(c.cur, c.canRaise)
		if err == nil || !strings.Contains(err.Error(), c.want) || soft != 0 || hard != 0 {
			t.Errorf("%s on %v: %d, %d, %v; want an error with %q", c.flag, c.cur, soft, hard, err, c.want)
		}
	}
	// Made by hand, past what ParseRlimit would refuse.
	r := Rlimit{Name: "nofile", Resource: unix.RLIMIT_NOFILE, Soft: Value{N: 2}, Hard: Value{N: 1}, SetSoft: true, SetHard: true}
	if soft, hard, err := r.Resolve(small, true); err == nil {
		t.Errorf("%s resolved to %d:%d", r, soft, hard)
	}
}

// The cure in an error must be a flag that works.
func TestResolveCures(t *testing.T) {
	for _, c := range []struct {
		flag, cure string
		cur        InForce
		canRaise   bool
	}{
		{"nofile=65536", "nofile==", InForce{1024, 4096}, false},
		{"nofile=65536", "nofile=65536:65536", InForce{1024, 4096}, true},
		{"data=:1G", "data=1G:1G", InForce{Unlimited, Unlimited}, false},
	} {
		r, err := ParseRlimit(c.flag)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.Resolve(c.cur, c.canRaise); err == nil || !strings.Contains(err.Error(), c.cure) {
			t.Errorf("%s: %v; want the cure %s", c.flag, err, c.cure)
		}
		cured, err := ParseRlimit(c.cure)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := cured.Resolve(c.cur, c.canRaise); err != nil {
			t.Errorf("the cure for %s does not work: %v", c.flag, err)
		}
	}
}

// What Resolve allows, the kernel must take: lower our own soft limit for core,
// which nothing here needs, and put it back.
func TestResolveIsWhatTheKernelDoes(t *testing.T) {
	var before, after unix.Rlimit
	if err := unix.Prlimit(0, unix.RLIMIT_CORE, nil, &before); err != nil {
		t.Fatal(err)
	}
	r, err := ParseRlimit("core=0")
	if err != nil {
		t.Fatal(err)
	}
	soft, hard, err := r.Resolve(InForce(before), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Prlimit(0, r.Resource, &unix.Rlimit{Cur: soft, Max: hard}, nil); err != nil {
		t.Fatalf("prlimit %d:%d on %v: %v", soft, hard, before, err)
	}
	defer unix.Prlimit(0, r.Resource, &before, nil)
	if err := unix.Prlimit(0, r.Resource, nil, &after); err != nil || after.Cur != 0 || after.Max != before.Max {
		t.Errorf("in force %v, %v; before %v", after, err, before)
	}
}

func TestWarnings(t *testing.T) {
	for flag, want := range map[string]string{
		"as=1G":       "rlimit as breaks Go, Node and Wasm runtimes, which reserve address space; prefer data or --memory-max",
		"rss=:1G":     "rlimit rss has no effect on Linux; prefer --memory-max",
		"locks=5":     "rlimit locks has no effect on Linux",
		"nofile=1024": "",
		"data=1G":     "",
	} {
		r, err := ParseRlimit(flag)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(r.Warnings(), "\n"); got != want {
			t.Errorf("warnings of %s: %q, want %q", flag, got, want)
		}
	}
}

func TestFormatRlimit(t *testing.T) {
	for _, c := range []struct {
		resource int
		v        uint64
		want     string
	}{
		{unix.RLIMIT_NOFILE, 1024, "1024"}, {unix.RLIMIT_NOFILE, Unlimited, "unlimited"}, {unix.RLIMIT_NOFILE, 1 << 63, "9223372036854775808"},
		{unix.RLIMIT_AS, 512 * mib, "512 MiB"}, {unix.RLIMIT_STACK, 0, "0 B"}, {unix.RLIMIT_STACK, Unlimited - 1, "16 EiB"},
		{unix.RLIMIT_CPU, 1, "1 s"}, {unix.RLIMIT_CPU, 0, "0 s"}, {unix.RLIMIT_CPU, 3600, "1h"}, {unix.RLIMIT_CPU, math.MaxInt64, "9223372036854775807 s"},
		{unix.RLIMIT_RTTIME, 200000, "200 ms"}, {unix.RLIMIT_RTTIME, Unlimited, "unlimited"}, {unix.RLIMIT_RTTIME, 1 << 63, "9223372036854775808 us"},
		{unix.RLIMIT_NICE, 0, "0"}, {unix.RLIMIT_NICE, 1, "1 (nice 19)"}, {unix.RLIMIT_NICE, 40, "40 (nice -20)"}, {unix.RLIMIT_NICE, 41, "41"},
		{99, 7, "7"}, {-1, Unlimited, "unlimited"},
	} {
		if got := FormatRlimit(c.resource, c.v); got != c.want {
			t.Errorf("FormatRlimit(%d, %d) = %q, want %q", c.resource, c.v, got, c.want)
		}
	}
}
