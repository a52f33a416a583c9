package supervise

import (
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"relance/requests"
	"relance/restart"
)

// hear takes what has been said by now, for what comes by another channel may follow from it: who
// says that it is ready, waits until that was heard, and serves or ends then, is up before that;
// and who has said so is not late.
func (l *loop) hear(from Sources) {
	for range len(from.Requests) {
		l.requests(<-from.Requests)
	}
}

// requests is translate for what the child says, and for what we carry for it.
func (l *loop) requests(n requests.News) {
	switch n.Kind {
	case requests.InputEnded:
		l.add(restart.InputEnded{})
		return
	case requests.Large:
		l.stirred(time.Now())
		return
	}
	life := l.life(n.Gen)
	if life == nil {
		return // of a generation that is no more
	}
	switch n.Kind {
	case requests.Ready:
		l.add(restart.Ready{Gen: n.Gen})
	case requests.Stuck:
		served, inFlight := l.world.Requests(n.Gen)
		l.add(restart.Served{Gen: n.Gen, Served: served, InFlight: inFlight, Stuck: true})
	case requests.Extend:
		l.Above.Extend(n.By)
		l.add(restart.Extend{Gen: n.Gen, By: n.By})
	case requests.Status:
		l.tellStatus(life, n)
	case requests.Ended:
		l.settled(life, n)
	case requests.Broken:
		l.broken(life, n)
	case requests.Unheard:
		if life.pid != 0 {
			l.world.Signal(life.pid, restart.Sig(unix.SIGPIPE))
		}
		l.world.CloseInput(life.gen)
	}
}

// broken: what the command writes is no answer. Nobody knows any more which answer
// belongs to which request, so it is ended by force, which is a crash.
func (l *loop) broken(life *life, n requests.News) {
	l.Say("gen " + strconv.Itoa(n.Gen) + ": what the command says is not what it should be: " + n.Text)
	if life.pid != 0 {
		l.world.KillTree(life.gen)
	}
}

// statusPause is the least time between two lines about the state of the child.
const statusPause = time.Second

// tellStatus passes on what the child says of its state: a line where it is new.
func (l *loop) tellStatus(life *life, n requests.News) {
	l.Above.Status(n.Text)
	if now := time.Now(); n.Text != life.status && now.Sub(life.statusAt) >= statusPause {
		life.status, life.statusAt = n.Text, now
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
func (l *loop) served(gen int) {
	served, inFlight := l.world.Requests(gen)
	l.add(restart.Served{Gen: gen, Served: served, InFlight: inFlight})
}

// stillServed tells the figures where something is in flight, before what may end the wait
// for it: some of it is done by then. That nothing is left is told by the counter.
func (l *loop) stillServed() {
	for _, life := range l.lives {
		if _, inFlight := l.world.Requests(life.gen); inFlight > 0 {
			l.served(life.gen)
		}
	}
}

// settled tells the end of a tree that was kept back.
func (l *loop) settled(life *life, n requests.News) {
	ev := life.unsettled
	life.unsettled = nil
	switch ev := ev.(type) {
	case restart.Exited:
		ev.Lost, ev.Owed = n.Lost, n.Owed
		l.tell(life, ev)
	case restart.Emptied:
		ev.Lost, ev.Owed = n.Lost, n.Owed
		l.tell(life, ev)
	}
}

// settleAll tells the ends that are kept back. Somebody asks for the end, and who
// reads our answers may have stalled.
func (l *loop) settleAll() {
	for _, life := range l.lives {
		if life.unsettled != nil {
			defer l.settled(life, requests.News{})
		}
	}
}
