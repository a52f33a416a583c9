package control

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes of what a stranger wrote one line that can be shown on a terminal: valid
// UTF-8 of what is printable.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, text)
}

// CleanJSON does the same to the strings of JSON, and to nothing else of it: what they
// mean can be shown as one line. The text must be valid, and printable as it stands.
func CleanJSON(text string) string {
	var b strings.Builder
	for {
		at := strings.IndexByte(text, '\\')
		if at < 0 || at+1 == len(text) {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:at])
		escape := text[at : at+2]
		if escape[1] == 'u' && at+6 <= len(text) {
			escape = text[at : at+6]
		}
		text = text[at+len(escape):]
		b.WriteString(cleanEscape(escape))
	}
}

// cleanEscape returns an escape of JSON (RFC 8259, 7), or that of what stands for all that
// cannot be shown. Half of a pair of them is decided by the other half, and the pairs
// that have no glyph do nothing to a terminal.
func cleanEscape(escape string) string {
	switch escape[1] {
	case 'b', 'f', 'n', 'r', 't':
		return `\ufffd`
	case 'u':
		r, err := strconv.ParseUint(escape[2:], 16, 16)
		if err == nil && !unicode.IsPrint(rune(r)) && (r < 0xd800 || r > 0xdfff) {
			return `\ufffd`
		}
	}
	return escape
}
