package supervise

import (
	"time"

	"golang.org/x/sys/unix"

	"relance/restart"
	"relance/signals"
)

// late is how long we wait for a signal that may have come before another one.
// It is the time for which a busy machine may keep a thread from running.
const late = 50 * time.Millisecond

// listen waits a moment for the signal of the terminal that may be why the child
// has ended. The kernel tells us of Ctrl-C before it tells us of the end, but it
// may give the two to two threads, and then the second is as often first. So
// where it makes a difference, an end that nothing explains waits a little for
// its explanation.
func (l *loop) listen(ended *restart.Exited) {
	if !l.Terminal || l.interrupted == l.gen || l.core.State() != restart.Running || !l.matters(ended) {
		return
	}
	timer := time.NewTimer(late)
	defer timer.Stop()
	for l.interrupted != l.gen {
		select {
		case s := <-l.in:
			if l.Situation.Meaning(s) != signals.Reap { // we are at that
				l.translate(s)
			}
		case <-timer.C:
			return
		}
	}
}

// matters reports whether it is another end if the terminal was behind it.
func (l *loop) matters(ended *restart.Exited) bool {
	switch unix.Signal(ended.Signal) {
	case unix.SIGINT, unix.SIGQUIT, unix.SIGHUP:
		return true
	}
	return l.Policy.Restart == restart.OnFailure || l.Policy.Restart == restart.Always
}
