package clock

import (
	"errors"
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// Source is a timer of the kernel that never fires and is cancelled when the clock
// is set: timerfd_create(2), TFD_TIMER_CANCEL_ON_SET. A clock that is merely made
// to run faster or slower (adjtime(3), as NTP mostly does) is not set.
//
// Its descriptor is one that the poller of the Go runtime waits for, so it takes
// no thread; and while nobody sets the clock it wakes nobody up.
type Source struct {
	fd    int // that of timer, whose own method makes it blocking
	timer *os.File
}

// Set is news: the clock was set, by however little, or the machine has slept. To
// the kernel both are the same: the time that has passed since the start of the
// machine is another by its two clocks.
type Set struct{}

// never is a time that does not come. The kernel takes as much as it can count.
var never = unix.ItimerSpec{Value: unix.Timespec{Sec: math.MaxInt64}}

// Open begins to watch the clock. The error is that of timerfd_create(2) or
// timerfd_settime(2): a filter of system calls (seccomp(2)) may forbid them.
func Open() (*Source, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err == nil {
		if err = arm(fd); err != nil {
			unix.Close(fd)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("watch the clock: %w", err)
	}
	return &Source{fd, os.NewFile(uintptr(fd), "clock")}, nil
}

// Run sends a value to out each time that the clock has been set; several times
// may be one. It ends with the process.
func (s *Source) Run(out chan<- Set) {
	var ticks [8]byte
	for {
		if _, err := s.timer.Read(ticks[:]); !errors.Is(err, unix.ECANCELED) {
			return // cannot be: it does not fire, and nobody closes it
		}
		// Before it is told, so that whoever asks for the time then knows of all that
		// is not told again.
		if err := arm(s.fd); err != nil {
			return // cannot be: it could be done before
		}
		out <- Set{}
	}
}

// arm sets the timer. Where the clock is set at that moment the kernel says so
// here and no more, but the timer is set, and what is told after it is true.
func arm(fd int) error {
	err := unix.TimerfdSettime(fd, unix.TFD_TIMER_ABSTIME|unix.TFD_TIMER_CANCEL_ON_SET, &never, nil)
	if err == unix.ECANCELED {
		return nil
	}
	return err
}
