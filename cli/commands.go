package cli

import (
	"io"

	"github.com/alecthomas/kong"
)

// ownCommand is one of the words that may stand first on the command line and are
// no command to run. "relance -- exec" runs a command named exec.
type ownCommand struct {
	name  string
	parse func(in Input, words []string) (any, error)
	// flags makes what kong reads its flags into, nil where its help is all there is.
	flags func() any
}

const (
	verbRun  = "run"
	verbExec = "exec"
	// verbHelp stands before one of them, and is none itself.
	verbHelp = "help"
)

// ownCommands are all of them, in the order in which people read of them.
func ownCommands() []ownCommand {
	all := []ownCommand{
		{name: verbRun, parse: Input.parseRun, flags: func() any { return new(runFlags) }},
		{name: verbExec, parse: Input.parseExec, flags: func() any { return new(execFlags) }},
		{name: verbDoctor, parse: alone(parseDoctor)},
		{name: verbNotify, parse: alone(parseNotify)},
		{name: verbGate, parse: Input.parseGate},
		{name: verbCompletion, parse: alone(parseCompletion)},
	}
	for _, verb := range askVerbs {
		all = append(all, ownCommand{
			name: verb, flags: func() any { return askers[verb]() },
			parse: alone(func(words []string) (any, error) { return parseAsk(verb, words) }),
		})
	}
	return all
}

// alone is for a command that needs nothing but its words.
func alone(parse func(words []string) (any, error)) func(Input, []string) (any, error) {
	return func(_ Input, words []string) (any, error) { return parse(words) }
}

func findCommand(name string) *ownCommand {
	for _, own := range ownCommands() {
		if own.name == name {
			return &own
		}
	}
	return nil
}

// Command is one of our own commands as the manual page and the completions of
// shells have it.
type Command struct {
	Name string
	// Help is what --help prints.
	Help string
	// Flags are those that kong reads. Where there are none, Help has the flags.
	Flags []*kong.Flag
}

// Commands returns all our own commands. Only what writes the manual page and the
// completions asks for them (internal/manual).
func Commands() ([]Command, error) {
	var all []Command
	for _, own := range ownCommands() {
		todo, err := own.parse(Input{}, []string{"--help"})
		if err != nil {
			return nil, err
		}
		c := Command{Name: own.name, Help: todo.(Print).Text}
		if own.flags != nil {
			parser, err := newParser(own.flags(), io.Discard, own.name)
			if err != nil {
				return nil, err
			}
			c.Flags = parser.Model.Flags
		}
		all = append(all, c)
	}
	return all, nil
}
