package stdio

// call is a request in flight.
type call struct {
	ident
	of       *request
	answered bool
	// same is the next one that is called alike.
	same *call
}

// request is a frame that was handed over, with the requests in it that are to
// be answered; a line is one, without a name.
type request struct {
	text  []byte
	calls []call
	one   [1]call
	// open is how many of them are unanswered.
	open int
	// start is where the frame begins in all that the generation was given.
	start int64
	tried bool
	batch bool
	// opens: it is an initialize.
	opens      bool
	prev, next *request
}

// table knows what is in flight, in the order in which it was handed over and by
// name.
type table struct {
	// ends.next is the oldest, ends.prev the youngest.
	ends  request
	named map[string]*call
	// bytes is what is kept.
	bytes int
	// spare are some to use again, one behind the other.
	spare *request
}

// overhead is about what a request costs beside its bytes.
const overhead = 256

func newTable() *table {
	t := &table{}
	t.clear()
	return t
}

// add adds the requests of a frame; no names: one that has none.
func (t *table) add(text []byte, names []ident) *request {
	r := t.spare
	if r == nil {
		r = &request{}
	} else {
		t.spare = r.next
	}
	*r = request{text: text, open: max(1, len(names)), prev: t.ends.prev, next: &t.ends}
	r.prev.next, r.next.prev = r, r
	r.calls = r.one[:]
	if len(names) > 1 {
		r.calls = make([]call, len(names))
	}
	r.one[0].of = r
	for i, name := range names {
		c := &r.calls[i]
		c.ident, c.of = name, r
		if last := t.named[name.key]; last == nil {
			t.named[name.key] = c
		} else {
			// An id that is in use: the first of them is answered first.
			for last.same != nil {
				last = last.same
			}
			last.same = c
		}
	}
	t.bytes += len(text) + overhead*r.open
	return r
}

// oldest is the one that was handed over first, nil: there is none.
func (t *table) oldest() *call {
	r := t.ends.next
	if r == &t.ends {
		return nil
	}
	for i := range r.calls {
		if !r.calls[i].answered {
			return &r.calls[i]
		}
	}
	return nil
}

// answer takes out a request that is answered.
func (t *table) answer(c *call) {
	r := c.of
	c.answered = true
	if c.key != "" {
		t.forget(c)
	}
	t.bytes -= overhead
	if r.open--; r.open == 0 {
		t.remove(r)
	}
}

// forget takes out the name of a request.
func (t *table) forget(c *call) {
	switch first := t.named[c.key]; {
	case first != c:
		for first.same != c {
			first = first.same
		}
		first.same = c.same
	case c.same == nil:
		delete(t.named, c.key)
	default:
		t.named[c.key] = c.same
	}
}

func (t *table) remove(r *request) {
	r.prev.next, r.next.prev = r.next, r.prev
	t.bytes -= len(r.text)
	*r = request{next: t.spare} // also its names, which are pieces of its text
	t.spare = r
}

// clear forgets all.
func (t *table) clear() {
	*t = table{named: map[string]*call{}}
	t.ends.next, t.ends.prev = &t.ends, &t.ends
}
