package cgroup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const statText = `anon 1000
file 5000
kernel 700
kernel_stack 1
pagetables 2
percpu 3
sock 40
shmem 300
inactive_anon 1300
active_anon 0
inactive_file 2500
active_file 2000
unevictable 200
slab_reclaimable 100
slab_unreclaimable 50
`

func TestStat(t *testing.T) {
	tests := []struct {
		name              string
		text              string
		reclaimable, held int64
	}{
		// 200 of the file pages are on no list: locked.
		{"as a kernel of today", statText, 4600, 1000 + 300 + 200 + 600 + 40},
		{"without the line kernel", strings.Replace(statText, "kernel 700\n", "", 1), 4600, 1000 + 300 + 200 + 1 + 2 + 3 + 50 + 40},
		{"more lines", statText + "brand_new 99999999\nodd\nodd x\n", 4600, 1000 + 300 + 200 + 600 + 40},
		{"lists that are ahead of the sum", strings.Replace(statText, "file 5000\n", "file 1000\n", 1), 4600, 1000 + 300 + 600 + 40},
	}
	for _, tt := range tests {
		var m Memory
		if !m.parseStat([]byte(tt.text)) || m.Reclaimable != tt.reclaimable || m.Held != tt.held {
			t.Errorf("%s: reclaimable %d, held %d, want %d, %d", tt.name, m.Reclaimable, m.Held, tt.reclaimable, tt.held)
		}
	}
	for _, line := range []string{"anon 1000\n", "file 5000\n", "shmem 300\n", "active_file 2000\n", "inactive_file 2500\n"} {
		var m Memory
		if m.parseStat([]byte(strings.Replace(statText, line, "", 1))) {
			t.Errorf("without %q it is taken for whole", line)
		}
	}
}

