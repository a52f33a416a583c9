package requests

import (
	"bytes"
	"errors"
	"time"
	"unicode"
	"unicode/utf8"
)

// The bounds of what a child may say. They stand in docs/protocol.md.
const (
	// maxDatagram bounds a message of sd_notify(3); systemd takes 4096 bytes.
	maxDatagram = 16 << 10
	// maxStatus bounds the line of STATUS that is shown, in bytes.
	maxStatus = 512
	// maxID bounds the name of a request.
	maxID = 64
	// maxCount bounds what one message may count, so that no sum can overflow.
	maxCount = 1e9
	// maxExtend is the longest time that can be asked for at once.
	maxExtend = 365 * 24 * time.Hour
)

// message is one message of sd_notify(3). Its slices alias what was parsed.
type message struct {
	ready          bool
	barrier, store bool
	hasStatus      bool
	status         []byte
	extend         time.Duration // zero: not said
	served         int64
	marks          []mark
	// malformed is the first field of our own that says nothing we understand.
	malformed []byte
}

// mark says that a request has begun or ended.
type mark struct {
	id  []byte // empty: it has no name
	end bool
}

var (
	errNUL  = errors.New("there is a NUL byte in it")
	errLong = errors.New("it is longer than 16384 bytes")
)

// parse reads a datagram into m, whose slice of marks is used again. What is not
// known is left out, as sd_notify(3) wants it: MAINPID, as we stay the parent of the
// command; ERRNO, BUSERROR, EXIT_STATUS, as the kernel tells how it ends; RELOADING,
// STOPPING and WATCHDOG, of which nothing follows; and what nobody has thought of yet.
func (m *message) parse(b []byte) error {
	*m = message{marks: m.marks[:0]}
	if len(b) > maxDatagram {
		return errLong
	}
	b = bytes.TrimRight(b, "\x00") // programs in C may send the end of their string too
	if bytes.IndexByte(b, 0) >= 0 {
		return errNUL
	}
	for len(b) > 0 {
		var line []byte
		line, b, _ = bytes.Cut(b, newline)
		if name, value, ok := bytes.Cut(line, equals); ok {
			if !m.field(name, value) && m.malformed == nil {
				m.malformed = line
			}
		}
	}
	return nil
}

var newline, equals = []byte("\n"), []byte("=")

// field takes one assignment; false: it is one of ours, and malformed.
func (m *message) field(name, value []byte) bool {
	is := string(value) == "1"
	switch string(name) {
	case "READY":
		m.ready = m.ready || is
	case "BARRIER":
		m.barrier = m.barrier || is
	case "FDSTORE":
		m.store = m.store || is
	case "STATUS":
		m.hasStatus, m.status = true, value
	case "EXTEND_TIMEOUT_USEC":
		m.extend = micros(value, m.extend)
	case "X_RELANCE_REQUESTS":
		n, ok := count(value)
		m.served += n
		return ok
	case "X_RELANCE_BEGIN", "X_RELANCE_END":
		if len(value) > 0 && !isID(value) {
			return false
		}
		m.marks = append(m.marks, mark{value, string(name) == "X_RELANCE_END"})
	}
	return true
}

// micros reads a time, which is cut to maxExtend; what is none leaves it as it was.
func micros(b []byte, was time.Duration) time.Duration {
	n, ok := number(b, 1<<64-1)
	if !ok {
		return was
	}
	return time.Duration(min(n, uint64(maxExtend/time.Microsecond))) * time.Microsecond
}

// count reads a number of requests.
func count(b []byte) (int64, bool) {
	n, ok := number(b, maxCount)
	return int64(n), ok
}

// number reads an unsigned decimal of at most most; digits only.
func number(b []byte, most uint64) (n uint64, ok bool) {
	for _, c := range b {
		d := uint64(c - '0')
		if d > 9 || n > (most-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, len(b) > 0
}

// isID reports whether b may be the name of a request: 1 to 64 bytes of ASCII that
// are seen, no space.
func isID(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return 1 <= len(b) && len(b) <= maxID
}

// appendLine appends text as one line that can be shown: valid UTF-8 of what is
// printable, at most maxStatus bytes.
func appendLine(to, text []byte) []byte {
	for start := len(to); len(text) > 0; {
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		if !unicode.IsPrint(r) {
			r = utf8.RuneError
		}
		if len(to)-start+utf8.RuneLen(r) > maxStatus {
			break
		}
		to = utf8.AppendRune(to, r)
	}
	return to
}
