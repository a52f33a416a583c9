package signals

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// queued is the start of siginfo_t for a signal of sigqueue(3), with the room
// that the kernel copies.
type queued struct {
	signo, errno, code, _ int32
	pid, uid              uint32
	value                 uint64
	_                     [96]byte
}

// Queue sends sig with a value to a process, as sigqueue(3) does.
func Queue(pid int, sig unix.Signal, value uint64) error {
	info := queued{
		signo: int32(sig), code: siQueue, pid: uint32(os.Getpid()), uid: uint32(os.Getuid()), value: value,
	}
	_, _, errno := unix.RawSyscall(unix.SYS_RT_SIGQUEUEINFO, uintptr(pid), uintptr(sig), uintptr(unsafe.Pointer(&info)))
	if errno != 0 {
		return errno
	}
	return nil
}
