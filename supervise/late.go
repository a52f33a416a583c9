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
func (l *loop) hold(life *life, ended restart.Exited) bool {
	if !l.Terminal || life.interrupted || !l.core.Up(life.gen) || !l.matters(ended) {
		return false
	}
	life.held, life.heldUntil = &ended, time.Now().Add(late)
	return true
}

// release tells what was held until now at the latest, and reports whether there
// was anything.
func (l *loop) release(now time.Time) bool {
	told := false
	for _, life := range l.lives {
		if life.held != nil && !now.Before(life.heldUntil) {
			defer l.unhold(life) // which may take it from the list
			told = true
		}
	}
	return told
}

// unhold tells what was held of a generation.
func (l *loop) unhold(life *life) {
	if held := life.held; held != nil {
		life.held = nil
		l.tell(life, *held)
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
