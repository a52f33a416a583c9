// Package cli turns the words of a command line and the environment into what
// is to be done, or into one clear error. It reads and checks; it starts nothing.
package cli

import (
	"bytes"
	"regexp"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/child"
	"relance/entry"
	"relance/hooks"
	"relance/place"
	"relance/ready"
	"relance/restart"
	"relance/signals"
	"relance/stdio"
)

// UsageStatus is the exit status of every failure of our own, wrong usage
// included, as of env(1), nice(1) and timeout(1).
const UsageStatus = 125

// Run is what "relance run" is asked to do.
type Run struct {
	Settings      child.Settings
	Policy        restart.Policy
	Rewrites      signals.Rewrites
	StopSignalSet bool
	Name, LogFile string // the latter empty: stderr
	JSON          bool
	// Controlled says that relance is to be asked by a socket; ControlPath is where it is,
	// empty: wherever it is found by its name.
	Controlled  bool
	ControlPath string
	// Group is what the cgroup of each tree is given, and Total that of all together;
	// Pressure is the watch for memory pressure in the former, nil for none, and Source
	// where memory is to be measured.
	Group, Total cgroup.Limits
	Pressure     *cgroup.Trigger
	Source       place.Source
	// NeedsGroup names a flag that nothing but such a group can do for, empty: none.
	NeedsGroup string
	// MaxFiles is how many descriptors a process may have before the budget is
	// spent, or FilesPercent the share of those that it may open.
	MaxFiles     int64
	FilesPercent int
	// Watch are the files, folders and patterns that are watched.
	Watch []string
	// Listens says that the command is listened to (requests.Server).
	Listens bool
	// SocketDir is where its sockets are, an absolute path; empty: they need none.
	SocketDir string
	// Stdio is what is carried between our stdin and stdout and the command's, nil: nothing.
	Stdio *stdio.Settings
	// PrefixOutput says that the number of the worker is put before each line.
	PrefixOutput bool
	// Ready is what is looked at to see whether a generation can do its work.
	Ready ready.Spec
	// Sockets are held for the command.
	Sockets Sockets
	// Posts are told what goes wrong.
	Posts Posts
	// RestartSignal asks for the next generation; zero: none does.
	RestartSignal unix.Signal
	silenceAsked  string // --output-silence as it was written
	// CountLines fits the lines that tell of one request served each, of stdout, stderr
	// or both; nil: lines tell nothing.
	CountLines               *regexp.Regexp
	CountStdout, CountStderr bool
	countAsked               [2]string // --count-lines and --count-stream as they were written
	// Hooks are the commands that are run when something happens.
	Hooks hooks.Settings
	// Zone is the time zone in which times are said.
	Zone *time.Location
	// Supervising reports whether anything was asked for beyond running the
	// command: without it nothing is said of what goes well.
	Supervising bool
	// Notes are lines to say before the start.
	Notes []string
}

// Guarded reports whether the kernel is to be told of the memory budget.
func (run *Run) Guarded() bool {
	return run.Group.MemoryHigh == nil || *run.Group.MemoryHigh != cgroup.NoLimit
}

// Exec is what "relance exec" is asked to do.
type Exec struct {
	Settings child.Settings
	Sockets  Sockets
	Notes    []string
}

// Print is a text that was asked for: help, a version.
type Print struct{ Text string }

// Input is what a command line is read from.
type Input struct {
	// Args are the words after the program's own name, Env the environment.
	Args, Env []string
	Given     entry.Given
	Version   string
}

// Parse returns a Run, an Exec, a Doctor, a Notify, a Gate, an Ask or a Print.
func Parse(in Input) (any, error) {
	if len(in.Args) == 0 {
		return in.parseRun(nil)
	}
	words := in.Args[1:]
	if own := findCommand(in.Args[0]); own != nil {
		return own.parse(in, words)
	}
	if in.Args[0] != verbHelp {
		return in.parseRun(in.Args)
	}
	own := findCommand(verbRun)
	if len(words) > 0 {
		if named := findCommand(words[0]); named != nil {
			own = named
		}
	}
	return own.parse(Input{Version: in.Version}, []string{"--help"})
}

