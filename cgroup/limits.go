package cgroup

import (
	"fmt"
	"time"
)

// Limits is what a group is given. A nil field is left as the kernel makes a new
// group: without that limit.
type Limits struct {
	// MemoryHigh, MemoryMax and SwapMax are in bytes: memory.high, memory.max and
	// memory.swap.max (cgroup-v2.rst).
	MemoryHigh, MemoryMax, SwapMax *int64
	// PIDsMax is the number of processes and threads: pids.max.
	PIDsMax *int64
	// CPUMax is the CPU time in each [CPUPeriod]: cpu.max.
	CPUMax *time.Duration
	// OOMGroup makes the OOM killer end the whole group: memory.oom.group.
	OOMGroup bool
}

// CPUPeriod is the period of cpu.max, the kernel's own default.
const CPUPeriod = 100 * time.Millisecond

// Trigger is a watch for memory pressure, psi.rst: it fires when tasks of the
// group have waited for memory for Stall within Window.
type Trigger struct {
	// Full asks that all tasks waited at once; else some of them.
	Full          bool
	Stall, Window time.Duration
}

// String is the trigger as the flag spells it: "full 200ms/2s".
func (t Trigger) String() string {
	word := "some"
	if t.Full {
		word = "full"
	}
	return fmt.Sprintf("%s %v/%v", word, t.Stall, t.Window)
}
