package tree

import (
	"os"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// drop gives up root, if we have it, and sets how many processes the user may
// have and when the forking ends by itself.
func drop(limit, seconds, uid string) {
	n, err := strconv.Atoi(limit)
	must(err)
	s, err := strconv.Atoi(seconds)
	must(err)
	u, err := strconv.Atoi(uid)
	must(err)
	must(unix.Setrlimit(unix.RLIMIT_NPROC, &unix.Rlimit{Cur: uint64(n), Max: uint64(n)}))
	if u != os.Getuid() {
		must(syscall.Setuid(u))
	}
	lasts(s)
}

// lasts sets when the forking ends by itself, in seconds from now.
func lasts(seconds int) {
	must(unix.ClockGettime(unix.CLOCK_MONOTONIC, &now))
	until = now.Sec + int64(seconds)
}

// nobody is the ordinary user that helpers of root become: one of our own, so
// that what others run does not fill the room of the bombs.
var nobody = 60000 + os.Getpid()%5000

// From here on a forked copy of a Go program runs: one thread and no runtime.
// It may use nothing but raw system calls and globals.

var (
	now   unix.Timespec
	until = time.Now().Unix() // of CLOCK_MONOTONIC, set by drop
)

//go:nosplit
func fork() uintptr {
	pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		return ^uintptr(0)
	}
	return pid
}

//go:nosplit
func park() {
	for {
		unix.RawSyscall6(unix.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
	}
}

//go:nosplit
func tick() {
	unix.RawSyscall(unix.SYS_CLOCK_GETTIME, unix.CLOCK_MONOTONIC, uintptr(unsafe.Pointer(&now)), 0)
	if now.Sec > until {
		unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
}

// bomb forks as fast as it is let. It ignores SIGCHLD: who dies gives its place
// under RLIMIT_NPROC back at once.
//
//go:nosplit
func bomb() {
	for {
		tick()
		fork()
	}
}

// comet forks and dies at once, always: its child goes on.
//
//go:nosplit
func comet() {
	for {
		tick()
		if pid := fork(); pid != 0 && pid != ^uintptr(0) {
			unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
	}
}

// cloneArgs is struct clone_args of clone3(2), as far as set_tid.
type cloneArgs struct {
	flags, pidFD, childTID, parentTID, exitSignal, stack, stackSize, tls, setTID, setTIDSize uint64
}

var (
	anew   cloneArgs
	wanted int32
)

// clone3 makes the child that anew describes, which does nothing.
//
//go:nosplit
func clone3() (uintptr, syscall.Errno) {
	pid, _, errno := unix.RawSyscall(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&anew)), unsafe.Sizeof(anew), 0)
	if errno == 0 && pid == 0 {
		park()
	}
	return pid, errno
}
