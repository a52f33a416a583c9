package requests

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

const (
	// maxConns bounds the connections of a generation.
	maxConns = 1024
	// atOnce bounds what is done for one socket before the others have their turn.
	atOnce = 64
)

// run is what belongs to Run alone.
type run struct {
	s      *Server
	at     *sockets // nil: none
	census census
	said   uint32 // what was said already, by its number

	// The connections, by slot; slots that are free; how many there may be. deaf says
	// that nobody is accepted until one of them is closed.
	conns []*conn
	free  []int32
	most  int
	deaf  bool
	// draining says that all of them were told, room how many names of requests there
	// may still be.
	draining bool
	room     int

	datagrams
}

// prepare is called once, when nobody runs.
func (r *run) prepare(s *Server) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read RLIMIT_NOFILE: %w", err)
	}
	// Who connects shall not take the descriptors that we need for other things.
	r.most = int(min(maxConns, limit.Cur/2))
	r.s = s
	r.census = census{root: os.Getpid(), known: map[who]struct{}{}}
	return nil
}

// Run counts what the generation says, and sends to out what the owner must know: of
// each kind at most one News for what has come between two looks. It is a source: it
// runs in a goroutine of its own, for as long as the program does.
func (s *Server) Run(out chan<- News) {
	r := &s.run
	defer r.leave()
	var events [64]unix.EpollEvent
	for {
		n, err := unix.EpollWait(s.epoll, events[:], -1)
		if err != nil && err != unix.EINTR {
			return // cannot be: the descriptor is ours
		}
		for _, e := range events[:max(n, 0)] {
			r.handle(e)
		}
		r.tell(out)
	}
}

func (r *run) handle(e unix.EpollEvent) {
	switch {
	case e.Fd == slotWake:
		empty(r.s.wake)
		r.follow()
	case r.at == nil || e.Pad != r.at.serial || r.at.ended.Load():
		// Of sockets that have been closed since.
	case e.Fd == slotNotify:
		r.receive(atOnce)
	case e.Fd == slotListen || e.Fd == slotPadded:
		r.accept(r.at.listen[slotListen-e.Fd])
	case r.conns[e.Fd] != nil:
		r.serve(r.conns[e.Fd])
	}
}

// follow does what the owner wants.
func (r *run) follow() {
	if now := r.s.now.Load(); now != r.at {
		r.leave()
		if now == nil || !now.owned.CompareAndSwap(false, true) {
			return // there are others by now, and another wake-up
		}
		r.enter(now)
	}
	switch {
	case r.at == nil || r.at.ended.Load():
	case r.at.end.Load():
		at := r.at
		r.finish()
		at.ended.Store(true)
		_, _ = unix.Write(r.s.done, one[:])
	case r.at.drain.Load() && !r.draining:
		r.draining = true
		for _, c := range r.conns {
			if c != nil {
				c.drain = true
				r.serve(c)
			}
		}
	}
}

// enter begins to listen on the sockets of a generation.
func (r *run) enter(at *sockets) {
	r.at, r.room, r.draining, r.deaf, r.said = at, maxFlight, false, false, 0
	for _, one := range []struct{ fd, slot int }{{at.notify, slotNotify}, {at.listen[0], slotListen}, {at.listen[1], slotPadded}} {
		if one.fd < 0 {
			continue // a path has no other form
		}
		if err := r.s.add(one.fd, one.slot, at.serial); err != nil {
			r.s.say(fmt.Sprintf("listen to what the command says of its requests: %v; nothing is counted", err))
		}
	}
}

// leave closes all that belongs to the generation, and forgets what it has said.
func (r *run) leave() {
	r.deafen()
	for _, c := range r.conns {
		if c != nil {
			r.close(c)
		}
	}
	r.conns, r.free, r.at = r.conns[:0], r.free[:0], nil
	r.census.forget()
	r.datagrams.forget()
}

// finish reads all that a generation has said before its end. Whoever sends still is
// none of it, so there is a bound.
func (r *run) finish() {
	for i := 0; i < atOnce && r.receive(atOnce) == atOnce; i++ {
		r.release()
	}
	r.deafen()
	for _, c := range r.conns {
		if c == nil {
			continue
		}
		c.mute = true
		for i := 0; i < 1024 && r.conns[c.slot] == c && r.serve(c); i++ {
		}
		if r.conns[c.slot] == c {
			r.close(c)
		}
	}
}

// deafen closes the sockets; connections stay.
func (r *run) deafen() {
	r.deaf = false
	if r.at != nil {
		r.at.close()
	}
}

// What is said once in a generation.
const (
	saidStranger = iota
	saidGone
	saidHidden
	_ // as many for the stream
	_
	_
	saidCrowd
	saidAccept
	saidStore
	saidMalformed
	saidMark
)

// once says a thing for the first time in a generation.
func (r *run) once(what int, format string, values ...any) {
	if r.said&(1<<what) != 0 {
		return
	}
	r.said |= 1 << what
	r.s.say(fmt.Sprintf(format, values...))
}

// welcome reports whether a sender belongs to the command, and says so where not.
// socket is 0 for NOTIFY_SOCKET, 1 for RELANCE_SOCKET.
func (r *run) welcome(pid int32, uid uint32, socket int) bool {
	name := [...]string{"NOTIFY_SOCKET", "RELANCE_SOCKET"}[socket]
	cure := [...]string{"it must wait until it was heard (BARRIER=1), as relance notify does", "it must not leave before it has read the first line"}[socket]
	const from = "%s: what process %d of user %d says is not counted: "
	switch r.census.of(pid, uid) {
	case member:
		return true
	case stranger:
		r.once(saidStranger+3*socket, from+"it does not belong to the command; only who was started by it is listened to", name, pid, uid)
	case gone, torn:
		r.once(saidGone+3*socket, from+"it was gone before one could see whose it is; %s", name, pid, uid, cure)
	default:
		r.once(saidHidden+3*socket, from+"it cannot be seen in /proc, so nobody knows whose it is", name, pid, uid)
	}
	return false
}
