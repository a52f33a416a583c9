package clitest

import (
	"fmt"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestClockRefused: where the kernel does not tell when the clock is set, that is
// said in a line, and the plan is kept all the same. Who plans nothing does not
// ask for it.
func TestClockRefused(t *testing.T) {
	t.Parallel()
	refused := []string{self(), roleWord, "refuse", strconv.Itoa(unix.SYS_TIMERFD_CREATE), relance()}
	r := start(t, append(refused, "--every", "1s", "--", misbehave(t), "drain", "0s")...)
	r.errs.want(t, `^relance: watch the clock: operation not permitted; when it is set, or the machine sleeps, what is planned may come late$`)
	r.errs.want(t, `^relance: gen 1: age: due .*; stopping`)
	r.errs.want(t, `^relance: gen 2: up`)
	// Up is not yet ready.
	r.out.want(t, `^ready`)
	r.out.want(t, `^ready`)
	r.signal(syscall.SIGTERM)
	<-r.done // with the status of whichever generation was there, ready or not

	got := run(t, append(refused, "--restart", "never", "--", "true")...)
	if got.status != 0 || got.stderr != "" {
		t.Errorf("without a plan: status %d, %q", got.status, got.stderr)
	}
}

// refuse becomes the command in words, which may not use a system call: seccomp(2)
// lets it fail with EPERM.
func refuse(number string, words []string) error {
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return err
	}
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the number of the call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: uint32(n)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	// The filter is the thread's, and execve(2) keeps that of the caller.
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up privileges: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		return fmt.Errorf("refuse a system call: %w", err)
	}
	return syscall.Exec(words[0], words, syscall.Environ())
}
