package signals

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// clockSignal is what a [CPUTimer] sends: the last of the realtime signals. They
	// queue, in the kernel and on their way through us, so that neither a timer's
	// nor one that a user has sent is lost for the other, as would happen to a
	// standard signal. The two are told apart by si_code and value.
	clockSignal unix.Signal = rtMax
	// clockMark is the upper half of the value of such a signal; the lower is the
	// pid. Who sends the like himself gets us to look at the clock, no more.
	clockMark = 0x72436c6b
)

// CPUTimer tells when a process has used a given CPU time, without anybody
// looking: a POSIX timer on the CPU clock of another process (timer_create(2),
// clock_getcpuclockid(3)). It counts all threads of the process, and not its
// children; it goes on when the process executes another program. The kernel
// looks at its ticks, so that it is told some milliseconds late, never early.
//
// The news is a [Signal] whose Meaning is CPUClock and whose Sender is the pid;
// a [Source] must be open before the timer is armed.
//
// The timer holds on to its process, not to the number: it is silent once the
// process is dead, whoever gets the pid. It is ours alone, and neither a child nor
// another program that we execute has it.
type CPUTimer struct {
	id  int32
	pid int
}

// event is the kernel's struct sigevent.
type event struct {
	value         uint64
	signo, notify int32
	_             [48]byte
}

// NewCPUTimer makes a timer for a process that is not reaped. EINVAL says that
// there is no such process, or that the kernel has no such clocks; a sandbox may
// refuse with EPERM or ENOSYS, and EAGAIN comes where RLIMIT_SIGPENDING is spent.
// Whoever gets an error is left with looking at the clock.
func NewCPUTimer(pid int) (*CPUTimer, error) {
	t := &CPUTimer{pid: pid}
	clock, err := ProcessClock(pid)
	if err == nil {
		ev := event{value: clockMark<<32 | uint64(pid), signo: int32(clockSignal)} // 0 is SIGEV_SIGNAL
		_, _, errno := unix.RawSyscall(unix.SYS_TIMER_CREATE, uintptr(clock), uintptr(unsafe.Pointer(&ev)), uintptr(unsafe.Pointer(&t.id)))
		if errno != 0 {
			err = errno
		}
	}
	if err != nil {
		return nil, fmt.Errorf("make a timer on the CPU clock of pid %d: %w", pid, err)
	}
	return t, nil
}

// ProcessClock returns the CPU clock of all threads of a process (clock_getcpuclockid(3)):
// MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED) of linux/posix-timers.h. EINVAL says that
// there can be no such process.
func ProcessClock(pid int) (int32, error) {
	const sched, most = 2, 1<<28 - 1
	if pid <= 0 || pid > most { // 0 would be ourselves
		return 0, unix.EINVAL
	}
	return int32(^pid<<3 | sched), nil
}

// Arm asks to be told when the process has used so much CPU time since its
// start: once, and at once where it has already. A timer that was armed before
// forgets that. ESRCH says that the process was reaped.
func (t *CPUTimer) Arm(used time.Duration) error {
	var spec struct{ interval, value unix.Timespec }
	spec.value = unix.NsecToTimespec(max(used.Nanoseconds(), 1)) // zero would disarm
	_, _, errno := unix.RawSyscall6(unix.SYS_TIMER_SETTIME, uintptr(t.id), unix.TIMER_ABSTIME, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
	if errno != 0 {
		return fmt.Errorf("set the timer on the CPU clock of pid %d: %w", t.pid, errno)
	}
	return nil
}

// Close takes the timer away. It is for the end of its process.
func (t *CPUTimer) Close() error {
	_, _, errno := unix.RawSyscall(unix.SYS_TIMER_DELETE, uintptr(t.id), 0, 0)
	if errno != 0 {
		return fmt.Errorf("delete the timer on the CPU clock of pid %d: %w", t.pid, errno)
	}
	return nil
}
