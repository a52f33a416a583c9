package stdio

import (
	"fmt"
)

// receive passes on what the command has written, as far as it is whole.
func (r *relay) receive() {
	var n int64
	for !r.broken {
		text, content, err := r.back.frame()
		if err != nil {
			r.breaks(fmt.Sprintf("writes %v", err))
			break
		}
		if text == nil {
			break
		}
		if r.set.Mode.JSON() {
			n += r.speaks(text, content)
		} else if c := r.answeredBy(content); c != nil {
			n++
			r.flying.answer(c)
			r.toOuter.add(text)
		} else {
			r.breaks(fmt.Sprintf("writes an answer that nobody asked for: %.60q", content))
			break
		}
		r.back.take(text)
		r.handled(text)
	}
	if r.broken {
		r.back.clear()
	}
	if n > 0 {
		r.answered += n
		r.marks = append(r.marks, mark{r.toOuter.added, r.gen, n})
	}
}

// answeredBy returns the request that a line answers, nil: there is none.
func (r *relay) answeredBy(line []byte) *call {
	if r.set.Mode == Lines || r.unnumbered {
		return r.flying.oldest()
	}
	channel := channelOf(append(line[:len(line):len(line)], ' ')) // it may be all there is
	if c := r.flying.named[string(channel)]; c != nil {
		r.echoes = true
		return c
	}
	if r.echoes || channel != nil {
		return nil
	}
	// No answer had a channel yet, so what the requests began with was none.
	c := r.flying.oldest()
	r.unnumbered = c != nil
	return c
}

// speaks passes on a frame of JSON-RPC, and returns how many requests it answers.
// What answers nothing that is in flight is passed on too: the other side may know
// what to do with it, as with an answer to what it took back.
func (r *relay) speaks(text, content []byte) (n int64) {
	m := parse(content)
	if r.awaiting && !m.batch && len(m.answers) == 1 && m.answers[0].key == r.hello.key {
		r.welcomed(m.failed)
		return 0
	}
	for _, id := range m.answers {
		if c := r.flying.named[id.key]; c != nil {
			n++
			r.greeted(c.of, id.key, m.failed)
			r.flying.answer(c)
		}
	}
	for _, id := range m.cancelled {
		if r.asked[id.key] > 0 {
			takeOff(r.asked, id.key)
		}
	}
	if !r.asks(m.calls) {
		r.breaks(fmt.Sprintf("asks more than can be kept: %.60q", content))
		return n
	}
	r.toOuter.add(text)
	return n
}
