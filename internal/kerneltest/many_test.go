package kerneltest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

func itoa(n int) string { return strconv.Itoa(n) }

// held is what a relance has of the machine.
type held struct {
	files, threads, groups int
	anon                   int64 // kB of anonymous memory
}

// most is the larger of each: what relance has changes with what it is about.
func (h held) most(o held) held {
	return held{max(h.files, o.files), max(h.threads, o.threads), max(h.groups, o.groups), max(h.anon, o.anon)}
}

func heldBy(t *testing.T, pid int, group string) held {
	t.Helper()
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	groups, err := filepath.Glob(filepath.Join(filepath.Dir(group), fmt.Sprintf("relance-%d-*", pid)))
	if err != nil {
		t.Fatal(err)
	}
	h := held{files: len(files), groups: len(groups)}
	status := fmt.Sprintf("/proc/%d/status", pid)
	if threads, err := statusOf(status, "Threads:"); err != nil {
		t.Fatal(err)
	} else {
		h.threads = int(threads)
	}
	if h.anon, err = statusOf(status, "RssAnon:"); err != nil {
		t.Fatal(err)
	}
	return h
}

// After hundreds of recycles relance has no more than after some: no group, no
// descriptor, no thread, no memory. It is looked at after each of the first and
// of the last.
func TestManyRecycles(t *testing.T) {
	controlled(t)
	t.Setenv("GOGC", "10") // of a heap that may double nothing can be told
	const warm, some, all = 20, 40, 240
	r := start(t, "--memory-high", "8M", "--memory-max", "64M", "--min-uptime", "0", "--", misbehave(t), "eat-memory", "--rate", "0")
	group := groupOf(t, r.child(t))
	var early, late held
	for gen := 2; gen <= all; gen++ {
		if m := r.waitFor(t, `gen \d+: (memory-high|[^u]\S*): `); m[1] != "memory-high" {
			t.Fatalf("relance says %q", m[0])
		}
		r.waitFor(t, `gen `+itoa(gen)+`: up`)
		now := heldBy(t, r.Process.Pid, group)
		switch {
		case gen > warm && gen <= some:
			early = early.most(now)
		case gen > all-(some-warm):
			late = late.most(now)
		}
	}
	t.Logf("at most %+v in recycles %d to %d, %+v in the last", early, warm, some, late)
	// The heap of a Go program breathes; 15 kB for each recycle would not be that.
	// A descriptor or a thread more or less is a matter of the moment, and one for
	// each recycle would be two hundred.
	const breath, moment = 3 << 10, 4
	if late.files > early.files+moment || late.threads > early.threads+moment || late.groups > early.groups || late.anon > early.anon+breath {
		t.Errorf("grown from %+v to %+v", early, late)
	}
	if late.groups > 2 {
		t.Errorf("%d groups, want that of the generation and the next one", late.groups)
	}
	r.end(t, unix.SIGTERM)
	wantNoGroups(t, group, r.Process.Pid)
}
