package requests

import "bytes"

const (
	// maxLine bounds a line of a client, its newline not counted.
	maxLine = 1024
	// maxReply bounds a line of ours, its newline too.
	maxReply = 128
	// hello is what we say first, on every connection.
	hello = "relance 1\n"
	// drained is said when a stop is due.
	drained = "drain\n"
)

// word is the first word of a line.
type word uint8

const (
	wordBegin word = iota
	wordEnd
	wordCount
	wordLeft
	wordHold
	wordHello
)

// order is one line of a client. Its id aliases what was parsed.
type order struct {
	word word
	id   []byte // of begin and end; empty: the request has no name
	n    int64  // of count
}

// What is wrong with a line, as the client is told. All are shorter than a reply
// may be, see maxReply.
const (
	badWord    = "unknown word; begin, end, count, left and hold are known"
	badID      = "an id is 1 to 64 printable ASCII characters without a space"
	badNumber  = "count takes a number from 0 to 1000000000"
	badLeft    = "left stands alone"
	badHold    = "hold stands alone"
	badVersion = "only version 1 is spoken here"
	badHello   = "the version stands in the first line"
	badLong    = "a line is longer than 1024 bytes"
)

// parseLine reads one line without its end. fault is empty, or what is wrong.
func parseLine(line []byte) (o order, fault string) {
	first, rest, more := bytes.Cut(bytes.TrimSuffix(line, carriage), space)
	switch string(first) {
	case "begin":
		o.word = wordBegin
	case "end":
		o.word = wordEnd
	case "count":
		n, ok := count(rest)
		if !ok {
			return order{}, badNumber
		}
		return order{word: wordCount, n: n}, ""
	case "left":
		if more {
			return order{}, badLeft
		}
		return order{word: wordLeft}, ""
	case "hold":
		if more {
			return order{}, badHold
		}
		return order{word: wordHold}, ""
	case "relance":
		if string(rest) != "1" {
			return order{}, badVersion
		}
		return order{word: wordHello}, ""
	default:
		return order{}, badWord
	}
	if more && !isID(rest) {
		return order{}, badID
	}
	o.id = rest
	return o, ""
}

var space, carriage = []byte(" "), []byte("\r")
