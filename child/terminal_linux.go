package child

import "golang.org/x/sys/unix"

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

// StopAlong stops this process as its child was stopped by the terminal, so that
// the shell that started us sees its job stopped, and returns when the shell
// lets it go on. It does nothing where no such shell is: then nobody would.
func (t *Terminal) StopAlong() {
	if t == nil || !underJobControl() {
		return
	}
	// Cannot fail for our own pid.
	_ = unix.Kill(unix.Getpid(), unix.SIGSTOP)
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
