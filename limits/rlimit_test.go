package limits

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseRlimit(t *testing.T) {
	const inf = Unlimited
	for _, c := range []struct {
		in        string
		resource  int
		soft      Value
		setSoft   bool
		hard      Value
		setHard   bool
		canonical string
	}{
		{"nofile=1024", unix.RLIMIT_NOFILE, Value{N: 1024}, true, Value{}, false, "nofile=1024"},
		{"nofile=1024:", unix.RLIMIT_NOFILE, Value{N: 1024}, true, Value{}, false, "nofile=1024"},
		{"nofile=1024:4096", unix.RLIMIT_NOFILE, Value{N: 1024}, true, Value{N: 4096}, true, "nofile=1024:4096"},
		{"nofile=:4096", unix.RLIMIT_NOFILE, Value{}, false, Value{N: 4096}, true, "nofile=:4096"},
		{"nofile==", unix.RLIMIT_NOFILE, Value{Equal: true}, true, Value{}, false, "nofile=="},
		{"nofile==:4096", unix.RLIMIT_NOFILE, Value{Equal: true}, true, Value{N: 4096}, true, "nofile==:4096"},
		{"nofile=64:=", unix.RLIMIT_NOFILE, Value{N: 64}, true, Value{Equal: true}, true, "nofile=64:="},
		{"nofile==:=", unix.RLIMIT_NOFILE, Value{Equal: true}, true, Value{Equal: true}, true, "nofile==:="},
		{" RLIMIT_NOFILE = 8 : 9 ", unix.RLIMIT_NOFILE, Value{N: 8}, true, Value{N: 9}, true, "nofile=8:9"},
		{"NoFile=unlimited", unix.RLIMIT_NOFILE, Value{N: inf}, true, Value{}, false, "nofile=unlimited"},
		{"core=0:infinity", unix.RLIMIT_CORE, Value{}, true, Value{N: inf}, true, "core=0:unlimited"},
		{"as=1.5G", unix.RLIMIT_AS, Value{N: 3 * gib / 2}, true, Value{}, false, "as=1536M"},
		{"data=512M:1G", unix.RLIMIT_DATA, Value{N: 512 * mib}, true, Value{N: gib}, true, "data=512M:1G"},
		{"fsize=1000", unix.RLIMIT_FSIZE, Value{N: 1000}, true, Value{}, false, "fsize=1000"},
		{"memlock=64KiB", unix.RLIMIT_MEMLOCK, Value{N: 64 * kib}, true, Value{}, false, "memlock=64K"},
		{"msgqueue=1M", unix.RLIMIT_MSGQUEUE, Value{N: mib}, true, Value{}, false, "msgqueue=1M"},
		{"rss=1M", unix.RLIMIT_RSS, Value{N: mib}, true, Value{}, false, "rss=1M"},
		{"stack=8m", unix.RLIMIT_STACK, Value{N: 8 * mib}, true, Value{}, false, "stack=8M"},
		{"cpu=90", unix.RLIMIT_CPU, Value{N: 90}, true, Value{}, false, "cpu=90"},
		{"cpu=90s:1h", unix.RLIMIT_CPU, Value{N: 90}, true, Value{N: 3600}, true, "cpu=90:3600"},
		{"cpu=1500ms500ms", unix.RLIMIT_CPU, Value{N: 2}, true, Value{}, false, "cpu=2"},
		{"cpu=9223372036854775807", unix.RLIMIT_CPU, Value{N: 1<<63 - 1}, true, Value{}, false, "cpu=9223372036854775807"},
		{"rttime=200000", unix.RLIMIT_RTTIME, Value{N: 200000}, true, Value{}, false, "rttime=200000"},
		{"rttime=200ms:1s", unix.RLIMIT_RTTIME, Value{N: 200000}, true, Value{N: 1000000}, true, "rttime=200000:1000000"},
		{"nice=25:40", unix.RLIMIT_NICE, Value{N: 25}, true, Value{N: 40}, true, "nice=25:40"},
		{"nice=0", unix.RLIMIT_NICE, Value{}, true, Value{}, false, "nice=0"},
		{"locks=1", unix.RLIMIT_LOCKS, Value{N: 1}, true, Value{}, false, "locks=1"},
		{"nproc=1", unix.RLIMIT_NPROC, Value{N: 1}, true, Value{}, false, "nproc=1"},
		{"rtprio=1", unix.RLIMIT_RTPRIO, Value{N: 1}, true, Value{}, false, "rtprio=1"},
		{"sigpending=1", unix.RLIMIT_SIGPENDING, Value{N: 1}, true, Value{}, false, "sigpending=1"},
	} {
		name, _, _ := strings.Cut(c.canonical, "=")
		want := Rlimit{name, c.resource, c.soft, c.hard, c.setSoft, c.setHard}
		got, err := ParseRlimit(c.in)
		if err != nil || got != want {
			t.Errorf("ParseRlimit(%q) = %+v, %v; want %+v", c.in, got, err, want)
		} else if got.String() != c.canonical {
			t.Errorf("ParseRlimit(%q).String() = %q, want %q", c.in, got, c.canonical)
		}
	}
}

