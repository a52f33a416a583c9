package control

import (
	"sync/atomic"

	"relance/report"
)

// kept is how many events are kept for those who ask later.
const kept = 128

// maxFollowers bounds how many read the events as they come.
const maxFollowers = 8

// Ring keeps the last events, and is the queue of all who follow them: each reads at
// its own pace, and who is too slow finds that some were overwritten. It is an outlet
// of the stream of events (report.Outlet).
type Ring struct {
	events [kept]atomic.Pointer[entry]
	newest atomic.Uint64
	// followers are woken when an event came, each by a channel that has room for one.
	followers [maxFollowers]atomic.Pointer[follower]
	ended     atomic.Bool
}

// entry is one event, as JSON.
type entry struct {
	seq  uint64
	line string
}

// Tell keeps e, whose number the stream has given it, and wakes those who follow.
func (r *Ring) Tell(e report.Event) {
	r.events[e.Seq%kept].Store(&entry{e.Seq, e.JSON()})
	for newest := r.newest.Load(); newest < e.Seq && !r.newest.CompareAndSwap(newest, e.Seq); {
		newest = r.newest.Load()
	}
	r.wake()
}

// end says that no event follows.
func (r *Ring) end() {
	r.ended.Store(true)
	r.wake()
}

func (r *Ring) wake() {
	for i := range r.followers {
		if f := r.followers[i].Load(); f != nil {
			f.wake()
		}
	}
}

// follower reads the events as they come.
type follower struct {
	news chan struct{}
	// gone says that nobody reads any more what it reads.
	gone atomic.Bool
}

// follow adds a follower; nil: there are too many.
func (r *Ring) follow() *follower {
	f := &follower{news: make(chan struct{}, 1)}
	for i := range r.followers {
		if r.followers[i].CompareAndSwap(nil, f) {
			return f
		}
	}
	return nil
}

// leave takes it away again.
func (r *Ring) leave(f *follower) {
	for i := range r.followers {
		r.followers[i].CompareAndSwap(f, nil)
	}
}

// leaves is called when nobody reads any more what f reads.
func (f *follower) leaves() {
	f.gone.Store(true)
	f.wake()
}

func (f *follower) wake() {
	select {
	case f.news <- struct{}{}:
	default: // it has not looked since the last time
	}
}

// oldest is the number before that of the oldest event that is kept.
func (r *Ring) oldest() uint64 {
	if newest := r.newest.Load(); newest > kept {
		return newest - kept
	}
	return 0
}

// since calls each with the lines of the events after number seen, oldest first, and with
// how many before it are not kept any more; it returns the number of the last. It ends
// early at one that is not there yet, whose number was just given out, and where each
// returns false.
func (r *Ring) since(seen uint64, each func(lost uint64, line string) bool) (last uint64) {
	newest, oldest, lost := r.newest.Load(), r.oldest(), uint64(0)
	if seen < oldest {
		lost, seen = oldest-seen, oldest
	}
	for ; seen < newest; seen++ {
		e := r.events[(seen+1)%kept].Load()
		switch {
		case e == nil || e.seq < seen+1:
			return seen - lost
		case e.seq > seen+1:
			lost++ // overwritten while we read
		case !each(lost, e.line):
			return seen
		default:
			lost = 0
		}
	}
	return seen - lost
}
