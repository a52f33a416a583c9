package stdio

import (
	"bytes"
	"fmt"

	"relance/requests"
)

// settle ends a generation of which no process is left. unread is what is left in
// the pipe that is its stdin: a request that begins there was never seen by it, and
// is handed to the next one. What becomes of the others is for the settings.
func (r *relay) settle(unread int) {
	r.lastLine()
	seen := r.toChild.added - int64(r.toChild.len()) - int64(unread)
	var again []waiting
	ended := requests.News{Kind: requests.Ended}
	for q := r.flying.ends.next; q != &r.flying.ends; q = q.next {
		unseen := q.start >= seen
		// What is answered in part cannot be asked again, and need not where nobody would
		// read the answer.
		if !r.gone && q.open == len(q.calls) && (unseen || r.set.OnLost == Replay && !q.tried) {
			again = append(again, r.again(q, q.tried || !unseen))
			ended.Owed += q.open
			continue
		}
		ended.Lost += q.open
		if r.set.OnLost != Exit && !r.gone {
			r.refuse(q)
		}
	}
	r.flying.clear()
	r.held.first(again)
	r.back.clear()
	r.toChild = outbox{}
	r.up = false
	for key, n := range r.asked {
		if len(r.stale) < askedMost {
			r.stale[key] += n
		}
	}
	clear(r.asked)
	r.tell(ended)
}

// lastLine passes on an answer without a delimiter if the request had none either:
// a text whose last line is not ended, and a command that leaves it so.
func (r *relay) lastLine() {
	c := r.flying.oldest()
	if r.set.Mode != Lines || c == nil || r.back.len() == 0 || bytes.HasSuffix(c.of.text, []byte{r.set.Delimiter}) {
		return
	}
	r.flying.answer(c)
	r.toOuter.add(r.back.b[r.back.from:])
	r.marks = append(r.marks, mark{r.toOuter.added, r.gen, 1})
}

// again makes a request one that waits.
func (r *relay) again(q *request, tried bool) waiting {
	w := waiting{text: q.text, requests: q.open, tried: tried}
	w.batch = q.batch
	for _, c := range q.calls {
		if c.key != "" {
			w.calls = append(w.calls, c.ident)
		}
	}
	if q.opens {
		w.method = "initialize"
	}
	return w
}

// forsake answers with the error what waits, and that nobody will be handed any
// more: no generation follows. It does so for as much as is written at once, and
// reports whether it was any.
func (r *relay) forsake() (refused bool) {
	if r.up || r.gone || r.gen == 0 || r.set.OnLost == Exit {
		return false
	}
	for r.toOuter.len() < chunk {
		w, ok := r.next()
		if !ok {
			break
		}
		if w.requests == 0 {
			continue
		}
		q := request{batch: w.batch, calls: make([]call, w.requests)}
		for i, name := range w.calls {
			q.calls[i].ident = name
		}
		r.refuse(&q)
		refused = true
	}
	return refused
}

// next takes the first frame that waits.
func (r *relay) next() (w waiting, ok bool) {
	if len(r.held.all) > 0 {
		return r.held.pop(), true
	}
	if r.over {
		return w, false
	}
	text, content, err := r.in.frame()
	if text == nil || err != nil {
		return w, false
	}
	r.in.take(text)
	return r.read(text, content), true
}

// refuse answers what is unanswered of a frame with the error of the protocol.
func (r *relay) refuse(q *request) {
	var b bytes.Buffer
	switch r.set.Mode {
	case Lines:
		b.WriteString(r.set.LostReply)
	case Squid:
		if c := q.calls[0]; c.key != "" && !r.unnumbered {
			b.Write(c.spelling)
			b.WriteByte(' ')
		}
		b.WriteString(SquidError)
	default:
		refuseCalls(&b, q)
	}
	if r.set.Mode == ContentLength {
		r.toOuter.add(fmt.Appendf(nil, "Content-Length: %d\r\n\r\n", b.Len()))
	} else {
		b.WriteByte(r.back.delimiter)
	}
	r.toOuter.add(b.Bytes())
}

// refuseCalls writes the errors of JSON-RPC: to a batch an array of them.
func refuseCalls(b *bytes.Buffer, q *request) {
	between := ""
	if q.batch {
		between = "["
	}
	for _, c := range q.calls {
		if c.answered {
			continue
		}
		b.WriteString(between)
		fmt.Fprintf(b, `{"jsonrpc":"2.0","id":%s,"error":{"code":-32000,"message":"server restarted"}}`, c.spelling)
		if between = ""; q.batch {
			between = ","
		}
	}
	if q.batch {
		b.WriteByte(']')
	}
}
