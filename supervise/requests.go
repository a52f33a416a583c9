package supervise

import (
	"strconv"
	"time"

	"relance/requests"
	"relance/restart"
)

// requests is translate for what the child says, and for what we carry for it.
func (l *loop) requests(n requests.News) {
	if n.Kind == requests.InputEnded {
		l.add(restart.InputEnded{})
		return
	}
	if n.Gen != l.gen {
		return // of a generation that is no more
	}
	switch n.Kind {
	case requests.Counted:
		l.served()
	case requests.Ready:
		l.Above.Ready()
		l.add(restart.Ready{Gen: n.Gen})
	case requests.Extend:
		l.Above.Extend(micros(n.Micros))
		l.add(restart.Extend{Gen: n.Gen, By: micros(n.Micros)})
	case requests.Status:
		l.tellStatus(n)
	case requests.Ended:
		l.settled(n)
	case requests.Broken:
		l.broken(n)
	}
}

// broken: what the command writes is no answer. Nobody knows any more which answer
// belongs to which request, so it is ended by force, which is a crash.
func (l *loop) broken(n requests.News) {
	l.Say("gen " + strconv.Itoa(n.Gen) + ": what the command says is not what it should be: " + n.Text)
	if l.pid != 0 {
		l.world.KillTree()
	}
}

// statusPause is the least time between two lines about the state of the child.
const statusPause = time.Second

// tellStatus passes on what the child says of its state: a line where it is new.
func (l *loop) tellStatus(n requests.News) {
	l.Above.Status(n.Text)
	if now := time.Now(); n.Text != l.status && now.Sub(l.statusAt) >= statusPause {
		l.status, l.statusAt = n.Text, now
		l.Say("gen " + strconv.Itoa(n.Gen) + ": status: " + n.Text)
	}
}

// beating gives whoever is above us its sign of life when that is due, and returns
// when to be awake at the latest.
func (l *loop) beating(deadline time.Time) time.Time {
	if l.Beat == 0 {
		return deadline
	}
	if now := time.Now(); !now.Before(l.beat) {
		l.Above.Alive()
		l.beat = now.Add(l.Beat)
	}
	if deadline.IsZero() || l.beat.Before(deadline) {
		return l.beat
	}
	return deadline
}

// served tells the figures.
func (l *loop) served() {
	served, inFlight := l.world.Requests()
	l.add(restart.Served{Gen: l.gen, Served: served, InFlight: inFlight})
}

// settled tells the end of a tree that was kept back.
func (l *loop) settled(n requests.News) {
	switch ev := l.unsettled.(type) {
	case restart.Exited:
		ev.Lost, ev.Owed = n.Lost, n.Owed
		l.add(ev)
	case restart.Emptied:
		ev.Lost, ev.Owed = n.Lost, n.Owed
		l.add(ev)
	}
	l.unsettled = nil
}

// mostExtended is the longest time that a child can ask for at once.
const mostExtended = 365 * 24 * time.Hour

// micros is a time in microseconds, within bounds.
func micros(n uint64) time.Duration {
	return time.Duration(min(n, uint64(mostExtended/time.Microsecond))) * time.Microsecond
}
