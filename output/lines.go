package output

import "bytes"

// maxLine is how much of a line is looked at: a longer one is matched on its
// beginning, so that no child decides how much memory is used.
const maxLine = 8 << 10

// splitter finds the lines in bytes that come in any pieces, and counts those that
// match. A line ends with LF or CR LF, which are no part of it.
type splitter struct {
	matches func(line []byte) bool
	// most is how much of a line is looked at.
	most int
	// part is the beginning of a line whose end has not come, up to most bytes of
	// it; long says that there was more.
	part []byte
	long bool
}

// feed takes the next bytes and returns how many lines match that end in them.
func (l *splitter) feed(b []byte) (matching int64) {
	for {
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			l.keep(b)
			return matching
		}
		line := b[:end]
		if len(l.part) > 0 || end > l.most {
			l.keep(line)
			line = l.part
		}
		matching += l.match(line)
		b = b[end+1:]
	}
}

// end takes what has come of the last line for all of it, if anything has.
func (l *splitter) end() (matching int64) {
	if len(l.part) == 0 {
		return 0
	}
	return l.match(l.part)
}

// keep adds to the line whose end has not come.
func (l *splitter) keep(b []byte) {
	room := l.most - len(l.part)
	l.long = l.long || len(b) > room
	l.part = append(l.part, b[:min(len(b), room)]...)
}

// match matches a line that is over.
func (l *splitter) match(line []byte) int64 {
	if !l.long {
		line = bytes.TrimSuffix(line, []byte("\r"))
	}
	l.part, l.long = l.part[:0], false
	if l.matches(line) {
		return 1
	}
	return 0
}