func TestUnreclaimable(t *testing.T) {
	tests := []struct {
		name string
		m    Memory
		want int64
	}{
		{"what is on no list", Memory{Current: 1000, Reclaimable: 600, Held: 400}, 400},
		{"swap is held", Memory{Current: 1000, Reclaimable: 600, Held: 400, Swap: 50}, 450},
		{"page cache that memory.stat does not know yet", Memory{Current: 9000, Reclaimable: 600, Held: 400}, 400},
		{"memory.stat that is ahead", Memory{Current: 100, Reclaimable: 600, Held: 400, Swap: 1}, 1},
	}
	for _, tt := range tests {
		if got := tt.m.Unreclaimable(); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestEvents(t *testing.T) {
	var c Counters
	c.parseMemoryEvents([]byte("low 1\nhigh 22\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n"))
	c.parsePIDsEvents([]byte("max 7\n"))
	want := Counters{High: 22, Max: 3, OOM: 4, OOMKill: 5, PIDsMax: 7}
	if c != want {
		t.Errorf("%+v, want %+v", c, want)
	}
	c.Peak = 100
	base := Counters{High: 2, Max: 1, OOM: 1, OOMKill: 2, PIDsMax: 3, Peak: 50}
	if got := c.Since(base); got != (Counters{High: 20, Max: 2, OOM: 3, OOMKill: 3, PIDsMax: 4, Peak: 100}) {
		t.Errorf("since the base: %+v", got)
	}
}

func TestPressure(t *testing.T) {
	text := "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=900\n"
	if got := parsePressure([]byte(text)); got != 1500*time.Microsecond {
		t.Errorf("%v, want 1.5ms", got)
	}
	for _, text := range []string{"", "some", "some total=", "some avg10=0 total=x\n", "full total=7\n", "some total=99999999999999999999999\n"} {
		if got := parsePressure([]byte(text)); got != 0 {
			t.Errorf("%q: %v, want 0", text, got)
		}
	}
}

// The figures of a meter, from files as the kernel writes them.
func TestMeterFiles(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"usage_usec 2500\nuser_usec 2000\nsystem_usec 500\ncore_sched.force_idle_usec 0\n": 2500 * time.Microsecond,
		"user_usec 1\nsystem_usec 1\n":         0,
		"":                                     0,
		"usage_usec -1\n":                      0,
		"usage_usec 99999999999999999999999\n": 0,
	} {
		path := t.TempDir()
		if text != "" {
			if err := os.WriteFile(filepath.Join(path, "cpu.stat"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		dir, err := unix.Open(path, openDir, 0)
		if err != nil {
			t.Fatal(err)
		}
		m := Meter{path, dir}
		if used := m.CPU(); used != want {
			t.Errorf("%q: %v, want %v", text, used, want)
		}
		m.Close()
	}
}

func TestTrigger(t *testing.T) {
	trigger := Trigger{Full: true, Stall: 200 * time.Millisecond, Window: 2 * time.Second}
	if got := string(trigger.Command()); got != "full 200000 2000000\x00" {
		t.Errorf("%q", got)
	}
	trigger.Full = false
	if got := trigger.String(); got != "some 200ms/2s" {
		t.Errorf("%q", got)
	}
}

func TestVictim(t *testing.T) {
	const group = "relance-7-1"
	const before = "4,812,98765,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/x,task_memcg="
	tests := []struct {
		record, want string
	}{
		{before + "/x/relance-7-1,task=python3,pid=812,uid=0\n", "python3, pid 812"},
		{before + "/x/relance-7-1/sub,task=a b,pid=8,uid=0\n SUBSYSTEM=x\n", "a b, pid 8"},
		{before + "/relance-7-1,task=x,task=y,pid=1,uid=0,pid=9,uid=0\n", "x,task=y,pid=1,uid=0, pid 9"},
		{before + "/relance-7-1,task=\x1b[2J,pid=9,uid=0\n", "?[2J, pid 9"},
		{before + "/x/relance-7-11,task=python3,pid=812,uid=0\n", ""},
		{before + "/relance-7-1,task=python3,pid=0,uid=0\n", ""},
		{before + "/relance-7-1,task=python3,uid=0\n", ""},
		{"4,812,98765,-;relance-7-1\n", ""},
		{"4,812,98765,-;oom-kill:", ""},
		{"", ""},
	}
	for _, tt := range tests {
		got, ok := parseVictim([]byte(tt.record), group)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%q: %q, want %q", tt.record, got, tt.want)
		}
	}
}

func TestIsGroupName(t *testing.T) {
	for _, name := range []string{"relance-1-1", "relance-4194304-99", "relance-1.2-3", Names{PID: 5, Twin: 1}.Group(2)} {
		if !IsGroupName(name) {
			t.Errorf("%q is the group of a generation", name)
		}
	}
	for _, name := range []string{"", "relance", "relance-", "relance-1", "relance-1-", "relance--1", "relance-a-1", "relance-1.-1", "relance-1.a-1", "relance-1-1.scope", "x-1-1"} {
		if IsGroupName(name) {
			t.Errorf("%q is not the group of a generation", name)
		}
	}
}

func TestIsAllName(t *testing.T) {
	for _, name := range []string{"relance-1", "relance-4194304", "relance-1.2", Names{PID: 5}.All(), Names{PID: 5, Twin: 1}.All()} {
		if !isAllName(name) {
			t.Errorf("%q is around the groups of generations", name)
		}
	}
	for _, name := range []string{"", "relance", "relance-", "relance-1-1", "relance-1-", "relance-a", "relance-1.", "relance-.1", "relance-1.scope", "1", "x-1"} {
		if isAllName(name) {
			t.Errorf("%q is not around the groups of generations", name)
		}
	}
}

// Whatever the kernel or a hostile file says, the parsers neither panic nor give
// figures below zero.
func FuzzFigures(f *testing.F) {
	for _, s := range []string{statText, "high 1\nmax 2", "some avg10=0.00 total=1500\n", "anon 99999999999999999999\n", "anon -1\nfile +1\n", " \n\n 1"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var c Counters
		c.parseMemoryEvents(b)
		c.parsePIDsEvents(b)
		if c.High < 0 || c.Max < 0 || c.OOM < 0 || c.OOMKill < 0 || c.PIDsMax < 0 {
			t.Errorf("below zero: %+v", c)
		}
		if parsePressure(b) < 0 {
			t.Error("a wait below zero")
		}
		var m Memory
		m.parseStat(b)
		if m.Current = 1 << 40; m.Unreclaimable() < 0 {
			t.Errorf("below zero: %+v", m)
		}
	})
}

func FuzzVictim(f *testing.F) {
	f.Add([]byte("4,8,9,-;oom-kill:x,task_memcg=/relance-7-1,task=python3,pid=812,uid=0\n"))
	f.Add([]byte("4,8,9,-;oom-kill:,task_memcg=,task=,pid=,uid="))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, _ := parseVictim(b, "relance-7-1")
		if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q is not fit for a line", v)
		}
	})
}
