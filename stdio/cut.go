package stdio

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// cutter finds where the frames of a stream end. It remembers how far it has
// looked, so that a long frame that comes in small pieces costs no more.
type cutter struct {
	mode      Mode
	delimiter byte
	most      int
	// looked is how much of the frame at hand has been looked at.
	looked int
	// body is where the content of the frame begins, whole its length with all, once
	// they are known.
	body, whole int
}

// headerMost bounds a header, which has some 20 bytes of need.
const headerMost = 8 << 10

func newCutter(s *Settings) cutter {
	c := cutter{mode: s.Mode, delimiter: s.Delimiter, most: s.MaxMessage}
	if c.mode == JSONRPC {
		c.delimiter = '\n'
	}
	return c
}

// cut returns the length of the frame that text begins with, and where in it the
// content ends; zero: not all of it is there yet. After an error nothing that
// follows can be told apart.
func (c *cutter) cut(text []byte) (n int, err error) {
	switch {
	case c.whole > 0:
	case c.mode == ContentLength:
		err = c.header(text)
	default:
		if i := bytes.IndexByte(text[c.looked:], c.delimiter); i >= 0 {
			c.whole = c.looked + i + 1
		}
		c.looked = len(text)
		if c.whole-1 > c.most || c.whole == 0 && len(text) > c.most {
			err = fmt.Errorf("a line of more than %d bytes", c.most)
		}
	}
	if err != nil || c.whole > len(text) {
		return 0, err
	}
	return c.whole, nil
}

// next is to be called when the frame was taken.
func (c *cutter) next() { c.looked, c.body, c.whole = 0, 0, 0 }

// content is what is in a frame that was cut, and not yet taken.
func (c *cutter) content(frame []byte) []byte {
	if c.mode != ContentLength && c.whole > 0 {
		return frame[:c.whole-1]
	}
	return frame[c.body:] // c.body is zero where the stream ended within a frame
}

// header looks for the end of the header. Its lines end in CRLF; a bare LF is
// taken too, since it cannot mean anything else.
func (c *cutter) header(text []byte) error {
	i := bytes.IndexByte(text[c.looked:], '\n')
	for ; i >= 0; i = bytes.IndexByte(text[c.looked:], '\n') {
		line := bytes.TrimSuffix(text[c.looked:c.looked+i], []byte{'\r'})
		c.looked += i + 1
		if c.looked > headerMost {
			break
		}
		if len(line) == 0 {
			return c.measure(text[:c.looked])
		}
	}
	if max(c.looked, len(text)) > headerMost {
		return fmt.Errorf("a header of more than %d bytes", headerMost)
	}
	return nil
}

// measure reads the header: its names are those of HTTP, in any case.
func (c *cutter) measure(header []byte) error {
	length := -1
	for line := range bytes.Lines(header) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, found := bytes.Cut(line, []byte{':'})
		if !found {
			return fmt.Errorf("%.60q in place of a header", line)
		}
		if !bytes.EqualFold(name, []byte("Content-Length")) {
			continue
		}
		if length >= 0 {
			return errors.New("a header with two Content-Length")
		}
		n, err := strconv.ParseUint(string(bytes.Trim(value, " \t")), 10, 31)
		if err != nil {
			return fmt.Errorf("the header %.60q", line)
		}
		if length = int(n); length > c.most {
			return fmt.Errorf("a message of %d bytes, more than %d", length, c.most)
		}
	}
	if length < 0 {
		return fmt.Errorf("a header without Content-Length: %.60q", header)
	}
	c.body = len(header)
	c.whole = c.body + length
	return nil
}
