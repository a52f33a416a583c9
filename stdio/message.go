package stdio

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// message is what a frame says, as far as it matters to whoever passes it on. Of
// a frame that is no message of the protocol all is empty.
type message struct {
	// calls are the requests in it, answers those that it answers, cancelled those
	// that it takes back and that nobody will answer.
	calls, answers, cancelled []ident
	// method is that of a frame with one message; failed: it is an error.
	method string
	failed bool
	// batch: it is an array.
	batch bool
}

// ident is how a request is called: as it is spelled, and what is the same for all
// spellings.
type ident struct {
	spelling []byte
	key      string
}

// batchMost is how many messages an array may have; one with more is passed on and
// not looked at.
const batchMost = 1 << 14

// parse reads a JSON-RPC message, or an array of them. What encoding/json does not
// take for JSON is no message; that bounds how deep it is nested too.
func parse(text []byte) (m message) {
	text = bytes.TrimLeft(text, " \t\r\n")
	if len(text) == 0 || text[0] != '{' && text[0] != '[' || !json.Valid(text) {
		return m
	}
	if text[0] == '{' {
		m.add(text)
		return m
	}
	m.batch = true
	n := 0
	for element := range elements(text) {
		if n++; n > batchMost {
			return message{}
		}
		if element[0] == '{' {
			m.add(element)
		}
	}
	m.method, m.failed = "", false
	return m
}

// add reads one message. Of a member that is there twice the last one counts, as
// nearly all who read JSON have it.
func (m *message) add(object []byte) {
	var method, id, params []byte
	var result, failed bool
	for key, value := range members(object) {
		switch string(key) {
		case `"method"`:
			method = value
		case `"id"`:
			id = value
		case `"params"`:
			params = value
		case `"result"`:
			result = true
		case `"error"`:
			// JSON-RPC 1.0 has both, and one is null.
			failed = string(value) != "null"
			result = result || !failed
		}
	}
	name, named := unquote(method)
	who, known := identify(id)
	switch {
	case named && known:
		m.calls = append(m.calls, who)
	case named && name == "notifications/cancelled":
		// MCP: whoever gets it should not answer. $/cancelRequest of the Language
		// Server Protocol is another thing: the request is answered all the same.
		if taken, ok := identify(member(params, `"requestId"`)); ok {
			m.cancelled = append(m.cancelled, taken)
		}
	case !named && known && (result || failed):
		m.answers = append(m.answers, who)
	}
	m.method, m.failed = name, failed
}

// member returns the value of a member of an object, nil: there is none.
func member(object []byte, name string) (found []byte) {
	if len(object) == 0 || object[0] != '{' {
		return nil
	}
	for key, value := range members(object) {
		if string(key) == name {
			found = value
		}
	}
	return found
}

// identify reads an id: a string or a number. Peers write what they have read in
// their own way: with other escapes, 1.0 for 1.
func identify(id []byte) (who ident, ok bool) {
	if len(id) == 0 {
		return who, false
	}
	switch c := id[0]; {
	case c == '"':
		text, ok := unquote(id)
		return ident{id, "s" + text}, ok
	case c == '-' || c >= '0' && c <= '9':
		key := string(id)
		if bytes.ContainsAny(id, ".eE") || key == "-0" {
			f, err := strconv.ParseFloat(key, 64)
			if err == nil {
				key = strconv.FormatFloat(f+0, 'f', -1, 64)
			}
		}
		return ident{id, "n" + key}, true
	}
	return who, false
}

// unquote reads a string.
func unquote(text []byte) (string, bool) {
	if len(text) < 2 || text[0] != '"' {
		return "", false
	}
	if bytes.IndexByte(text, '\\') < 0 {
		return string(text[1 : len(text)-1]), true
	}
	var s string
	err := json.Unmarshal(text, &s)
	return s, err == nil
}

// members yields the names, in quotes and without escapes, and the values of an
// object that is valid JSON.
func members(object []byte) func(yield func(key, value []byte) bool) {
	return func(yield func(key, value []byte) bool) {
		for i := skipSpace(object, 1); i < len(object) && object[i] == '"'; {
			key := object[i:skipValue(object, i)]
			i = skipSpace(object, i+len(key))
			i = skipSpace(object, i+1) // the colon
			value := object[i:skipValue(object, i)]
			if bytes.IndexByte(key, '\\') >= 0 {
				name, _ := unquote(key)
				key = []byte(`"` + name + `"`)
			}
			if !yield(key, value) {
				return
			}
			i = skipSpace(object, i+len(value))
			i = skipSpace(object, i+1) // the comma, or the end
		}
	}
}

// elements yields the elements of an array that is valid JSON.
func elements(array []byte) func(yield func(element []byte) bool) {
	return func(yield func(element []byte) bool) {
		for i := skipSpace(array, 1); i < len(array) && array[i] != ']'; {
			element := array[i:skipValue(array, i)]
			if !yield(element) {
				return
			}
			i = skipSpace(array, i+len(element))
			i = skipSpace(array, i+1) // the comma, or the end
		}
	}
}

func skipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '\r' || text[i] == '\n') {
		i++
	}
	return i
}

// skipValue returns where the value that begins at i ends. The text is valid JSON,
// so brackets need only be counted.
func skipValue(text []byte, i int) int {
	for depth := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return min(i+1, len(text))
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
			if depth < 0 {
				return i // the end of what a number or a name is in
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
	return len(text)
}
