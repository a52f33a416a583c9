package stdio

import "slices"

const (
	// chunk is what is read at once: what a pipe holds, unless somebody changed it
	// (pipe(7)).
	chunk = 64 << 10
	// leastRead is the least room that a read is worth.
	leastRead = 4 << 10
	// keepMost is the largest buffer that is kept for when there is nothing in it.
	keepMost = 1 << 20
)

// inbox holds what was read and not yet taken, and cuts it into frames.
type inbox struct {
	cutter
	b    []byte
	from int
	// lends: who takes a frame may keep it, so its bytes are not used again.
	lends bool
	// atEnd: nothing more will be read.
	atEnd bool
	// short: it was looked at, and no frame was whole.
	short bool
}

// room is where the next bytes are to be read to; read tells how many they were.
func (in *inbox) room() []byte {
	if in.from == len(in.b) && !in.lends {
		in.b, in.from = in.b[:0], 0
	}
	if cap(in.b)-len(in.b) < leastRead {
		// What is left of a frame goes to a new place; twice as large each time, so
		// that each byte is moved but a few times.
		rest := in.b[in.from:]
		in.b, in.from = append(make([]byte, 0, max(chunk, 2*len(rest))), rest...), 0
	}
	return in.b[len(in.b):min(cap(in.b), len(in.b)+chunk)]
}

func (in *inbox) read(n int) {
	in.b = in.b[:len(in.b)+n]
	in.short = false
}

func (in *inbox) len() int { return len(in.b) - in.from }

// clear forgets what is there and begins a new stream.
func (in *inbox) clear() {
	in.b, in.from, in.atEnd, in.short = nil, 0, false, false
	in.next()
}

// frame returns the next frame and what is in it; nil: it is not all there. At
// the end of the stream what is left is the last frame, whole or not.
func (in *inbox) frame() (frame, content []byte, err error) {
	text := in.b[in.from:]
	n, err := in.cut(text)
	if n == 0 && err == nil && in.atEnd {
		n = len(text)
	}
	if n == 0 {
		in.short = err == nil
		return nil, nil, err
	}
	return text[:n:n], in.content(text[:n:n]), nil
}

// take takes the frame that was returned last.
func (in *inbox) take(frame []byte) {
	in.from += len(frame)
	in.next()
	if in.from == len(in.b) && cap(in.b) > keepMost {
		in.b, in.from = nil, 0
	}
}

// outbox holds what is to be written.
type outbox struct {
	b    []byte
	from int
	// added is how many bytes ever were.
	added int64
}

func (o *outbox) len() int { return len(o.b) - o.from }

func (o *outbox) bytes() []byte { return o.b[o.from:] }

func (o *outbox) add(text []byte) {
	if o.from > chunk && o.from > len(o.b)/2 {
		o.b, o.from = append(o.b[:0], o.b[o.from:]...), 0
	}
	o.b = append(o.b, text...)
	o.added += int64(len(text))
}

// wrote drops what has been written.
func (o *outbox) wrote(n int) {
	o.from += n
	if o.from == len(o.b) {
		o.b, o.from = o.b[:0], 0
		if cap(o.b) > keepMost {
			o.b = nil
		}
	}
}

// waiting is a frame that no generation has taken yet.
type waiting struct {
	text []byte
	message
	// requests is how many are in it.
	requests int
	// tried: a generation has died over it.
	tried bool
}

// queue holds frames that wait.
type queue struct {
	all   []waiting
	bytes int
}

func (q *queue) push(w waiting) {
	q.all = append(q.all, w)
	q.bytes += len(w.text)
}

func (q *queue) pop() waiting {
	w := q.all[0]
	q.all[0] = waiting{}
	q.all = q.all[1:]
	q.bytes -= len(w.text)
	return w
}

// first puts frames before all others.
func (q *queue) first(frames []waiting) {
	for _, w := range frames {
		q.bytes += len(w.text)
	}
	q.all = slices.Concat(frames, q.all)
}
