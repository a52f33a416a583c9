package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/kong"
	"github.com/pelletier/go-toml/v2/unstable"
)

// maxWord bounds one value of the file, in bytes: a path may be that long.
const maxWord = 4096

// parseConfig reads flags from a text in TOML (toml.io). Only keys at the top
// that are names of flags are taken; the first mistake is the one that is told.
func parseConfig(path string, text []byte, flags []*kong.Flag) (*config, error) {
	c := &config{path: path, settings: map[string]setting{}}
	var p unstable.Parser
	p.Reset(text)
	for p.NextExpression() {
		if err := c.take(&p, flags); err != nil {
			return nil, err
		}
	}
	if err := p.Error(); err != nil {
		return nil, c.malformed(&p, err)
	}
	return c, nil
}

// malformed names the line and the column of what is no TOML.
func (c *config) malformed(p *unstable.Parser, err error) error {
	e := &Error{Msg: shown(c.path) + ": " + err.Error(), Hint: `a line is a flag and its value: memory-high = "500M"`}
	var parse *unstable.ParserError
	if errors.As(err, &parse) && parse.Highlight != nil {
		start := p.Shape(p.Range(parse.Highlight)).Start
		e.Msg = fmt.Sprintf("%s:%d: %s", c.at(start.Line), start.Column, parse.Message)
	}
	return e
}

// take adds the key that the parser stands at.
func (c *config) take(p *unstable.Parser, flags []*kong.Flag) error {
	e := p.Expression()
	var parts []string
	for key := e.Key(); key.Next(); {
		parts = append(parts, string(key.Node().Data))
	}
	key := strings.Join(parts, ".")
	keys := e.Key()
	keys.Next()
	line := p.Shape(keys.Node().Raw).Start.Line
	refuse := func(what, cause string) error {
		return &Error{Msg: c.at(line) + ": " + shown(what) + ": " + cause}
	}
	if e.Kind != unstable.KeyValue {
		return refuse("["+key+"]", "there are no tables here; leave the line out, the keys are the names of flags")
	}
	f := flagOf(flags, key)
	switch {
	case f == nil:
		return refuse(key, "no such flag"+meant(key, flags))
	case f.Name == "help" || f.Tag.Get("config") == "-":
		return refuse(key, "not in a file; give --"+f.Name+" on the command line")
	}
	if other, twice := c.settings[f.Name]; twice {
		return refuse(key, fmt.Sprintf("set a second time, after %s in line %d; keep one", other.key, other.line))
	}
	words, err := wordsOf(e.Value(), f)
	if err != nil {
		_, value, _ := strings.Cut(string(p.Raw(e.Raw)), "=")
		return refuse(key+" = "+strings.TrimSpace(value), err.Error())
	}
	c.settings[f.Name] = setting{key: key, line: line, words: words}
	return nil
}

// flagOf is the flag of that name, or of that other name; nil: there is none.
func flagOf(flags []*kong.Flag, name string) *kong.Flag {
	for _, f := range flags {
		if f.Name == name || slices.Contains(f.Aliases, name) {
			return f
		}
	}
	return nil
}

// wordsOf makes words of a command line out of a value of the file.
func wordsOf(value *unstable.Node, f *kong.Flag) ([]string, error) {
	if value.Kind != unstable.Array {
		word, err := wordOf(value, f)
		return []string{word}, err
	}
	if !f.IsSlice() {
		return nil, errors.New("a list, where one value is wanted; take one, without brackets")
	}
	var words []string
	for values := value.Children(); values.Next(); {
		word, err := wordOf(values.Node(), f)
		if err != nil {
			return nil, err
		}
		words = append(words, word)
	}
	return words, nil
}

func wordOf(value *unstable.Node, f *kong.Flag) (string, error) {
	word := string(value.Data)
	switch value.Kind {
	case unstable.String:
		switch {
		case word == "":
			return "", errors.New("empty value; leave the key out, or give it one")
		case len(word) > maxWord:
			return "", fmt.Errorf("longer than %d bytes", maxWord)
		case strings.ContainsRune(word, 0):
			return "", errors.New("a zero byte in it, which no command line can have")
		}
		return word, nil
	case unstable.Integer:
		return wholeNumber(word)
	case unstable.Float:
		if whole, part, _ := strings.Cut(strings.TrimPrefix(word, "-"), "."); !digits(whole) || !digits(part) || len(word) > maxWord {
			return "", errors.New("no number that a flag takes; use digits such as 1.5, or quotes")
		}
		return word, nil
	case unstable.Bool:
		if !f.IsBool() {
			return "", fmt.Errorf("--%s wants a value, not true or false; give one in quotes", f.Name)
		}
		return word, nil
	case unstable.Array:
		return "", errors.New("a list in a list; use one list of values")
	case unstable.InlineTable:
		return "", errors.New("a table, where a value is wanted; use one value, in quotes")
	}
	return "", errors.New("a date or a time of TOML; put it in quotes")
}

// wholeNumber reads a whole number as TOML writes them, in decimal.
func wholeNumber(s string) (string, error) {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		return "", errors.New("no number that a flag takes; use digits such as 100, or quotes")
	}
	return strconv.FormatInt(n, 10), nil
}

// meant names the flag that comes nearest to a key, if one comes near.
func meant(key string, flags []*kong.Flag) string {
	const longest = 64
	if len(key) > longest {
		return ""
	}
	plain := strings.NewReplacer("_", "-", ".", "-", " ", "-").Replace(strings.ToLower(strings.TrimLeft(key, "-")))
	// Two letters off is near, in a short word one.
	far := min(3, len(plain)/2+1)
	best, nearest := far, ""
	for _, f := range flags {
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			d := distance(plain, name)
			if far == 3 && (strings.HasPrefix(name, plain) || strings.HasPrefix(plain, name)) {
				d = min(d, far-1)
			}
			if d < best {
				best, nearest = d, name
			}
		}
	}
	if nearest == "" {
		return "; relance --help lists them"
	}
	return fmt.Sprintf(", did you mean %q?", nearest)
}

// distance is Levenshtein's: the letters to put in, leave out or change.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, before+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// shown is a text of the file as a line of ours can have it: short, and without
// what a terminal obeys.
func shown(s string) string {
	const longest = 200
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "..."
	}
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return strconv.Quote(s)
	}
	return s
}
