package main

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/sys/unix"

	"relance/cli"
	"relance/identity"
	"relance/limits"
	"relance/report"
	"relance/signals"
)

// command is one of relance's own commands.
type command struct {
	Name string
	// Usage are its lines of usage, About what it does in a few words.
	Usage []string
	About string
	// Before and After are the paragraphs of its help around the flags.
	Before, After []string
	Flags         []flag
	// Words are what may stand after the flags, Runs says that a command line does.
	Words []string
	Runs  bool
}

// flag is one of its flags.
type flag struct {
	// Names are without dashes, its own first; Short is empty where there is none.
	Names []string
	Short string
	// Value is what stands for the value, empty: it takes none. Where it may be left
	// out it stands after '='.
	Value    string
	Optional bool
	// Repeated says that it may be given several times, List that a value has several
	// parts with commas between.
	Repeated, List bool
	Group, Help    string
	// Words are what is offered for a value, Kind of what kind it is else.
	Words []string
	Kind  string
}

// general are the flags that have no group.
const general = "General"

// rank puts the flags that have no group first.
func (f flag) rank() int {
	if f.Group == general {
		return 0
	}
	return 1
}

// Takes reports whether the word after it is its value.
func (f flag) Takes() bool { return f.Value != "" && !f.Optional }

// model reads our own commands: the flags as kong has them, those that are read
// without kong out of their help, which has a form that is checked here.
func model() ([]command, error) {
	known, err := cli.Commands()
	if err != nil {
		return nil, err
	}
	var all []command
	for _, own := range known {
		c := command{Name: own.Name}
		if err := c.readHelp(own.Help); err != nil {
			return nil, fmt.Errorf("relance %s --help: %w", own.Name, err)
		}
		if own.Flags != nil {
			c.Flags = nil
			for _, f := range own.Flags {
				c.Flags = append(c.Flags, flagOf(f))
			}
			// Those of no group stand together, as in the help.
			slices.SortStableFunc(c.Flags, func(a, b flag) int { return cmp.Compare(a.rank(), b.rank()) })
		}
		for i := range c.Flags {
			if err := c.Flags[i].offer(); err != nil {
				return nil, fmt.Errorf("--%s: %w", c.Flags[i].Names[0], err)
			}
		}
		all = append(all, c)
	}
	return all, nil
}

// flagOf makes one of kong's flags ours.
func flagOf(f *kong.Flag) flag {
	own := flag{
		Names: append([]string{f.Name}, f.Aliases...), Group: general, Help: f.Help,
		Repeated: f.IsSlice(), Kind: f.Tag.Get("complete"),
	}
	if f.Name == "help" {
		own.Help = "Show this help."
	}
	if f.Short != 0 {
		own.Short = string(f.Short)
	}
	if f.Group != nil {
		own.Group = f.Group.Title
	}
	// A flag that is true or false has no placeholder of its own.
	if !f.IsBool() || f.Tag.PlaceHolder != "" {
		own.Value, own.Optional = f.FormatPlaceHolder(), f.IsBool()
	}
	values := f.Tag.Get("values")
	own.Words = strings.FieldsFunc(values, func(r rune) bool { return r == ' ' || r == ',' })
	own.List = strings.Contains(values, ",") || strings.HasSuffix(own.Value, ",...")
	return own
}

var (
	flagLine     = regexp.MustCompile(`^ {2,8}(?:-(\w), )?--([a-z][a-z-]*)(\[?=[^ ]+)?(?: {2,}(.*))?$`)
	alternatives = regexp.MustCompile(`^\[?([a-z-]+(?:\|[a-z-]+)+)\]?$`)
)

