package stdio

import (
	"relance/requests"
)

// relay decides what becomes of each frame. It makes no system call: bytes are
// put into its inboxes and taken from its outboxes.
type relay struct {
	set   Settings
	count *requests.Counter
	say   func(string)
	// news is what the owner is to be told.
	news []requests.News

	// in is what comes from the other side, held what was taken from there and
	// waits, or has come back from a generation that died.
	in   inbox
	held queue
	// over: nothing more is taken from the other side, whatever it writes. gone: nor
	// does it read any more.
	over, gone bool
	// back is what comes from the command.
	back             inbox
	toChild, toOuter outbox
	// marks are where answers end in toOuter.
	marks []mark
	// flying is what the generation has been handed and has not answered.
	flying *table

	generation
	// limit is how many requests a generation is handed, zero: any number.
	limit int
	session
	// large: a message has come that took more than what is kept.
	large bool
	// echoes: an answer of Squid began with the channel of its request. unnumbered:
	// there are no channels.
	echoes, unnumbered bool
}

// generation is what begins anew with each one.
type generation struct {
	gen int
	// up: it is there, and has not been settled.
	up bool
	// draining: it is handed nothing more. closing: its stdin is to be closed when
	// what is on its way has been written. mute: its stdout is at its end. broken:
	// what it writes is not looked at any more.
	draining, closing, mute, broken bool
	// told: the owner knows that it has got all there is.
	told bool
	// handed is how many requests it was handed, entered how many of them are counted.
	handed, entered int
	// awaiting: it was said the initialize again, and has not answered it.
	awaiting bool
	holdup
}

// mark is where in all that is written to the other side some answers end.
type mark struct {
	end      int64
	gen      int
	requests int64
}

func newRelay(set Settings, count *requests.Counter, say func(string)) *relay {
	r := &relay{set: set, count: count, say: say, flying: newTable()}
	r.in.cutter, r.back.cutter = newCutter(&set), newCutter(&set)
	r.in.lends = set.Mode == Lines
	r.asked, r.stale = map[string]int{}, map[string]int{}
	return r
}

// start begins a generation.
func (r *relay) start(gen int) {
	r.generation = generation{gen: gen, up: true}
	if r.gone {
		r.unheard()
	}
	r.toChild = outbox{}
	r.back.clear()
	if r.hello != nil {
		r.toChild.add(r.hello.text)
		r.awaiting = true
	}
}

// wantsInput reports whether more is to be read from the other side. A frame that
// has begun may be read to its end, which is bounded by the cutter.
func (r *relay) wantsInput() bool {
	if r.over || r.in.atEnd {
		return false
	}
	return r.in.short || r.in.len()+r.held.bytes < r.set.QueueMax
}

// wantsAnswers reports whether more is to be read from the command.
func (r *relay) wantsAnswers() bool { return r.up && !r.mute && r.toOuter.len() < chunk }

// muted: the stdout of the command is at its end. Whatever it is handed from here
// on it could not answer; and should it live on, the end of its stdin is all that
// is left to tell it.
func (r *relay) muted() {
	r.mute, r.closing = true, true
}

// unheard: nobody reads any more what we write. A bare command would have died of
// SIGPIPE at the write that we have taken from it. So it is sent that by the owner, who
// closes its stdin then: the end of that first, and it would leave as if all were well.
func (r *relay) unheard() {
	r.gone = true
	r.finish()
	if r.up {
		r.mute = true
		r.tell(requests.News{Kind: requests.Unheard})
	}
}

// alive reports whether anything can be written to the generation.
func (r *relay) alive() bool { return r.up && !r.closing && !r.broken && !r.mute }

// mayHand reports whether a frame may be handed over now. One with more requests than
// are left below the limit may too: the limit would never be reached without it.
func (r *relay) mayHand() bool {
	return r.alive() && !r.draining && !r.awaiting && r.hasRoom() &&
		r.flying.bytes < max(r.set.QueueMax, r.set.MaxMessage) &&
		(r.limit == 0 || r.handed < r.limit)
}

// handled notes a frame that was taken in.
func (r *relay) handled(frame []byte) { r.large = r.large || len(frame) > keepMost }

// rest tells the owner when a large message is done with, and nothing is kept of any.
func (r *relay) rest() {
	if r.large && r.in.len()+r.back.len()+r.toChild.len()+r.toOuter.len()+r.flying.bytes+len(r.held.all) == 0 {
		r.large = false
		r.tell(requests.News{Kind: requests.Large})
	}
}

// hasRoom reports whether both ways are open.
func (r *relay) hasRoom() bool { return r.toChild.len() < chunk && r.toOuter.len() < chunk }

// tell remembers news for the owner.
func (r *relay) tell(n requests.News) {
	n.Gen = r.gen
	r.news = append(r.news, n)
}

// wrote counts what has been written to the other side: the answers in it are
// given.
func (r *relay) wrote(n int) {
	r.toOuter.wrote(n)
	at := r.toOuter.added - int64(r.toOuter.len())
	for len(r.marks) > 0 && r.marks[0].end <= at {
		m := r.marks[0]
		if r.marks = r.marks[1:]; len(r.marks) == 0 {
			r.marks = nil
		}
		r.count.End(m.gen, m.requests)
	}
}

// enter counts what has been handed over since it did so last.
func (r *relay) enter() {
	if n := r.handed - r.entered; n > 0 {
		r.entered = r.handed
		r.count.Enter(r.gen, int64(n))
	}
}
