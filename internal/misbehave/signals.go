package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

var signalNames = [...]string{
	1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1",
	11: "SEGV", 12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM", 16: "STKFLT", 17: "CHLD", 18: "CONT", 19: "STOP",
	20: "TSTP", 21: "TTIN", 22: "TTOU", 23: "URG", 24: "XCPU", 25: "XFSZ", 26: "VTALRM", 27: "PROF", 28: "WINCH",
	29: "IO", 30: "PWR", 31: "SYS",
}

// rtmin is SIGRTMIN as glibc counts it: 32 and 33 belong to the thread library.
const (
	rtmin = 34
	rtmax = 64
)

func signalName(s syscall.Signal) string {
	switch {
	case int(s) < len(signalNames):
		return signalNames[s]
	case s >= rtmin:
		return fmt.Sprintf("RTMIN+%d", s-rtmin)
	}
	return strconv.Itoa(int(s))
}

// signalNumber reads TERM, SIGTERM, RTMIN+3 or 15.
func signalNumber(word string) (syscall.Signal, error) {
	name := strings.TrimPrefix(word, "SIG")
	if n, err := strconv.Atoi(name); err == nil && n > 0 && n <= rtmax {
		return syscall.Signal(n), nil
	}
	for s := syscall.Signal(1); s <= rtmax; s++ {
		if signalName(s) == name {
			return s, nil
		}
	}
	return 0, fmt.Errorf("unknown signal %q", word)
}

// printSignals sees what the Go runtime lets through; see raw/raw.c for all of them.
func printSignals(fs *flag.FlagSet, words []string) int {
	until := fs.String("until", "TERM", "the signal that ends it")
	parse(fs, words, 0)
	last, err := signalNumber(*until)
	if err != nil {
		return complain(err)
	}
	// Notify drops what does not fit.
	came := make(chan os.Signal, 1024)
	for s := syscall.Signal(1); s <= rtmax; s++ {
		switch s {
		case syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGURG, syscall.SIGPROF:
			// Not to be caught, or the runtime's own.
		default:
			signal.Notify(came, s)
		}
	}
	ready()
	for s := range came {
		fmt.Println(signalName(s.(syscall.Signal)))
		if s == last {
			break
		}
	}
	return 0
}

func ignoreTerm(fs *flag.FlagSet, words []string) int {
	parse(fs, words, 0)
	signal.Ignore(syscall.SIGTERM)
	ready()
	forever()
	return 0
}

func drain(fs *flag.FlagSet, words []string) int {
	work, err := time.ParseDuration(parse(fs, words, 1)[0])
	if err != nil {
		return complain(err)
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	ready()
	<-term
	fmt.Println("draining")
	time.Sleep(work)
	fmt.Println("drained")
	return 0
}

func die(fs *flag.FlagSet, words []string) int {
	sig, err := signalNumber(parse(fs, words, 1)[0])
	if err != nil {
		return complain(err)
	}
	// A core_pattern that begins with | is run whatever RLIMIT_CORE says, but not for a process that is not dumpable.
	syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_DUMPABLE, 0, 0)
	ready()
	runtime.LockOSThread() // the mask is the thread's
	defaultAction(sig)
	unblock(sig)
	syscall.Tgkill(os.Getpid(), syscall.Gettid(), sig)
	fmt.Fprintf(os.Stderr, "misbehave: alive after %s\n", signalName(sig))
	return usageStatus
}

func stopSelf(fs *flag.FlagSet, words []string) int {
	parse(fs, words, 0)
	ready()
	// To this thread, which meets it before the call returns. Sent to the process, another thread might take it and
	// this one run on for a moment.
	runtime.LockOSThread()
	syscall.Tgkill(os.Getpid(), syscall.Gettid(), syscall.SIGSTOP)
	fmt.Println("continued")
	return 0
}

// defaultAction takes the signal from the Go runtime. The runtime catches nearly all of them and swallows some: a Go
// program outlives XCPU and XFSZ unless this is called.
func defaultAction(sig syscall.Signal) {
	// struct sigaction of the kernel is 32 bytes or fewer; all zero is SIG_DFL.
	var action [4]uint64
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
}

// unblock lets the signal reach this thread, whatever mask the process was started with.
func unblock(sig syscall.Signal) {
	const sigUnblock = 1
	set := uint64(1) << (sig - 1)
	syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, sigUnblock, uintptr(unsafe.Pointer(&set)), 0, 8, 0, 0)
}
