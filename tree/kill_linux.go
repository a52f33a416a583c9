package tree

import (
	"errors"

	"golang.org/x/sys/unix"
)

const (
	// maxPasses bounds each half of Kill. A fork bomb of a hundred processes
	// needs three to six.
	maxPasses = 50
	// maxTorn bounds the passes made only because something vanished during
	// the scan: on a busy machine it is usually nothing of ours.
	maxTorn = 4
)

// Kill kills the whole tree of a generation, or of [All], even one that forks while it is being killed, and
// returns how many members the last scan still found alive: those that are
// dying, in state D or not ours to kill. The caller reaps and calls again until
// it is 0, which it is only if a whole scan found nobody.
//
// First everything is stopped, then killed. A stopped fork bomb keeps its
// places under RLIMIT_NPROC; killed one by one it would refill them. SIGSTOP
// lets a fork under way come to its end (Linux 4.19 and later), so members must
// be seen stopped; SIGKILL makes it fail, so what is killed has no more children.
//
// A member that may not be signalled is named in err and does not stop the rest.
// Who waits with WUNTRACED sees the stopping.
func (w *Walker) Kill(gen int) (left int, err error) {
	h := newHunt(w, gen)
	h.run(unix.SIGSTOP)
	if h.alive > 0 {
		clear(h.sent)
		h.run(unix.SIGKILL)
	}
	if h.scanErr != nil {
		h.alive = max(h.alive, 1)
	}
	return h.alive, errors.Join(h.scanErr, h.no.err())
}

// hunt is one call of Kill. Its maps are keyed by identity.
type hunt struct {
	w       *Walker
	gen     int
	sent    map[Member]bool // got the signal of this run
	refused map[Member]bool
	dead    map[Member]bool
	no      refusals
	alive   int   // members found alive by the last pass
	scanErr error // of the last pass
}

func newHunt(w *Walker, gen int) *hunt {
	return &hunt{w: w, gen: gen, sent: map[Member]bool{}, refused: map[Member]bool{}, dead: map[Member]bool{}}
}

// identity is what of m stays the same while it lives.
func (m Member) identity() Member { return Member{PID: m.PID, Start: m.Start} }

// run makes passes until one finds nothing left to do and nothing vanished.
func (h *hunt) run(sig unix.Signal) {
	torn := 0
	for range maxPasses {
		if h.pass(sig) > 0 {
			continue
		}
		if torn++; !h.w.torn || torn > maxTorn {
			return
		}
	}
}

// pass scans once, sends sig to who needs it and returns how many did. What was
// born behind its back the next pass finds: so a pass that met someone dead
// whom nobody had seen before has to be followed by another, for a process that
// forks and dies all the time is met dead more often than alive.
func (h *hunt) pass(sig unix.Signal) (restless int) {
	h.scanErr = h.w.scan(h.gen)
	h.alive = 0
	for _, m := range h.w.found {
		id := m.identity()
		if !m.Alive() {
			if !h.sent[id] && !h.dead[id] {
				h.dead[id] = true
				restless++
			}
			continue
		}
		h.alive++
		if h.refused[id] || settled(m, sig, h.sent[id]) {
			continue
		}
		restless++
		switch err := h.w.send(m, sig); {
		case err == nil:
			h.sent[id] = true
		case !isGone(err):
			h.refused[id] = true
			h.no.add(m, err)
		}
	}
	return restless
}

// settled reports whether sig has nothing more to do with m. A member that
// merely has SIGSTOP pending may still be let go by a SIGCONT of another one,
// so it counts when it is seen stopped; in state D, or when only its first
// thread has left, it cannot be seen, and that it was sent must do.
func settled(m Member, sig unix.Signal, sent bool) bool {
	if sig == unix.SIGKILL {
		return sent
	}
	switch m.State {
	case 'T', 't':
		return true
	case 'D', 'Z':
		return sent
	}
	return false
}
