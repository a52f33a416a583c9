package tree

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"relance/signals"
)

// ProcessCPU returns the CPU time that a process has used, with all its threads,
// those that are gone too, and without its children: by its CPU clock
// (clock_getcpuclockid(3)), which counts nanoseconds where /proc/PID/stat has
// hundredths of a second. While a timer is armed on the clock it moves at the
// ticks of the kernel only, some milliseconds apart. A zombie has a clock until
// it is reaped; EINVAL says that there is no such process.
func ProcessCPU(pid int) (time.Duration, error) {
	clock, err := signals.ProcessClock(pid)
	var used unix.Timespec
	if err == nil {
		err = unix.ClockGettime(clock, &used)
	}
	if err != nil {
		return 0, fmt.Errorf("read the CPU clock of pid %d: %w", pid, err)
	}
	return time.Duration(used.Nano()), nil
}

// cpu sums up what the members have used and what the children have used that
// they have waited for. When a process is reaped, its time and that of those it
// has waited for itself move from its own account to cutime of who reaped it
// (proc_pid_stat(5)), at one moment. So nothing counts twice as long as no
// account of those waited for is read after one of the process itself: the scan
// has read the first ones, the clocks are read now, and who has no clock any
// more counts nothing at all. Such a sum is short of what moved during the look;
// the next one has it.
//
// The own time is read from the clock that a timer on the process goes by, so
// that who was woken by it finds here what it waited for. What was waited for is
// told in hundredths of a second: user and system time are each rounded down, so
// each process may be up to 20 ms short.
//
// Not in it is what we have reaped ourselves, and what nobody has waited for:
// "if the parent ignores SIGCHLD", its children are reaped by the kernel and
// leave no trace (wait(2), NOTES). Only a cgroup counts those.
func (w *Walker) cpu(members []Member) (total time.Duration) {
	for i := range members {
		m := &members[i]
		own, there := w.ownCPU(m)
		if there {
			total = time.Duration(sum(int64(total), int64(own), int64(m.Waited)))
		}
	}
	return total
}

// ownCPU returns what m has used, by its clock or, where there are no clocks, by
// another look at its stat; there is false when it has been reaped meanwhile.
func (w *Walker) ownCPU(m *Member) (used time.Duration, there bool) {
	if !w.noClocks {
		used, err := ProcessCPU(m.PID)
		return used, err == nil
	}
	s, err := w.proc.stat(m.PID)
	return s.cpu, err == nil && s.start == m.Start
}
