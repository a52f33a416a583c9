package clock

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

const patience = time.Minute

// TestArmed: the kernel has the timer as it must be, and reads do not block a
// thread. That it tells anything is seen where the clock may be set (TestSet).
func TestArmed(t *testing.T) {
	s, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer s.timer.Close()
	text, err := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", s.fd))
	if err != nil {
		t.Fatal(err)
	}
	flags := fmt.Sprintf("settime flags: 0%o\n", unix.TFD_TIMER_ABSTIME|unix.TFD_TIMER_CANCEL_ON_SET)
	for _, want := range []string{"clockid: 0\n", "ticks: 0\n", flags} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "it_value: (0, 0)") {
		t.Errorf("the timer is not armed:\n%s", text)
	}
	// Only a descriptor that the poller of the runtime waits for takes a deadline.
	if err := s.timer.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Errorf("a read would take a thread: %v", err)
	}
	if _, err := s.timer.Read(make([]byte, 8)); !os.IsTimeout(err) {
		t.Errorf("a read of a clock that nobody sets: %v", err)
	}
}

// TestEnd: a source whose timer is gone ends, and tells nothing.
func TestEnd(t *testing.T) {
	s, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	out, ended := make(chan Set), make(chan bool)
	go func() { s.Run(out); close(ended) }()
	s.timer.Close()
	select {
	case <-out:
		t.Error("the clock was set")
	case <-ended:
	case <-time.After(patience):
		t.Error("it goes on")
	}
}

// TestSet sets the clock, forward, back and by very little; each is told.
func TestSet(t *testing.T) {
	need.Machine(t, "sets the clock")
	s, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer s.timer.Close()
	out := make(chan Set)
	go s.Run(out)
	for _, by := range []time.Duration{time.Hour, -time.Hour, time.Millisecond, -2 * time.Second, 24 * time.Hour} {
		set(t, by)
		select {
		case <-out:
		case <-time.After(patience):
			t.Fatalf("set by %s, and nothing is told", by)
		}
	}
}

// set sets the clock of this machine.
func set(t *testing.T, by time.Duration) {
	t.Helper()
	ts := unix.NsecToTimespec(time.Now().Add(by).UnixNano())
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &ts); err != nil {
		t.Fatal(err)
	}
}
