package signals

import (
	"encoding/binary"
	"errors"
	"os"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// timer makes a timer on the clock of p.
func timer(t *testing.T, p *process) *CPUTimer {
	t.Helper()
	c, err := NewCPUTimer(p.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func arm(t *testing.T, c *CPUTimer, used time.Duration) {
	t.Helper()
	if err := c.Arm(used); err != nil {
		t.Fatal(err)
	}
}

// wantFired takes the next signal, which is that of a timer on p, and the time is
// used by then, and not enough for a worker to end. How late we look does not count.
func wantFired(t *testing.T, p *process, asked time.Duration) {
	t.Helper()
	s := next()
	if in := (Situation{Self: os.Getpid()}); in.Meaning(s) != CPUClock || s.Sender != p.Process.Pid {
		t.Fatalf("got %+v, want the timer on pid %d", s, p.Process.Pid)
	}
	if used := p.used(t); used < asked {
		t.Errorf("%v were asked for, told at %v", asked, used)
	} else {
		t.Logf("%v were asked for, told at %v", asked, used)
	}
}

// wantSilence fails if a timer has sent anything that nobody has taken.
func wantSilence(t *testing.T) {
	t.Helper()
	if err := unix.Kill(os.Getpid(), unix.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	if s := next(); s.Number != unix.SIGUSR1 {
		t.Errorf("got %+v, want nothing", s)
		next()
	}
}

// The time of all threads counts, each wish is told once, and a time that is over
// at once. The child that does nothing is not told of.
func TestCPUTimer(t *testing.T) {
	for _, threads := range []int{1, 2} {
		idle, p := start(t), start(t)
		quiet, c := timer(t, idle), timer(t, p)
		arm(t, quiet, idle.used(t)+10*time.Millisecond)
		at := p.used(t) + 50*time.Millisecond
		arm(t, c, at)
		for range threads {
			p.tell(t, "spin")
		}
		wantFired(t, p, at)
		at += 50 * time.Millisecond
		arm(t, c, at)
		wantFired(t, p, at)
		for _, over := range []time.Duration{1, 0, -1} {
			arm(t, c, over)
			wantFired(t, p, 0)
		}
		wantSilence(t)
		// It is no broken timer that was silent.
		idle.tell(t, "spin")
		wantFired(t, idle, 10*time.Millisecond)
		idle.end()
		p.end()
	}
}

// What was taken back is not told, and another timer on the same clock is not
// touched.
func TestCPUTimerTakenBack(t *testing.T) {
	p := start(t)
	closed, moved, c := timer(t, p), timer(t, p), timer(t, p)
	for _, c := range []*CPUTimer{closed, moved} {
		arm(t, c, p.used(t)+20*time.Millisecond)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	arm(t, moved, time.Hour)
	at := p.used(t) + 100*time.Millisecond
	arm(t, c, at)
	p.tell(t, "spin")
	wantFired(t, p, at)
	wantSilence(t)
	if err := closed.Arm(time.Hour); err == nil {
		t.Error("a timer that is closed was armed")
	}
	if err := closed.Close(); !errors.Is(err, unix.EINVAL) {
		t.Errorf("closed again: %v", err)
	}
}

// The clock is that of the process, whatever it executes.
func TestCPUTimerSurvivesExec(t *testing.T) {
	p := start(t)
	c := timer(t, p)
	at := p.used(t) + 200*time.Millisecond
	arm(t, c, at)
	p.tell(t, "exec")
	p.want(t, "again")
	wantFired(t, p, at)
}

// A process that is dead has a clock that stands still until it is reaped, and
// then no timer can be set on it.
func TestCPUTimerOfTheDead(t *testing.T) {
	p := start(t)
	c := timer(t, p)
	arm(t, c, p.used(t)+100*time.Millisecond)
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Waitid(unix.P_PID, p.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	pid := p.Process.Pid
	p.end()
	if err := c.Arm(1); !errors.Is(err, unix.ESRCH) {
		t.Errorf("armed on a process that is reaped: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	for _, pid := range []int{pid, 0, -1, 1 << 30} {
		if c, err := NewCPUTimer(pid); !errors.Is(err, unix.EINVAL) {
			t.Errorf("a timer on pid %d: %+v, %v", pid, c, err)
		}
	}
	wantSilence(t)
}

// What a user sends with the same number is the user's, with a value that looks
// like ours too; only who claims to be a timer of ours is believed, and that is
// worth a look at the clock.
func TestClockSignalOfOthers(t *testing.T) {
	in := Situation{Self: os.Getpid()}
	send := func(code int32, sig unix.Signal, value uint64) Signal {
		info := queued{signo: int32(sig), code: code, pid: 77, uid: 88, value: value}
		_, _, errno := unix.RawSyscall(unix.SYS_RT_SIGQUEUEINFO, uintptr(os.Getpid()), uintptr(sig), uintptr(unsafe.Pointer(&info)))
		if errno != 0 {
			t.Fatal(errno)
		}
		return next()
	}
	const ours = clockMark<<32 | 4711
	if err := unix.Kill(os.Getpid(), clockSignal); err != nil {
		t.Fatal(err)
	}
	if s := next(); in.Meaning(s) != Forward || s.Sender != os.Getpid() || s.FromTimer {
		t.Errorf("kill(2): %+v", s)
	}
	for _, c := range []struct {
		code  int32
		sig   unix.Signal
		value uint64
		want  Meaning
	}{
		{siQueue, clockSignal, ours, Forward},
		{siTimer, clockSignal, 4711, Forward},
		{siTimer, clockSignal, ours ^ 1<<40, Forward},
		{siTimer, clockSignal - 1, ours, Forward},
		{siTimer, unix.SIGVTALRM, ours, Forward},
		{siTimer, clockSignal, ours, CPUClock},
	} {
		s := send(c.code, c.sig, c.value)
		if in.Meaning(s) != c.want || s.Value != c.value || s.FromTimer != (c.want == CPUClock) {
			t.Errorf("%+v: got %+v", c, s)
		}
		if c.want == CPUClock && (s.Sender != 4711 || s.UID != 0) {
			t.Errorf("the process is %d, uid %d", s.Sender, s.UID)
		}
	}
}

// Whatever stands in a record, only the whole of a timer's signal is one.
func FuzzDecode(f *testing.F) {
	for _, s := range []Signal{{Number: clockSignal, Value: clockMark<<32 | 7}, {Number: unix.SIGVTALRM, Value: clockMark << 32}, {Number: 40}} {
		for _, code := range []int32{siTimer, siQueue, 0, 1} {
			record := binary.NativeEndian.AppendUint32(nil, uint32(s.Number))
			record = binary.NativeEndian.AppendUint32(record, uint32(code))
			record = binary.NativeEndian.AppendUint64(record, 1<<32|2)
			f.Add(binary.NativeEndian.AppendUint64(record, s.Value))
		}
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		if len(record) < recordSize {
			return
		}
		s := decode(record)
		code := int32(binary.NativeEndian.Uint32(record[4:]))
		if want := s.Number == clockSignal && code == siTimer && s.Value>>32 == clockMark; s.FromTimer != want {
			t.Errorf("%x: %+v", record, s)
		}
		if s.FromTimer != (Situation{}.Meaning(s) == CPUClock) || s.FromTimer && (s.Sender < 0 || s.FromKernel || s.Queued) {
			t.Errorf("%x: %+v", record, s)
		}
	})
}
