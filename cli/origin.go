package cli

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// given is a command line that has been taken apart, and what else flags were
// read from.
type given struct {
	// own are the words before the command, a flag and its value in one.
	own, command []string
	// help is the text that was asked for, empty: none was.
	help string
	// flags are all there are, none where kong was not needed.
	flags []*kong.Flag
	// file is what --config has read, nil: nothing.
	file *config
}

// origin is where a flag has its value from.
type origin struct {
	// name is how it is called there: --max-age, RELANCE_EVERY, FILE:LINE.
	name string
	// key is its name in the file, empty for the other places.
	key string
	// words are the values, as they stand there.
	words []string
}

// origin finds out where a flag has its value from: the command line wins, then
// the environment, then the file.
func (g *given) origin(f *kong.Flag) (o origin, found bool) {
	for _, word := range g.own {
		name, value, hasValue := strings.Cut(word, "=")
		if name != "--"+f.Name && !slices.Contains(f.Aliases, strings.TrimPrefix(name, "--")) {
			continue
		}
		if !hasValue {
			value = "true"
		}
		if !f.IsSlice() {
			o.words = nil
		}
		o.name, o.words = name, append(o.words, value)
	}
	if o.name != "" {
		return o, true
	}
	if name, value := twin(f); value != "" {
		return origin{name: name, words: []string{value}}, true
	}
	if g.file != nil {
		if s, ok := g.file.settings[f.Name]; ok && s.isSet(f) {
			return origin{name: g.file.at(s.line), key: s.key, words: s.words}, true
		}
	}
	return origin{}, false
}

// twin returns the variable that stands for a flag and its value, which is empty
// where there is none. Of several, kong takes the first that is there.
func twin(f *kong.Flag) (name, value string) {
	for _, name := range f.Envs {
		if value, ok := os.LookupEnv(name); ok {
			return name, value
		}
	}
	return "", ""
}

// dropEmpty empties the lists that an empty variable has put an empty word into:
// such a variable is none, as for the flags with one value.
func (g *given) dropEmpty() {
	for _, f := range g.flags {
		if _, found := g.origin(f); !found && f.IsSlice() {
			f.Target.SetZero()
		}
	}
}

// blame names the place where a wrong value stands, where that is not the flag.
func (g *given) blame(err error) error {
	e, ok := err.(*Error)
	if !ok || e.flag == "" {
		return err
	}
	for _, f := range g.flags {
		if f.Name != e.flag {
			continue
		}
		o, found := g.origin(f)
		rest := strings.TrimPrefix(e.Msg, "--"+e.flag)
		switch {
		case !found:
			return err
		case o.key != "" && strings.HasPrefix(rest, " "):
			o.name += ": " + o.key + " ="
		case o.key != "":
			o.name += ": " + o.key
		}
		return &Error{Msg: o.name + rest, Hint: e.Hint}
	}
	return err
}

// usageError makes a message of ours out of one of kong's.
func (g *given) usageError(err error) error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	e := &Error{Msg: err.Error(), Hint: "relance --help lists the flags; flags come before the command"}
	var parse *kong.ParseError
	if !errors.As(err, &parse) {
		e.Hint = ""
	}
	for _, f := range g.flags {
		if strings.HasPrefix(e.Msg, "--"+f.Name+": ") && !strings.Contains(e.Msg, "(from envar ") {
			e.flag = f.Name
		}
	}
	return e
}
