package tree

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const tail = " S 7 41 41 0 -1 4194560 100 200 0 0 25 75 3 4 20 0 9 0 12345 1000 200 18446744073709551615 1\n"

func TestParseStat(t *testing.T) {
	plain := stat{pid: 42, ppid: 7, threads: 9, start: 12345, cpu: time.Second, waited: 70 * time.Millisecond, state: 'S'}
	for _, c := range []struct {
		name, line, comm string
		ok               bool
	}{
		{"plain", "42 (cat)" + tail, "cat", true},
		{"no newline", "42 (cat)" + strings.TrimSuffix(tail, "\n"), "cat", true},
		{"space", "42 (a b)" + tail, "a b", true},
		{"empty name", "42 ()" + tail, "", true},
		{"another process in the name", "42 () R 1 1)" + tail, ") R 1 1", true},
		{"opening only", "42 (((()" + tail, "(((", true},
		{"newline", "42 (a\n43 (b)" + tail, "a\n43 (b", true},
		{"empty", "", "", false},
		{"no name", "42 S 7", "", false},
		{"name does not end", "42 (cat S 7 1", "", false},
		{"nothing after the name", "42 (cat)", "", false},
		{"short", "42 (cat) S 7 41 41", "", false},
		{"state of two letters", "42 (cat) SS" + tail[2:], "", false},
		{"no pid", "x (cat)" + tail, "", false},
		{"pid 0", "0 (cat)" + tail, "", false},
		{"negative pid", "-1 (cat)" + tail, "", false},
		{"pid too large", "2147483648 (cat)" + tail, "", false},
		{"negative parent", "42 (cat) S -7" + tail[4:], "", false},
		{"two spaces", "42 (cat) " + tail, "", false},
		{"negative time", strings.Replace("42 (cat)"+tail, " 25 ", " -25 ", 1), "", false},
		{"negative time of children", strings.Replace("42 (cat)"+tail, " 3 4 ", " 3 -4 ", 1), "", false},
	} {
		got, err := parseStat([]byte(c.line))
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		want := stat{}
		if c.ok {
			want = plain
		}
		comm := string(got.comm)
		got.comm = nil
		if comm != c.comm || !same(got, want) {
			t.Errorf("%s: %+v %q", c.name, got, comm)
		}
	}
}

func same(a, b stat) bool {
	return a.pid == b.pid && a.ppid == b.ppid && a.threads == b.threads && a.start == b.start &&
		a.cpu == b.cpu && a.waited == b.waited && a.state == b.state
}

