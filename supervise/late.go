package supervise

import (
	"time"

	"golang.org/x/sys/unix"

	"relance/restart"
)

// late is how long we wait for a signal that may have come before another one.
// It is the time for which a busy machine may keep a thread from running.
const late = 50 * time.Millisecond

// hold keeps the end of a child back for a moment if the terminal may be behind
// it and has not been heard yet, and reports whether it does. The kernel tells us
// of Ctrl-C before it tells us of the end, but it may give the two to two
// threads, and then the second is as often first.
func (l *loop) hold(ended restart.Exited) bool {
	if !l.Terminal || l.interrupted == l.gen || l.core.State() != restart.Running || !l.matters(ended) {
		return false
	}
	l.held, l.heldUntil = &ended, time.Now().Add(late)
	return true
}

// release tells what was held.
func (l *loop) release() {
	if l.held != nil {
		l.add(*l.held)
		l.held = nil
	}
}

// matters reports whether it is another end if the terminal was behind it.
func (l *loop) matters(ended restart.Exited) bool {
	switch unix.Signal(ended.Signal) {
	case unix.SIGINT, unix.SIGQUIT, unix.SIGHUP:
		return true
	}
	return l.Policy.Restart == restart.OnFailure || l.Policy.Restart == restart.Always
}