// readHelp reads what --help prints: lines of usage, paragraphs, flags, paragraphs.
func (c *command) readHelp(help string) error {
	lines := strings.Split(strings.TrimRight(help, "\n"), "\n")
	first, ok := strings.CutPrefix(lines[0], "Usage: ")
	if !ok {
		return fmt.Errorf("it begins with %q, not with %q", lines[0], "Usage: ")
	}
	c.Usage = []string{first}
	i := 1
	for ; i < len(lines) && strings.HasPrefix(lines[i], "       "); i++ {
		c.Usage = append(c.Usage, strings.TrimSpace(lines[i]))
	}
	c.readUsage(c.Usage[0])
	begin := i
	for i < len(lines) && lines[i] != "Flags:" {
		i++
	}
	c.Before = paragraphs(lines[begin:min(i, len(lines))])
	if len(c.Before) == 0 {
		return errors.New("nothing says what it does")
	}
	c.About = strings.TrimSuffix(c.Before[0], ".")
	for _, end := range []string{": ", ". "} {
		c.About, _, _ = strings.Cut(c.About, end)
	}
	if i == len(lines) {
		return errors.New("no line says where its flags are (Flags:)")
	}
	end := i
	for ; i < len(lines); i++ {
		if m := flagLine.FindStringSubmatch(lines[i]); m != nil {
			c.Flags = append(c.Flags, flagOfHelp(m))
			end = i + 1
		} else if end == i && len(c.Flags) > 0 && strings.HasPrefix(lines[i], "          ") {
			f := &c.Flags[len(c.Flags)-1]
			f.Help = strings.TrimSpace(f.Help + " " + strings.TrimSpace(lines[i]))
			end = i + 1
		}
	}
	c.After = paragraphs(lines[end:])
	return nil
}

// readUsage reads what may follow the flags.
func (c *command) readUsage(line string) {
	for word := range strings.FieldsSeq(line) {
		if m := alternatives.FindStringSubmatch(word); m != nil {
			c.Words = append(c.Words, strings.Split(m[1], "|")...)
		}
		c.Runs = c.Runs || word == "COMMAND"
	}
}

func flagOfHelp(m []string) flag {
	f := flag{Names: []string{m[2]}, Short: m[1], Group: general, Help: m[4]}
	f.Optional = strings.HasPrefix(m[3], "[")
	f.Value = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(m[3], "["), "="), "]")
	if m := alternatives.FindStringSubmatch(f.Value); m != nil {
		f.Words = strings.Split(m[1], "|")
	}
	return f
}

// paragraphs are what empty lines part. The words of one that is indented stay in
// their lines, as does what follows a line such as "Examples:".
func paragraphs(lines []string) []string {
	var all []string
	for text := range strings.SplitSeq(strings.Join(lines, "\n"), "\n\n") {
		text = strings.Trim(text, "\n")
		head, rest, _ := strings.Cut(text, "\n")
		switch {
		case text == "":
		case strings.HasPrefix(rest, "  ") && strings.HasSuffix(head, ":"):
			all = append(all, head, rest)
		case strings.HasPrefix(text, "  "):
			all = append(all, text)
		default:
			all = append(all, strings.ReplaceAll(text, "\n", " "))
		}
	}
	return all
}

// offer finds what the kinds of values are that only this program knows.
func (f *flag) offer() error {
	switch f.Kind {
	case "", "file", "folder", "path", "user", "group", "zone":
	case "rlimit":
		for _, name := range limits.RlimitNames() {
			f.Words = append(f.Words, name+"=")
		}
		f.Kind = ""
	case "capability":
		for name := range strings.SplitSeq(identity.FormatCaps(^uint64(0)), ",") {
			// One that has no name yet is its number.
			if _, err := strconv.Atoi(name); err != nil {
				f.Words = append(f.Words, name)
			}
		}
		f.Kind = ""
	case "event":
		f.Words, f.Kind, f.List = append(report.FilterWords(), "all"), "", true
	case "signal":
		f.Words, f.Kind = signalNames(), ""
	case "signal=signal":
		f.Words = append(signalNames(), "none")
	default:
		return fmt.Errorf("complete:%q is of no known kind", f.Kind)
	}
	return nil
}

// signalNames are those that reach relance.
func signalNames() (names []string) {
	for sig := unix.Signal(1); sig < 32; sig++ {
		if signals.Receivable(sig) {
			names = append(names, signals.Name(sig))
		}
	}
	return names
}
