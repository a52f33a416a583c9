package stdio

import "relance/requests"

// session is what JSON-RPC has beside requests of the other side.
type session struct {
	// hello is the initialize that was answered, thanks what the other side said
	// then. Both are said again to each new generation.
	hello  *greeting
	thanks []byte
	// asked is what the generation has asked of the other side, by name; stale what
	// those before it have asked, and nobody has answered.
	asked, stale          map[string]int
	saidDropped, saidGone bool
}

type greeting struct {
	text []byte
	key  string
}

const (
	// askedMost is how much a command may ask at once.
	askedMost = 1 << 14
	// longestAsked is how long the id of such a request may be, in bytes.
	longestAsked = 1 << 10
)

// asks remembers what the command asks of the other side.
func (r *relay) asks(ids []ident) bool {
	for _, id := range ids {
		if len(r.asked) >= askedMost || len(id.key) > longestAsked {
			return false
		}
		r.asked[id.key]++
	}
	return true
}

// expects reports whether one of these answers is to something that this
// generation asked, and takes what is answered off. Ids begin anew with each
// generation, so the first answers to a name are for the one that has gone.
func (r *relay) expects(ids []ident) (expected bool) {
	for _, id := range ids {
		switch {
		case r.stale[id.key] > 0:
			takeOff(r.stale, id.key)
		case r.asked[id.key] > 0:
			takeOff(r.asked, id.key)
			expected = true
		}
	}
	return expected
}

func takeOff(names map[string]int, key string) {
	if names[key]--; names[key] <= 0 {
		delete(names, key)
	}
}

// greeted is called when a request was answered: if it is the initialize it is
// remembered, unless it was refused.
func (r *relay) greeted(q *request, key string, failed bool) {
	if r.set.Init && q.opens && !q.batch && !failed {
		r.hello = &greeting{q.text, key}
		r.thanks = nil
	}
}

// welcomed: the new generation has answered the initialize that was said again,
// which the other side does not see.
func (r *relay) welcomed(failed bool) {
	r.awaiting, r.stuck = false, false
	if failed {
		r.breaks("answers the initialize that was said again with an error")
		return
	}
	r.toChild.add(r.thanks)
}

// breaks: from here on nothing that the command writes can be trusted.
func (r *relay) breaks(text string) {
	r.broken, r.closing = true, true
	r.back.clear()
	r.tell(requests.News{Kind: requests.Broken, Text: text})
}