func TestParseRlimitRefuses(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"files=1", `parse rlimit "files=1": unknown name "files" (use one of as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack)`},
		{"", "unknown name"}, {"=", "unknown name"}, {"RLIMIT_RLIMIT_AS=1", "unknown name"}, {"RLIMIT_=1", "unknown name"},
		{"nofile", `no value: use nofile=SOFT, nofile=SOFT:HARD or nofile=:HARD`}, {"nofile=", "no value"}, {"nofile=:", "no value"}, {"nofile= : ", "no value"},
		{"nofile=1:2:3", "more than one colon: use nofile=SOFT:HARD"}, {"nofile=1:2:", "more than one colon"},
		{"nofile=64K", `soft "64K": not a whole number: nofile takes a plain number such as 65536, or unlimited`},
		{"nofile=:1.5", `hard "1.5": not a whole number`}, {"nofile=0x10", "not a whole number"}, {"nofile=1e3", "not a whole number"},
		{"nofile=-1", `soft "-1": negative: use 0 or more, or unlimited`}, {"data=-1", "negative"}, {"cpu=-1", "negative"},
		{"nofile=9223372036854775808", "too large: use unlimited"}, {"nofile=18446744073709551615", "too large"},
		{"nofile=99999999999999999999999", "too large"}, {"data=8E", "too large"},
		{"data=12Q", `unknown unit "Q" (use K, M, G, T`}, {"data===", "not a number"},
		{"cpu=1500ms", `part of a second: the kernel counts whole seconds, use 2s`}, {"cpu=1.5", "use 2s"}, {"cpu=1us", "use 1s"},
		{"cpu=1y", "unknown unit"}, {"cpu=99999999999d", "too long"}, {"rttime=1500ns", "part of a microsecond: the kernel counts whole microseconds, use 2us"},
		{"nice=41", "above 40: use 20 minus the nice value, from 1 (nice 19) to 40 (nice -20)"},
		{"nice=-5", "negative: use 20 minus the nice value, 25 for nice -5"}, {"nice=+5", "20 minus the nice value"},
		{"nofile=2:1", "soft 2 is above hard 1: use nofile=SOFT:HARD with SOFT at most HARD"},
		{"data=1048577:1M", "soft 1048577 bytes is above hard 1 MiB"}, {"cpu=3601:1h", "soft 3601 s is above hard 1h"},
		{"as=unlimited:1G", "soft unlimited is above hard 1 GiB"},
	} {
		got, err := ParseRlimit(c.in)
		if err == nil || !strings.Contains(err.Error(), c.want) || got != (Rlimit{}) {
			t.Errorf("ParseRlimit(%q) = %+v, %v; want an error with %q", c.in, got, err, c.want)
		}
	}
}

