package tree

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// Signal sends sig once to every living member of a generation, or of [All],
// that is not excepted, in the order of their pids, and returns how many got it. A member that vanishes is
// left out. One that we may not signal (a setuid program) is named in err, and
// the others still get theirs.
func (w *Walker) Signal(gen int, sig unix.Signal, except ...int) (n int, err error) {
	var no refusals
	err = w.scan(gen)
	for _, m := range w.found {
		if !m.Alive() || slices.Contains(except, m.PID) {
			continue
		}
		switch err := w.send(m, sig); {
		case err == nil:
			n++
		case !isGone(err):
			no.add(m, err)
		}
	}
	return n, errors.Join(err, no.err())
}

// send signals m, and nobody who was given its pid since. pidfd_open(2) pins
// the process; the start time read after that tells whether it is still m.
//
// Where pidfds are not to be had (before Linux 5.3, a seccomp filter that does
// not know them, no free descriptor) it is kill(2) right after the start time
// was read: a pid could only be mistaken if all others were used in between.
func (w *Walker) send(m Member, sig unix.Signal) error {
	fd := -1
	if !w.plainKill {
		var err error
		fd, err = unix.PidfdOpen(m.PID, 0)
		switch err {
		case nil:
			defer unix.Close(fd)
		case unix.ESRCH:
			return err
		case unix.ENOSYS, unix.EPERM:
			// pidfd_open(2) knows no EPERM: it is a filter's word.
			w.plainKill = true
		}
	}
	if s, err := w.proc.stat(m.PID); err != nil {
		return err
	} else if s.start != m.Start {
		return unix.ESRCH
	}
	if fd < 0 {
		return unix.Kill(m.PID, sig)
	}
	err := unix.PidfdSendSignal(fd, sig, nil, 0)
	if err == unix.ENOSYS || err == unix.EPERM {
		// EPERM is the process's word or a filter's: kill(2) tells which.
		if err = unix.Kill(m.PID, sig); err == nil {
			w.plainKill = true
		}
	}
	return err
}

// refusals collects the members that could not be signalled.
type refusals struct {
	errs []error
	more int
}

// maxRefusals bounds the length of an error, not what is done.
const maxRefusals = 8

func (r *refusals) add(m Member, err error) {
	if len(r.errs) == maxRefusals {
		r.more++
		return
	}
	r.errs = append(r.errs, fmt.Errorf("signal pid %d (%q): %w", m.PID, m.Comm, err))
}

// err returns nil if nothing was refused. errors.Is finds EPERM in it.
func (r *refusals) err() error {
	if r.more > 0 {
		return errors.Join(append(r.errs, fmt.Errorf("signal %d more members: not permitted", r.more))...)
	}
	return errors.Join(r.errs...)
}
