package output

import "golang.org/x/sys/unix"

// sameFile reports whether a and b are one file, however often it was opened.
func sameFile(a, b int) bool {
	var sa, sb unix.Stat_t
	return unix.Fstat(a, &sa) == nil && unix.Fstat(b, &sb) == nil && sa.Dev == sb.Dev && sa.Ino == sb.Ino
}

// sameOpenFile reports whether a and b are one open file description, as dup(2)
// makes them. Where the kernel does not tell, what looks the same is taken for it.
// That is no proof, for two opens may stand at the same place, but then one pipe
// is no harm: for pipes, sockets and files that are appended to nobody could tell
// the difference, and two programs that write over each other's bytes from one
// position on is what nobody wants.
func sameOpenFile(a, b int) bool {
	if !sameFile(a, b) {
		return false
	}
	for _, ask := range []func(a, b int) (same, known bool){askFcntl, askKcmp} {
		if same, known := ask(a, b); known {
			return same
		}
	}
	return looksSame(a, b)
}

// askFcntl asks Linux 6.10 and later.
func askFcntl(a, b int) (same, known bool) {
	n, err := unix.FcntlInt(uintptr(a), unix.F_DUPFD_QUERY, b)
	return n == 1, err == nil
}

// askKcmp asks kcmp(2), which containers often forbid.
func askKcmp(a, b int) (same, known bool) {
	const kcmpFile = 0
	pid := uintptr(unix.Getpid())
	order, _, errno := unix.Syscall6(unix.SYS_KCMP, pid, pid, kcmpFile, uintptr(a), uintptr(b), 0)
	return order == 0, errno == 0
}

// looksSame compares what shows of two descriptors of one file.
func looksSame(a, b int) bool {
	flagsA, errA := unix.FcntlInt(uintptr(a), unix.F_GETFL, 0)
	flagsB, errB := unix.FcntlInt(uintptr(b), unix.F_GETFL, 0)
	if errA != nil || errB != nil || flagsA != flagsB {
		return false
	}
	// Neither can be sought in if it is a pipe or a socket (ESPIPE).
	posA, errA := unix.Seek(a, 0, unix.SEEK_CUR)
	posB, errB := unix.Seek(b, 0, unix.SEEK_CUR)
	return posA == posB && (errA == nil) == (errB == nil)
}
