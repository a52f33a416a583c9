package cli

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// print returns the flags in force as a file for --config. Those that are not
// given are comments, with their standard value, where they have one.
func (g *given) print() (any, error) {
	var b strings.Builder
	for _, f := range g.flags {
		if f.Name == "help" || f.Tag.Get("config") == "-" {
			continue
		}
		o, found := g.origin(f)
		standard := f.Tag.Vars["standard"]
		switch {
		case !found && standard != "":
			fmt.Fprintf(&b, "# %s = %s  # default\n", f.Name, tomlValue(standard, f))
		case found:
			value, ok := tomlValues(o.words, f)
			if !ok {
				return nil, g.blame(&Error{Msg: "--" + f.Name + ": no UTF-8, which a file of flags cannot hold", flag: f.Name})
			}
			fmt.Fprintf(&b, "%s = %s  # %s\n", f.Name, value, o.name)
		}
	}
	return Print{b.String()}, nil
}

// tomlValues writes the values of a flag, if TOML has them.
func tomlValues(words []string, f *kong.Flag) (text string, ok bool) {
	var values []string
	for _, word := range words {
		if !utf8.ValidString(word) {
			return "", false
		}
		values = append(values, tomlValue(word, f))
	}
	if !f.IsSlice() {
		return values[0], true
	}
	return "[" + strings.Join(values, ", ") + "]", true
}

// tomlValue writes one word: bare where wordOf gives the same word back, else as a
// basic string.
func tomlValue(word string, f *kong.Flag) string {
	if n, err := strconv.ParseInt(word, 10, 64); err == nil && strconv.FormatInt(n, 10) == word {
		return word
	}
	if f.IsBool() && (word == "true" || word == "false") {
		return word
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range word {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