// The table must have all 16 resources, each once, in order: RlimitNames is
// shown to people.
func TestRlimitNames(t *testing.T) {
	names := RlimitNames()
	if len(names) != 16 || !slices.IsSorted(names) {
		t.Errorf("names: %v", names)
	}
	seen := map[int]bool{}
	for _, r := range resources {
		seen[r.number] = true
		if got, ok := resourceNamed(r.name); !ok || got != r || resourceNumbered(r.number) != r {
			t.Errorf("row %+v is not found again", r)
		}
	}
	for number := range 16 {
		if !seen[number] {
			t.Errorf("no name for resource %d", number)
		}
	}
}

// The kernel must know every number: prlimit64(2) gives EINVAL for others.
func TestRlimitNumbersAreTheKernels(t *testing.T) {
	for _, r := range resources {
		var limit unix.Rlimit
		if err := unix.Prlimit(0, r.number, nil, &limit); err != nil {
			t.Errorf("prlimit of %s: %v", r.name, err)
			continue
		}
		if soft, hard, err := (Rlimit{Name: r.name, Resource: r.number}).Resolve(InForce(limit), false); err != nil || soft != limit.Cur || hard != limit.Max {
			t.Errorf("resolving nothing for %s: %d, %d, %v; in force %v", r.name, soft, hard, err, limit)
		}
	}
}

func FuzzParseRlimit(f *testing.F) {
	for _, s := range []string{"nofile=1024:4096", "as=1.5G", "nofile==:4096", "cpu=90s:=", "RLIMIT_NICE=25", "rttime=:200ms", "core=unlimited:1", "stack=8M:", "nofile=:", "cpu=1.5"} {
		f.Add(s, uint64(1024), uint64(4096), false)
		f.Add(s, uint64(1024), Unlimited, true)
	}
	f.Fuzz(func(t *testing.T, s string, softNow, hardNow uint64, canRaise bool) {
		r, err := ParseRlimit(s)
		if err != nil {
			checkRefusal(t, r == Rlimit{}, err)
			return
		}
		if again, err := ParseRlimit(r.String()); err != nil || again != r {
			t.Fatalf("%q is %+v, but %q is %+v, %v", s, r, r, again, err)
		}
		cur := InForce{min(softNow, hardNow), hardNow} // the kernel keeps soft <= hard
		soft, hard, err := r.Resolve(cur, canRaise)
		if err != nil {
			checkRefusal(t, soft == 0 && hard == 0, err)
			return
		}
		switch {
		case soft > hard:
			t.Fatalf("%s on %v: soft %d above hard %d", r, cur, soft, hard)
		case hard > cur.Max && !canRaise:
			t.Fatalf("%s on %v: hard raised to %d", r, cur, hard)
		case r.SetSoft && !r.Soft.Equal && soft != r.Soft.N, r.SetHard && !r.Hard.Equal && hard != r.Hard.N:
			t.Fatalf("%s on %v: clamped to %d:%d", r, cur, soft, hard)
		case !r.SetSoft && soft != cur.Cur, (!r.SetHard || r.Hard.Equal) && hard != cur.Max:
			t.Fatalf("%s on %v: changed to %d:%d unasked", r, cur, soft, hard)
		case r.SetSoft && r.Soft.Equal && soft != hard:
			t.Fatalf("%s on %v: soft %d is not hard %d", r, cur, soft, hard)
		}
		if s2, h2, err := r.Resolve(InForce{soft, hard}, false); err != nil || s2 != soft || h2 != hard {
			t.Fatalf("%s again on %d:%d: %d:%d, %v", r, soft, hard, s2, h2, err)
		}
		if text := FormatRlimit(r.Resource, soft); text == "" || text[0] == '-' {
			t.Fatalf("%s: soft %d is shown as %q", r, soft, text)
		}
	})
}
