package cgroup

import (
	"bytes"
	"time"
)

// Counters are the events that the kernel has counted of a group and all below
// it since it was made (cgroup-v2.rst, memory.events and pids.events).
type Counters struct {
	// High counts how often processes were held back at memory.high, Max how
	// often usage was about to go above memory.max.
	High, Max int64
	// OOM counts how often the group's own limit left no way out, OOMKill the
	// processes killed by any OOM killer, ours, one above us or the host's.
	OOM, OOMKill int64
	// PIDsMax counts the forks refused at pids.max.
	PIDsMax int64
	// Peak is the largest memory usage so far in bytes, zero where the kernel
	// does not tell (before Linux 5.19).
	Peak int64
}

// Since returns what was counted after base.
func (c Counters) Since(base Counters) Counters {
	return Counters{
		High: c.High - base.High, Max: c.Max - base.Max,
		OOM: c.OOM - base.OOM, OOMKill: c.OOMKill - base.OOMKill,
		PIDsMax: c.PIDsMax - base.PIDsMax, Peak: c.Peak,
	}
}

// Memory is what a group and all below it use, in bytes.
type Memory struct {
	// Current is memory.current, Swap memory.swap.current.
	Current, Swap int64
	// Reclaimable is what the kernel takes back when it needs it: the page cache
	// and the reclaimable part of slab.
	Reclaimable int64
	// Held is what memory.stat counts one by one that the kernel cannot take
	// back but by swapping.
	Held int64
	// Stalled is the time in which some process waited for memory (psi.rst).
	Stalled time.Duration
}

// Unreclaimable is what the kernel could not take back without swapping, and
// what it has swapped. memory.stat may lag behind memory.current by what 64
// pages on each CPU come to, so that growing page cache could be taken for held
// memory: it is counted in two ways, and the lower one is believed.
func (m Memory) Unreclaimable() int64 {
	return max(0, min(m.Current-m.Reclaimable, m.Held)) + m.Swap
}

// parseMemoryEvents takes memory.events. Unknown lines are of newer kernels.
func (c *Counters) parseMemoryEvents(b []byte) {
	eachFigure(b, func(name string, n int64) {
		switch name {
		case "high":
			c.High = n
		case "max":
			c.Max = n
		case "oom":
			c.OOM = n
		case "oom_kill":
			c.OOMKill = n
		}
	})
}

// parsePIDsEvents takes pids.events.
func (c *Counters) parsePIDsEvents(b []byte) {
	eachFigure(b, func(name string, n int64) {
		if name == "max" {
			c.PIDsMax = n
		}
	})
}

// parseStat takes memory.stat; ok is false where a line that every kernel with
// cgroup v2 has is missing.
func (m *Memory) parseStat(b []byte) (ok bool) {
	stat := map[string]int64{}
	eachFigure(b, func(name string, n int64) { stat[name] = n })
	for _, name := range []string{"anon", "file", "shmem", "active_file", "inactive_file"} {
		if _, found := stat[name]; !found {
			return false
		}
	}
	lists := stat["active_file"] + stat["inactive_file"]
	m.Reclaimable = lists + stat["slab_reclaimable"]
	// Files that are locked into memory are on neither list.
	locked := max(0, stat["file"]-stat["shmem"]-lists)
	kernel, told := stat["kernel"] // since Linux 5.18
	if told {
		kernel -= stat["slab_reclaimable"]
	} else {
		kernel = stat["kernel_stack"] + stat["pagetables"] + stat["percpu"] + stat["slab_unreclaimable"]
	}
	m.Held = stat["anon"] + stat["shmem"] + locked + kernel + stat["sock"]
	return true
}

// parsePressure returns the total of the line "some" of memory.pressure,
// psi.rst: "total" is the absolute stall time in microseconds.
func parsePressure(b []byte) time.Duration {
	for line := range bytes.Lines(b) {
		if !bytes.HasPrefix(line, []byte("some ")) {
			continue
		}
		if _, total, ok := bytes.Cut(line, []byte(" total=")); ok {
			if us, ok := figure(bytes.TrimSpace(total)); ok && us < 1<<52 {
				return time.Duration(us) * time.Microsecond
			}
		}
	}
	return 0
}

// eachFigure calls f for each line "name figure".
func eachFigure(b []byte, f func(name string, n int64)) {
	for line := range bytes.Lines(b) {
		name, value, ok := bytes.Cut(bytes.TrimSpace(line), []byte(" "))
		if !ok {
			continue
		}
		if n, ok := figure(value); ok {
			f(string(name), n)
		}
	}
}

// figure reads a whole number that is not negative. One too large for us is as
// large as we know.
func figure(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	const most = 1<<63 - 1
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n > (most-9)/10 {
			return most, true
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
