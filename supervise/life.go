package supervise

import (
	"time"

	"relance/restart"
)

// life is what the loop knows of one generation.
type life struct {
	gen int
	// pid is of the child; zero when it was reaped.
	pid int
	// leftover is set between the end of the child and that of its tree.
	leftover bool
	// interrupted says that the terminal has sent a signal to it.
	interrupted bool
	// unsettled is the end of the tree, told when it is settled what becomes of the
	// requests that it has not answered.
	unsettled restart.Event
	// held is the end of the child that is not told before heldUntil (late.go).
	held      *restart.Exited
	heldUntil time.Time
	// status is what the child has said last of itself, and statusAt when that was
	// told.
	status   string
	statusAt time.Time
}

// life returns generation gen, nil if it is no more.
func (l *loop) life(gen int) *life {
	for _, life := range l.lives {
		if life.gen == gen {
			return life
		}
	}
	return nil
}

// lifeOf returns the generation whose child is pid, nil if there is none.
func (l *loop) lifeOf(pid int) *life {
	for _, life := range l.lives {
		if life.pid == pid && pid != 0 {
			return life
		}
	}
	return nil
}

// settling reports whether an end waits for what becomes of requests.
func (l *loop) settling() bool {
	for _, life := range l.lives {
		if life.unsettled != nil {
			return true
		}
	}
	return false
}

// tell tells the core of the end of a child or of a tree. After that of the tree
// there is nothing more to know of it.
func (l *loop) tell(life *life, ev restart.Event) {
	l.add(ev)
	if life.leftover {
		return
	}
	for i, each := range l.lives {
		if each == life {
			l.lives = append(l.lives[:i:i], l.lives[i+1:]...)
			return
		}
	}
}