func (in Input) parseRun(words []string) (any, error) {
	var flags runFlags
	got, err := in.read(&flags, words, verbRun)
	got.file = flags.file
	switch {
	case err != nil:
		return nil, got.blame(err)
	case got.help != "":
		return Print{got.help}, nil
	case flags.Version:
		return Print{in.Version + "\n"}, nil
	case len(got.command) == 0 && !flags.PrintConfig:
		return nil, noCommand()
	}
	got.dropEmpty()
	run, err := in.buildRun(&flags, got.command)
	switch {
	case err != nil:
		return nil, got.blame(err)
	case flags.PrintConfig:
		return got.print()
	}
	run.Hooks.Base = in.hookSettings(got.flags)
	return run, nil
}

func (in Input) parseExec(words []string) (any, error) {
	var flags execFlags
	got, err := in.read(&flags, words, verbExec)
	switch {
	case err != nil:
		return nil, got.blame(err)
	case got.help != "":
		return Print{got.help}, nil
	case len(got.command) == 0:
		return nil, noCommand()
	}
	exec, err := in.buildExec(&flags, got.command)
	return exec, got.blame(err)
}

func noCommand() error {
	return &Error{Msg: "no command to run", Hint: "relance [flags] -- COMMAND [ARG...]; relance --help lists the flags"}
}

// read splits the words into flags and command, and the flags into flags.
func (in Input) read(flags any, words []string, verb string) (got given, err error) {
	if !in.hasFlags(words) {
		if len(words) > 0 && words[0] == "--" {
			words = words[1:]
		}
		return given{command: words}, nil
	}
	var help bytes.Buffer
	parser, err := newParser(flags, &help, verb)
	if err != nil {
		return given{}, err
	}
	got.flags = parser.Model.Flags
	got.own, got.command, err = split(parser.Model.Node, words)
	if err != nil {
		return got, err
	}
	_, err = parser.Parse(got.own)
	if help.Len() > 0 {
		got.help = help.String()
		return got, nil
	}
	if err != nil {
		return got, got.usageError(err)
	}
	return got, nil
}

// hasFlags reports whether there is anything for kong to read. A plain
// "relance COMMAND" is the commonest use and should cost nothing.
func (in Input) hasFlags(words []string) bool {
	if len(words) > 0 && strings.HasPrefix(words[0], "-") && words[0] != "--" {
		return true
	}
	for _, entry := range in.Env {
		if strings.HasPrefix(entry, envPrefix+"_") {
			return true
		}
	}
	return false
}

// split finds the first word that is neither a flag nor the value of one: there
// the command begins. kong never sees the command, whose words may look like
// anything, and it sees a flag and its value as one word, so that a value may
// look like a short flag (--nice -5).
func split(node *kong.Node, words []string) (own, command []string, err error) {
	takesValue := map[string]bool{}
	for _, f := range node.Flags {
		takesValue["--"+f.Name] = !f.IsBool()
		for _, alias := range f.Aliases {
			takesValue["--"+alias] = !f.IsBool()
		}
	}
	for i := 0; i < len(words); i++ {
		word := words[i]
		if word == "--" {
			return own, words[i+1:], nil
		}
		if !strings.HasPrefix(word, "-") || word == "-" {
			return own, words[i:], nil
		}
		if takesValue[word] {
			if i++; i == len(words) || strings.HasPrefix(words[i], "--") {
				return nil, nil, &Error{Msg: word + ": no value"}
			}
			word += "=" + words[i]
		}
		// An empty word is more often a variable that is not set than a wish.
		if flag, value, ok := strings.Cut(word, "="); ok && value == "" {
			if _, known := takesValue[flag]; known {
				return nil, nil, &Error{Msg: flag + ": empty value; leave the flag out, or give it one"}
			}
		}
		own = append(own, word)
	}
	return own, nil, nil
}
