package ready

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLine bounds what is told of a try.
const maxLine = 200

// line makes of text, which may be what a stranger wrote, one line that can be shown:
// valid UTF-8 of what is printable, shortened.
func line(text string) string {
	var b strings.Builder
	for _, r := range text {
		if !unicode.IsPrint(r) {
			r = utf8.RuneError
		}
		if b.Len()+utf8.RuneLen(r) > maxLine {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}
