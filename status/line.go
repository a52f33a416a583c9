package status

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// style is how a piece of text looks on a terminal (ECMA-48, SGR).
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
)

// span is a piece of a line, without anything that moves the cursor.
type span struct {
	text  string
	style style
}

// line is one of a text.
type line []span

// text is lines for a terminal.
type text struct {
	lines []line
	width int
}

func (t *text) add(spans ...span) { t.lines = append(t.lines, spans) }

// blank adds an empty line between two parts.
func (t *text) blank() {
	if len(t.lines) > 0 {
		t.add()
	}
}

// wrap adds words after a label, on as many lines as they need, but at most most.
func (t *text) wrap(label string, most int, words []span) {
	room := t.width - labelWidth
	current, used := labelled(label), 0
	for _, w := range words {
		n := cells(w.text)
		if used > 0 && used+1+n > room {
			if most--; most == 0 {
				// The last one is cut where it is written.
				current = append(current, span{" " + w.text, w.style})
				break
			}
			t.add(current...)
			current, used = labelled(""), 0
		}
		if used > 0 {
			current = append(current, span{" ", plain})
			used++
		}
		current = append(current, w)
		used += n
	}
	t.add(current...)
}

// labelWidth is what the names of figures take on the left.
const labelWidth = 10

func labelled(label string) line {
	return line{{label + strings.Repeat(" ", max(labelWidth-len(label), 0)), dim}}
}

// String is the text, no line of it wider than the terminal.
func (t *text) render(colour bool) string {
	var b strings.Builder
	for _, l := range t.lines {
		l.write(&b, t.width, colour)
		b.WriteByte('\n')
	}
	return b.String()
}

// write writes l, cut where it does not fit.
func (l line) write(b *strings.Builder, width int, colour bool) {
	for len(l) > 0 && strings.TrimRight(l[len(l)-1].text, " ") == "" {
		l = l[:len(l)-1]
	}
	if len(l) > 0 {
		l = slices.Clone(l)
		l[len(l)-1].text = strings.TrimRight(l[len(l)-1].text, " ")
	}
	left, cut := width, l.cells() > width
	if cut {
		left-- // for the ellipsis
	}
	for _, s := range l {
		shown := cutTo(s.text, left)
		left -= cells(shown)
		if colour && s.style != plain && shown != "" {
			b.WriteString("\x1b[" + string(s.style) + "m" + shown + "\x1b[0m")
		} else {
			b.WriteString(shown)
		}
		if len(shown) < len(s.text) {
			break
		}
	}
	if cut {
		b.WriteString("…")
	}
}

func (l line) cells() int {
	n := 0
	for _, s := range l {
		n += cells(s.text)
	}
	return n
}

// cells is how many cells of a terminal s takes, at most: what joins with the character
// before it counts as if it did not, since terminals do not agree.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += runeCells(r)
	}
	return n
}

// runeCells is of one character (UAX 11).
func runeCells(r rune) int {
	if r < utf8.RuneSelf {
		return 1
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cutTo is the head of s that fits into n cells.
func cutTo(s string, n int) string {
	for i, r := range s {
		if n -= runeCells(r); n < 0 {
			return s[:i]
		}
	}
	return s
}

// pad fills s up to n cells.
func pad(s string, n int) string { return s + strings.Repeat(" ", max(n-cells(s), 0)) }

// clean is s as it may be shown: with anything in it that is no visible character, as
// whoever chose a name could move the cursor by it or hide something, it is quoted.
func clean(s string) string {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	return strconv.Quote(s)
}

// words is a command as one would type it, nearly: what has spaces or quotes is quoted.
func words(command []string) string {
	var b strings.Builder
	for i, w := range command {
		if i > 0 {
			b.WriteByte(' ')
		}
		if w == "" || strings.ContainsAny(w, " \"'\\") {
			w = strconv.Quote(w)
		} else {
			w = clean(w)
		}
		b.WriteString(w)
	}
	return b.String()
}
