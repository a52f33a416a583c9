package cgroup

import (
	"fmt"
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// Meter reads what the kernel counts of one group. It is of a [Group] or of the
// group around us, and needs no right to write.
type Meter struct {
	path string
	dir  int
}

// Meter returns a meter of g, which lives as long as g is open.
func (g *Group) Meter() Meter { return Meter{g.path, g.dir} }

// OpenMeter returns a meter of our own group. It stays open for as long as we
// run. A group that counts no memory (the root, one without the controller) is
// refused with ErrNoController.
func (p Parent) OpenMeter() (Meter, error) {
	dir, err := unix.Open(p.path, openDir, 0)
	if err != nil {
		return Meter{}, fmt.Errorf("open group %q: %w", p.path, err)
	}
	m := Meter{p.path, dir}
	if _, err := m.Memory(); err != nil {
		unix.Close(dir)
		return Meter{}, err
	}
	return m, nil
}

// Close gives the descriptor back.
func (m Meter) Close() error { return unix.Close(m.dir) }

// Memory reads what is used now: three or four small files, some ten
// microseconds. A group whose memory nobody counts is ErrNoController.
func (m Meter) Memory() (Memory, error) {
	var mem Memory
	b, err := readAt(m.dir, "memory.stat")
	if err == nil && !mem.parseStat(b) {
		err = fmt.Errorf("memory.stat has not the lines it should: %w", unix.EBADMSG)
	}
	if err == nil {
		mem.Current, err = m.figure("memory.current")
	}
	if err == unix.ENOENT {
		return Memory{}, fmt.Errorf("measure group %q: %w", m.path, ErrNoController)
	}
	if err != nil {
		return Memory{}, fmt.Errorf("measure group %q: %w", m.path, err)
	}
	// A kernel without swap or without PSI has no such file.
	if mem.Swap, err = m.figure("memory.swap.current"); err != nil && !isAbsent(err) {
		return Memory{}, fmt.Errorf("measure group %q: memory.swap.current: %w", m.path, err)
	}
	if b, err := readAt(m.dir, "memory.pressure"); err == nil {
		mem.Stalled = parsePressure(b)
	}
	return mem, nil
}

// Counters reads the events counted so far. What the group does not count is
// zero: the answer must also come when the group is about to go.
func (m Meter) Counters() Counters {
	var c Counters
	if b, err := readAt(m.dir, "memory.events"); err == nil {
		c.parseMemoryEvents(b)
	}
	if b, err := readAt(m.dir, "pids.events"); err == nil {
		c.parsePIDsEvents(b)
	}
	c.Peak, _ = m.figure("memory.peak")
	return c
}

// OOMs reads how often the limit of this very group left no way out, and not that of one
// below it (memory.events.local). Linux before 5.2 only has both together.
func (m Meter) OOMs() int64 {
	var c Counters
	b, err := readAt(m.dir, "memory.events.local")
	if err != nil {
		b, err = readAt(m.dir, "memory.events")
	}
	if err == nil {
		c.parseMemoryEvents(b)
	}
	return c.OOM
}

// CPU reads the CPU time that the group and all below it have used, those who are
// dead too, zero where the kernel does not tell. Every group has it, whatever its
// controllers are (cgroup-v2.rst: "This file exists whether the controller is
// enabled or not"). A process that runs at this moment may be behind by a tick of
// the kernel, some milliseconds.
func (m Meter) CPU() time.Duration {
	var used time.Duration
	if b, err := readAt(m.dir, "cpu.stat"); err == nil {
		eachFigure(b, func(name string, us int64) {
			if name == "usage_usec" && us < math.MaxInt64/1000 {
				used = time.Duration(us) * time.Microsecond
			}
		})
	}
	return used
}

// figure reads a file that holds one number.
func (m Meter) figure(name string) (int64, error) {
	b, err := readAt(m.dir, name)
	if err != nil {
		return 0, err
	}
	n, ok := figure(trimNewline(b))
	if !ok {
		return 0, fmt.Errorf("%s: %q is no number: %w", name, b[:min(len(b), 40)], unix.EBADMSG)
	}
	return n, nil
}

// isAbsent reports whether err says that there is no such file: PSI that is
// switched off keeps its files, and refuses to open them.
func isAbsent(err error) bool { return err == unix.ENOENT || err == unix.EOPNOTSUPP }