func TestParseStatLargeTimes(t *testing.T) {
	huge := "18446744073709551615"
	s, err := parseStat([]byte("1 (a) S 0 1 1 0 -1 0 0 0 0 0 " + huge + " " + huge + " " + huge + " 7 20 0 1 0 " + huge + " 0"))
	if err != nil || s.cpu <= 0 || s.waited < s.cpu || s.start != 1<<64-1 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestParseStatus(t *testing.T) {
	const k = 1024
	for name, want := range map[string]status{
		"plain":          {vmPeak: 9000 * k, vmSize: 8000 * k, vmData: 3000 * k, rss: 4700 * k, anon: 2000 * k, shmem: 200 * k, swap: 70 * k, hasAnon: true, threads: 3, state: 'S'},
		"zombie":         {threads: 1, state: 'Z'},
		"kernel-thread":  {threads: 1, state: 'I'},
		"many-groups":    {vmPeak: 9000 * k, vmSize: 8000 * k, rss: 4700 * k, anon: 2000 * k, hasAnon: true, threads: 1, state: 'R'},
		"before-4.5":     {vmPeak: 9000 * k, vmSize: 8000 * k, rss: 4700 * k, swap: 70 * k, threads: 1, state: 'S'},
		"forged-in-name": {vmSize: 8000 * k, anon: 2000 * k, hasAnon: true, threads: 1, state: 'S'},
		"nonsense":       {hasAnon: true, vmSize: maxBytes / k * k},
	} {
		if got := parseStatus(fixture(t, "status", name)); got != want {
			t.Errorf("%s: %+v\nwant %+v", name, got, want)
		}
	}
	if got := parseStatus(fixture(t, "status", "plain")).held(); got != 2270*k {
		t.Errorf("plain holds %d", got)
	}
	if got := parseStatus(fixture(t, "status", "before-4.5")).held(); got != 4770*k {
		t.Errorf("before 4.5 holds %d", got)
	}
}

func TestParseRollup(t *testing.T) {
	const k = 1024
	for name, want := range map[string]int64{
		"shared":     (112 + 40 + 9) * k,
		"lazy-free":  (100 - 60 + 0 + 0) * k,
		"lazy-only":  0, // more given back than held: another page was freed meanwhile
		"before-5.9": (435 + 9) * k,
	} {
		if r, ok := parseRollup(fixture(t, "rollup", name)); !ok || r.held() != want {
			t.Errorf("%s: %d, %v, want %d", name, r.held(), ok, want)
		}
	}
	for _, s := range []string{"", "\n", "Rss: 5 kB\n", "5581d000-7ffe1000 ---p 00000000 00:00 0 [rollup]\n"} {
		if r, ok := parseRollup([]byte(s)); ok {
			t.Errorf("%q: %+v", s, r)
		}
	}
}

func TestSum(t *testing.T) {
	if n := sum(maxBytes, 1); n != maxBytes {
		t.Error(n)
	}
	if n := sum(1, 2, 3); n != 6 {
		t.Error(n)
	}
}

func fixture(t testing.TB, kind, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", kind, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func seeds(f *testing.F, kind string) {
	names, err := filepath.Glob(filepath.Join("testdata", kind, "*"))
	if err != nil || len(names) == 0 {
		f.Fatal(err, names)
	}
	for _, name := range names {
		f.Add(fixture(f, kind, filepath.Base(name)))
	}
}

func FuzzStat(f *testing.F) {
	f.Add([]byte("42 (cat)" + tail))
	f.Add([]byte("42 () R 1 1)" + tail))
	f.Add([]byte("1 (a) S 0 1 1 0 -1 0 0 0 0 0 18446744073709551615 1 0 0 20 0 1 0 1 0"))
	f.Add([]byte("1 (a) S 0 1 1 0 -1 0 0 0 0 0 1 1 18446744073709551615 18446744073709551615 20 0 1 0 1 0"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseStat(b)
		if err != nil {
			if s.pid != 0 || s.comm != nil {
				t.Fatalf("an error with %+v", s)
			}
			return
		}
		if s.pid <= 0 || s.ppid < 0 || s.threads < 0 || s.cpu < 0 || s.waited < 0 || s.state == 0 {
			t.Fatalf("%+v", s)
		}
		if !bytes.Contains(b, append(append([]byte(" ("), s.comm...), ") "...)) {
			t.Fatalf("name %q is not in the line", s.comm)
		}
	})
}

// Whatever a process calls itself, nothing else of its line changes.
func FuzzStatName(f *testing.F) {
	for _, s := range []string{"cat", ") R 1 1", "(", "a\nb", " ", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, name []byte) {
		s, err := parseStat(append(append([]byte("42 ("), name...), ")"+tail...))
		if err != nil || s.pid != 42 || s.ppid != 7 || s.state != 'S' || s.start != 12345 || s.waited != 70*time.Millisecond || !bytes.Equal(s.comm, name) {
			t.Fatalf("%q: %+v, %v", name, s, err)
		}
	})
}

func FuzzStatus(f *testing.F) {
	seeds(f, "status")
	f.Fuzz(func(t *testing.T, b []byte) {
		s := parseStatus(b)
		for _, n := range []int64{s.vmPeak, s.vmSize, s.vmData, s.rss, s.anon, s.shmem, s.swap, s.threads, s.held()} {
			if n < 0 {
				t.Fatalf("negative: %+v", s)
			}
		}
		if s.threads > maxPID || s.hasAnon && s.held() < max(s.anon, s.shmem, s.swap) {
			t.Fatalf("%+v holds %d", s, s.held())
		}
	})
}

func FuzzRollup(f *testing.F) {
	seeds(f, "rollup")
	f.Fuzz(func(t *testing.T, b []byte) {
		r, ok := parseRollup(b)
		if n := r.held(); n < 0 || n > sum(r.pss, r.anon, r.shmem, r.swap) || ok && !bytes.Contains(b, []byte("Pss")) {
			t.Fatalf("%+v holds %d", r, n)
		}
	})
}

func TestParseFileLimit(t *testing.T) {
	const head = "Limit                     Soft Limit           Hard Limit           Units     \n"
	for text, want := range map[string]uint64{
		head + "Max processes             96365                96365                processes \nMax open files            20000                30000                files     \n": 20000,
		"Max open files            unlimited            unlimited            files     \n":                                                                                        unix.RLIM_INFINITY,
		"Max open files 7": 7,
	} {
		if got, ok := parseFileLimit([]byte(text)); got != want || !ok {
			t.Errorf("%q: %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", head, "Max open files", "Max open files ", "Max open files x y", "Max open files -1 5", " Max open files 5"} {
		if got, ok := parseFileLimit([]byte(text)); ok {
			t.Errorf("%q: %d", text, got)
		}
	}
}

func FuzzFileLimit(f *testing.F) {
	f.Add([]byte("Max open files            20000                30000                files     \n"))
	f.Add([]byte("Max processes             1 1 processes\nMax open files            unlimited            unlimited            files\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, ok := parseFileLimit(b); !ok && n != 0 || ok && !bytes.Contains(b, []byte("Max open files ")) {
			t.Fatalf("%d, %v", n, ok)
		}
	})
}
