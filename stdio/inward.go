package stdio

import (
	"bytes"
	"fmt"

	"relance/requests"
)

// forward hands over what may be handed over.
func (r *relay) forward() {
	r.handAll()
	r.enter()
	if r.gen > 0 && !r.told && (r.over || r.in.atEnd) && r.in.len() == 0 && len(r.held.all) == 0 {
		r.told, r.closing = true, !r.gone
		r.tell(requests.News{Kind: requests.InputEnded})
	}
}

func (r *relay) handAll() {
	for len(r.held.all) > 0 && r.mayHand() {
		w := r.held.pop()
		r.hand(&w)
	}
	for r.looksOn() {
		text, content, err := r.in.frame()
		if err != nil {
			r.spoiled(err)
			break
		}
		if text == nil {
			break
		}
		r.in.take(text)
		r.handled(text)
		w := r.read(text, content)
		switch {
		case r.passes(&w):
		case len(r.held.all) == 0 && r.mayHand():
			r.hand(&w)
		default:
			r.held.push(w)
		}
	}
}

// looksOn reports whether the next frame is to be looked at: when it may be handed
// over, or, of JSON-RPC, while there is room for it to wait. There an answer to the
// command must reach it past all the requests that wait, for it may need it to
// finish what it is doing.
func (r *relay) looksOn() bool {
	if r.set.Mode.JSON() {
		return r.alive() && r.hasRoom() && r.held.bytes < r.set.QueueMax
	}
	return r.mayHand()
}

// read looks at a frame of the other side. What it returns may be kept.
func (r *relay) read(text, content []byte) waiting {
	switch r.set.Mode {
	case Lines:
		return waiting{text: text, requests: 1}
	case Squid:
		w := waiting{text: bytes.Clone(text), requests: 1}
		if channel := channelOf(w.text); channel == nil {
			r.unnumbered = true
		} else {
			w.calls = []ident{{channel, string(channel)}}
		}
		return w
	}
	from := len(text) - len(content) // of lines the delimiter is behind
	if r.set.Mode == JSONRPC {
		from = 0
	}
	text = bytes.Clone(text)
	w := waiting{text: text, message: parse(text[from : from+len(content)])}
	w.requests = len(w.calls)
	return w
}

// channelOf returns the number that a line of Squid begins with, before a space;
// nil: there is none.
func channelOf(line []byte) []byte {
	n := 0
	for n < len(line) && n < 20 && line[n] >= '0' && line[n] <= '9' {
		n++
	}
	if n == 0 || n == len(line) || line[n] != ' ' {
		return nil
	}
	return line[:n]
}

// passes passes on what does not wait for its turn, and reports whether that was
// it: answers to what the command has asked, and word that a request in flight is
// not needed any more.
func (r *relay) passes(w *waiting) bool {
	if w.requests > 0 {
		return false
	}
	if len(w.answers) > 0 {
		if r.expects(w.answers) {
			r.toChild.add(w.text)
		} else {
			r.sayOnce(&r.saidDropped, "stdin: an answer to what a generation asked that has gone; dropped, and so are further ones")
		}
		return true
	}
	known := r.takeBack(w.cancelled)
	if known {
		r.toChild.add(w.text)
	}
	return known
}

// takeBack takes requests off that are in flight and that nobody will answer any
// more: in the count they are done. It reports whether there were any.
func (r *relay) takeBack(ids []ident) (known bool) {
	for _, id := range ids {
		if c := r.flying.named[id.key]; c != nil && !c.of.opens {
			known = true
			r.flying.answer(c)
			r.answered++
			r.enter()
			r.count.End(r.gen, 1)
		}
	}
	return known
}

// hand hands a frame over.
func (r *relay) hand(w *waiting) {
	start := r.toChild.added
	r.toChild.add(w.text)
	if w.requests > 0 {
		q := r.flying.add(w.text, w.calls)
		q.start, q.tried, q.batch = start, w.tried, w.batch
		q.opens = w.method == "initialize"
		r.handed += w.requests
		r.takeBack(w.cancelled)
		return
	}
	r.takeBack(w.cancelled) // it has waited, behind what it is about
	switch {
	case w.method == "notifications/initialized" || w.method == "initialized":
		r.thanks = w.text
	case w.method == "exit" && r.set.Mode == ContentLength:
		// The end of a session of the Language Server Protocol.
		r.finish()
	}
}

// finish takes nothing more from the other side.
func (r *relay) finish() {
	r.over = true
	r.in.clear()
	r.held = queue{}
}

// spoiled: what the other side writes cannot be told apart any more. That is the
// end of its requests.
func (r *relay) spoiled(err error) {
	r.say(fmt.Sprintf("stdin: %v; nothing more is read from it", err))
	r.over = true
	r.in.clear()
}

func (r *relay) sayOnce(said *bool, line string) {
	if !*said {
		*said = true
		r.say(line)
	}
}
