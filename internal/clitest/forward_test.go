package clitest

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Every signal that can be passed on reaches the child once, with its own
// number. TERM and INT mean more and have tests of their own.
func TestForward(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--", raw(t), "print-signals")
	r.out.want(t, `^ready pid=`)
	var sent []string
	for sig := unix.Signal(1); sig <= 64; sig++ {
		switch sig {
		case unix.SIGKILL, unix.SIGSTOP, unix.SIGTERM, unix.SIGINT:
			continue
		case unix.SIGCHLD, unix.SIGURG, unix.SIGPROF, unix.SIGTTIN, unix.SIGTTOU, 32, 33, 34:
			continue // see TestNeverForwarded
		case unix.SIGILL, unix.SIGTRAP, unix.SIGABRT, unix.SIGBUS, unix.SIGFPE, unix.SIGSEGV, unix.SIGSYS:
			continue // the kernel's word for a fault of relance itself
		}
		r.signal(sig)
		r.out.want(t, fmt.Sprintf(`^%d code=0 from=%d$`, sig, r.pid))
		sent = append(sent, strconv.Itoa(int(sig)))
	}
	r.signal(unix.SIGTERM)
	r.wantEnd(0)
	r.out.wantClosed(t)
	if got := numbers(r.out.all()); got != strings.Join(append(sent, "15"), " ") {
		t.Errorf("sent %s 15\ngot  %s", strings.Join(sent, " "), got)
	}
}

// numbers are those at the head of the lines of raw print-signals.
func numbers(text string) string {
	var all []string
	for line := range strings.SplitSeq(text, "\n") {
		if number, _, ok := strings.Cut(line, " code="); ok {
			all = append(all, number)
		}
	}
	return strings.Join(all, " ")
}

// Signals that queue are not merged on their way, and none is dropped, however
// fast they come.
func TestForwardBurst(t *testing.T) {
	t.Parallel()
	const each = 300
	r := start(t, relance(), "--", raw(t), "print-signals")
	r.out.want(t, `^ready pid=`)
	for range each {
		for sig := unix.Signal(60); sig <= 64; sig++ {
			r.signal(sig)
		}
	}
	counts := map[string]int{}
	for range each * 5 {
		counts[r.out.want(t, `^(\d+) code=`)[1]]++
	}
	for sig := 60; sig <= 64; sig++ {
		if n := counts[strconv.Itoa(sig)]; n != each {
			t.Errorf("signal %d: %d of %d came", sig, n, each)
		}
	}
	r.signal(unix.SIGTERM)
	r.wantEnd(0)
}

// What the Go runtime and the terminal driver keep for themselves neither ends
// relance nor reaches the child.
func TestNeverForwarded(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--", raw(t), "print-signals")
	r.out.want(t, `^ready pid=`)
	for range 50 {
		for _, sig := range []unix.Signal{unix.SIGURG, unix.SIGCHLD, unix.SIGPROF, unix.SIGTTIN, unix.SIGTTOU} {
			r.signal(sig)
		}
	}
	// Those that were on their way before this one have come by now.
	r.signal(unix.SIGUSR1)
	r.out.want(t, `^10 code=`)
	r.signal(unix.SIGTERM)
	r.wantEnd(0)
	r.out.wantClosed(t)
	if got := numbers(r.out.all()); got != "10 15" {
		t.Errorf("got %s, want 10 15", got)
	}
}

// What looks like the signal of a timer of our own is at most worth a look at the
// clock, and whatever else has its number is the user's.
func TestForwardTimerSignal(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--", raw(t), "print-signals")
	r.out.want(t, `^ready pid=`)
	// As the kernel has it in siginfo_t: number, errno, code, and from 16 on the
	// sender and the value.
	send := func(sig unix.Signal, value uint64) {
		info := struct {
			signo, errno, code, _ int32
			pid, uid              uint32
			value                 uint64
			_                     [96]byte
		}{signo: int32(sig), code: -2, value: value} // SI_TIMER
		_, _, errno := unix.RawSyscall(unix.SYS_RT_SIGQUEUEINFO, uintptr(r.pid), uintptr(sig), uintptr(unsafe.Pointer(&info)))
		if errno != 0 {
			t.Fatal(errno)
		}
	}
	const mark = 0x72436c6b << 32
	send(64, mark|1)
	send(64, 0)
	r.out.want(t, `^64 code=0`)
	send(unix.SIGVTALRM, mark|1)
	r.out.want(t, `^26 code=0`)
	r.signal(64)
	r.out.want(t, `^64 code=0`)
	r.signal(unix.SIGTERM)
	r.wantEnd(0)
	r.out.wantClosed(t)
	if got := numbers(r.out.all()); got != "64 26 64 15" {
		t.Errorf("got %s, want 64 26 64 15", got)
	}
}

// A signal that was ignored when relance was started still reaches the child,
// TERM and INT included, which then ask for no end: whoever ignored them wanted
// them to end nothing.
func TestForwardIgnored(t *testing.T) {
	t.Parallel()
	g := given{
		Ignored: bit(unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGUSR1), Path: relance(),
		Argv: bytesOf([]string{"relance", "--", raw(t), "print-signals", "12"}),
	}
	r := start(t, g.words()...)
	r.out.want(t, `^ready pid=`)
	for _, sig := range []syscall.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGUSR1} {
		r.signal(sig)
		r.out.want(t, fmt.Sprintf(`^%d code=0`, sig))
	}
	r.signal(unix.SIGUSR2)
	r.wantEnd(0)
}

// A signal that was blocked when relance was started is passed on all the same,
// and waits at the child, which got the mask: it is there when it unblocks it.
func TestForwardBlocked(t *testing.T) {
	t.Parallel()
	g := given{
		Blocked: ^uint64(0), Path: relance(),
		Argv: bytesOf([]string{"relance", "--", raw(t), "print-signals"}),
	}
	r := start(t, g.words()...)
	r.out.want(t, `^ready pid=`)
	for _, sig := range []syscall.Signal{unix.SIGHUP, unix.SIGUSR1, 40, unix.SIGTERM} {
		r.signal(sig)
		r.out.want(t, fmt.Sprintf(`^%d code=0`, sig))
	}
	r.wantEnd(0)
}

// INT asks for the end as TERM does, and the child gets the one that came.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--", raw(t), "print-signals", "2")
	r.out.want(t, `^ready pid=`)
	r.signal(unix.SIGINT)
	r.out.want(t, `^2 code=0`)
	r.wantEnd(0)
}
