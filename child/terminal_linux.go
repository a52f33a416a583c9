package child

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Terminal is the controlling terminal of relance and its child.
//
// On a terminal the child stays in our process group, as the bare command would
// be in it: Ctrl-C reaches it once and from the kernel, a pipeline keeps its
// terminal, and the shell's fg and bg mean both of us. Without a terminal the
// child gets a group of its own, so that a signal to our group does not reach it
// twice.
type Terminal struct {
	fd int
	// group is our process group; modes are the terminal's settings at start,
	// nil when we were in the background.
	group int
	modes *unix.Termios
}

// OpenTerminal returns the controlling terminal, or nil if there is none. Of its
// two halves only what the shell would do for the bare command is done here.
func OpenTerminal() *Terminal {
	fd, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil // ENXIO: no controlling terminal; or no /dev at all
	}
	t := &Terminal{fd: fd, group: unix.Getpgrp()}
	if t.foreground() == t.group {
		if modes, err := unix.IoctlGetTermios(fd, unix.TCGETS); err == nil {
			t.modes = modes
		}
	}
	return t
}

// foreground is the process group that the terminal belongs to now.
func (t *Terminal) foreground() int {
	group, err := unix.IoctlGetInt(t.fd, unix.TIOCGPGRP)
	if err != nil {
		return -1
	}
	return group
}

// Reclaim gives the terminal back its first owner and settings before the next
// generation starts: a child that was killed may have left it raw, or in the
// hands of a process group that is gone. A terminal that belongs to somebody
// else by now, because the user put us into the background, is left alone.
func (t *Terminal) Reclaim() {
	if t == nil || t.modes == nil {
		return
	}
	owner := t.foreground()
	if owner != t.group {
		if owner <= 0 || unix.Kill(-owner, 0) != unix.ESRCH {
			return
		}
		// We are in the background and block SIGTTOU, so this is allowed
		// (tcsetpgrp(3)).
		if unix.IoctlSetPointerInt(t.fd, unix.TIOCSPGRP, t.group) != nil {
			return
		}
	}
	// A terminal that is gone by now (EIO) has no settings to mend.
	_ = unix.IoctlSetTermios(t.fd, unix.TCSETSW, t.modes)
}

// StopAlong stops this process by the signal that has stopped the child, so that
// the shell that started us sees its job stopped and says why, and returns when
// the shell lets it go on. It does nothing where no such shell is: then nobody
// would.
func (t *Terminal) StopAlong(pid int, sig unix.Signal) {
	if t == nil || !underJobControl() {
		return
	}
	raise(sig)
	t.passOn(pid)
}

// passOn gives the terminal to the child if the shell has just given it to us
// and the child has a process group of its own, as an interactive shell has: the
// one that fg would have meant.
func (t *Terminal) passOn(pid int) {
	group, err := unix.Getpgid(pid)
	if err == nil && group != t.group && t.foreground() == t.group {
		// A child that is gone by now (EPERM) needs no terminal.
		_ = unix.IoctlSetPointerInt(t.fd, unix.TIOCSPGRP, group)
	}
}

// raise sends sig to this very thread, with its default action, and restores the
// action that it had. So the signal has done what it does when raise returns;
// one that stops, where nobody could let us go on, does nothing: "a process that
// is a member of an orphaned process group shall not be allowed to stop in
// response to SIGTSTP, SIGTTIN, or SIGTTOU" (POSIX, 2.4.3). The caller is locked
// to its thread.
func raise(sig unix.Signal) {
	var old sigaction
	var set, mask unix.Sigset_t
	set.Val[0] = 1 << (sig - 1)
	action := func(act, old *sigaction) {
		// Refused for SIGSTOP, which needs it not.
		_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig),
			uintptr(unsafe.Pointer(act)), uintptr(unsafe.Pointer(old)), sigsetSize, 0, 0)
	}
	action(actionDefault, &old)
	// Nothing of this can fail for a valid signal and our own thread.
	_ = unix.PthreadSigmask(unix.SIG_UNBLOCK, &set, &mask)
	_ = unix.Tgkill(unix.Getpid(), unix.Gettid(), sig)
	_ = unix.PthreadSigmask(unix.SIG_SETMASK, &mask, nil)
	action(&old, nil)
}

// EndBy ends this process by sig, as the terminal has ended the child by it, so
// that the shell that waits for us sees what it would see of the bare command.
// It returns if sig is zero, or does not end us: PID 1 is spared by the kernel,
// and a signal may be ignored since before our time.
func EndBy(sig unix.Signal) {
	if sig == 0 {
		return
	}
	// If there is a core to be had of SIGQUIT it is the child's. Where it goes to
	// a program the limit does not count, but this does (core(5)). Neither can be
	// refused.
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	raise(sig)
}

// Continued reports whether the child has been let go on since it was stopped,
// and forgets it: then a SIGCONT that came to us came to it as well.
func Continued(pid int) bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, pid, &info, unix.WCONTINUED|unix.WNOHANG, nil)
	// Without a change, "si_signo and si_pid" are zero (waitid(2)).
	return err == nil && info.Signo != 0
}

// underJobControl reports whether our parent manages us as a job: it is in our
// session, and in another process group (termios(3), orphaned process groups).
func underJobControl() bool {
	parent := unix.Getppid()
	sid, err := unix.Getsid(0)
	if err != nil {
		return false
	}
	parentSID, err := unix.Getsid(parent)
	if err != nil || parentSID != sid {
		return false
	}
	group, err := unix.Getpgid(parent)
	return err == nil && group != unix.Getpgrp()
}
