package cli

import (
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// runFlagsOf are the flags of relance run, as kong knows them.
func runFlagsOf(t testing.TB) []*kong.Flag {
	t.Helper()
	parser, err := newParser(&runFlags{}, io.Discard, verbRun)
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model.Flags
}

// What is wrong with a file is told with the line, the key and the cure.
func TestConfigErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"memory_high = '1G'", `FILE:1: memory_high: no such flag, did you mean "memory-high"?`},
		{"\n\nmemory-hig = '1G'", `FILE:3: memory-hig: no such flag, did you mean "memory-high"?`},
		{"MemoryHigh = '1G'", `FILE:1: MemoryHigh: no such flag, did you mean "memory-high"?`},
		{"memory.high = '1G'", `FILE:1: memory.high: no such flag, did you mean "memory-high"?`},
		{"--nice = 1", `FILE:1: --nice: no such flag, did you mean "nice"?`},
		{"max-ag = '1h'", `FILE:1: max-ag: no such flag, did you mean "max-age"?`},
		{"colour = 1", `FILE:1: colour: no such flag; relance --help lists them`},
		{"'' = 1", `FILE:1: "": no such flag; relance --help lists them`},
		{`"a\u001b" = 1`, `FILE:1: "a\x1b": no such flag`},
		{strings.Repeat("a", 5000) + "= 1", "FILE:1: " + strings.Repeat("a", 200) + "...: no such flag"},
		{"version = true", "FILE:1: version: not in a file; give --version on the command line"},
		{"help = true", "FILE:1: help: not in a file; give --help on the command line"},
		{"config = 'x'", "FILE:1: config: not in a file; give --config on the command line"},
		{"print-config = true", "FILE:1: print-config: not in a file; give --print-config"},
		{"nice = 1\n[run]\nnice = 1", "FILE:2: [run]: there are no tables here"},
		{"[[a.b]]", "FILE:1: [a.b]: there are no tables here"},
		{"name = {a = 1}", "FILE:1: name = {a = 1}: a table, where a value is wanted"},
		{"nice = 1\nnice = 2", "FILE:2: nice: set a second time, after nice in line 1; keep one"},
		{"every = '1h'\n\nmax-age = '1h'", "FILE:3: max-age: set a second time, after every in line 1; keep one"},

		{"nice = [1, 2]", "FILE:1: nice = [1, 2]: a list, where one value is wanted; take one, without brackets"},
		{"at = [['04:00']]", "FILE:1: at = [['04:00']]: a list in a list"},
		{"at = 04:00:00", "FILE:1: at = 04:00:00: a date or a time of TOML; put it in quotes"},
		{"at = [2026-01-01]", "FILE:1: at = [2026-01-01]: a date or a time of TOML; put it in quotes"},
		{"memory-high = nan", "FILE:1: memory-high = nan: no number that a flag takes; use digits"},
		{"stop-timeout = inf", "FILE:1: stop-timeout = inf: no number that a flag takes; use digits"},
		{"nice = 1e3", "FILE:1: nice = 1e3: no number that a flag takes; use digits"},
		{"nice = 9223372036854775808", "FILE:1: nice = 9223372036854775808: no number that a flag takes; use digits"},
		{"memory-high = true", "FILE:1: memory-high = true: --memory-high wants a value, not true or false; give one in quotes"},
		{"name = ''", "FILE:1: name = '': empty value; leave the key out, or give it one"},
		{"at = ['04:00', '']", "FILE:1: at = ['04:00', '']: empty value"},
		{`name = "a\u0000"`, `FILE:1: name = "a\u0000": a zero byte in it, which no command line can have`},
		{"name = '" + strings.Repeat("a", maxWord+1) + "'", "FILE:1: name = '" + strings.Repeat("a", 192) + "...: longer than 4096 bytes"},

		{"nice = 5\nmemory-high = 500M", "FILE:2:18: "},
		{"nice", "FILE:1:"},
		{"nice = ", "FILE:1:"},
		{"nice = 010", "FILE:1:8: "},
		{"name = \"x", "FILE:1:"},
		{"name = \"x\xff\"", "FILE:1:"},
		{"\xff", "FILE:1:1: "},
		{"name = 'x'\x00", "FILE:1:"},
		{"at = " + strings.Repeat("[", 1<<19), "FILE:1:"},

		// Values that only buildRun knows to be wrong, under the key that was used.
		{"\nmemory-high = '5X'", `FILE:2: memory-high = 5X: unknown unit "X" (use K, M, G, T`},
		{"nice = 1.5", "FILE:1: nice = 1.5: use a whole number from -20 to 19"},
		{"max-age = '1ms'", "FILE:1: max-age = 1ms: too often, use at least 1 s"},
		{"rewrite = 'HUP'", `FILE:1: rewrite = "HUP": no "=" in it, use SIGNAL=SIGNAL`},
		{"name = \"a\\nb\"", `FILE:1: name = "a\nb": a name is one line`},
		{"memory-max = '1G'\nmemory-high = '2G'", "FILE:2: memory-high = 2G: not below --memory-max 1G, which would be reached first"},
	} {
		path := written(t, test.text)
		for _, words := range [][]string{{"prog"}, {"--print-config"}} {
			todo, err := Parse(input(append([]string{"--config", path}, words...)...))
			if err == nil || !strings.HasPrefix(strings.ReplaceAll(err.Error(), path, "FILE"), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%.60q: got %v, %v, want %s", test.text, todo, err, test.want)
			}
		}
	}
}

// A wrong value is blamed on where it stands, not on what lost.
func TestBlame(t *testing.T) {
	path := written(t, "nice = 'file'")
	for _, test := range []struct {
		env, words []string
		want       string
	}{
		{nil, []string{"--nice", "flag", "prog"}, "--nice flag: "},
		{nil, []string{"prog", "--nice", "5"}, "FILE:1: nice = file: "},
		{[]string{"RELANCE_NICE=env"}, []string{"prog", "--nice=5"}, "RELANCE_NICE env: "},
		{[]string{"RELANCE_NICE="}, []string{"prog"}, "FILE:1: nice = file: "},
	} {
		_, err := Parse(with(t, test.env, append([]string{"--config", path}, test.words...)...))
		if err == nil || !strings.HasPrefix(strings.ReplaceAll(err.Error(), path, "FILE"), test.want) {
			t.Errorf("%q %q: %v, want %s", test.env, test.words, err, test.want)
		}
	}
	if _, err := Parse(with(t, []string{"RELANCE_MAX_AGE=soon"}, "prog")); err == nil || !strings.HasPrefix(err.Error(), "RELANCE_MAX_AGE soon: ") {
		t.Errorf("the other name of a variable: %v", err)
	}
}

// word is a flag that takes a value or none.
type word string

func (w *word) Decode(ctx *kong.DecodeContext) error {
	*w = "all"
	if ctx.Scan.Peek().Type == kong.FlagValueToken {
		if value := ctx.Scan.Pop().String(); value != "true" {
			*w = word(value)
		}
	}
	return nil
}

func (*word) IsBool() bool { return true }

// Flags without a value are true, false or, where they take one, a value.
func TestBoolKeys(t *testing.T) {
	for _, test := range []struct {
		text, plain string
		set         bool
		word        word
	}{
		{"set = true\nword = true", "set = true\nword = true\n", true, "all"},
		{"set = false\nword = false", "set = false\n", false, ""},
		{"word = 'a,b'", "word = \"a,b\"\n", false, "a,b"},
		{"", "", false, ""},
	} {
		var flags struct {
			Set  bool
			Word word
		}
		parser, err := kong.New(&flags)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parseConfig("FILE", []byte(test.text), parser.Model.Flags)
		if err != nil {
			t.Fatal(err)
		}
		if err = kong.Resolvers(file).Apply(parser); err == nil {
			_, err = parser.Parse(nil)
		}
		if err != nil || flags.Set != test.set || flags.Word != test.word {
			t.Errorf("%q: %+v, %v", test.text, flags, err)
		}
		got := given{flags: parser.Model.Flags, file: file}
		printed, err := got.print()
		if text := strings.NewReplacer("  # FILE:1", "", "  # FILE:2", "").Replace(printed.(Print).Text); err != nil || text != test.plain {
			t.Errorf("%q: printed %q, %v", test.text, text, err)
		}
	}
}

// A file is an error, or words for flags that there are: those of a command line,
// and when they are printed the same come back.
func FuzzConfig(f *testing.F) {
	for _, s := range []string{
		"memory-high = '500M'\nat = ['04:00', \"Sat 05:00\"]\nnice = 5", "max-age = \"6h\" # c", "[run]\nnice = 1", "nice = 1.5",
		"name = '''\na\nb'''", "name = \"\"\"a\\\n  b\"\"\"", "name = \"\\u001b\\U0001F600\\x7f\"", "at = [\n'1:00', # c\n]\r\n", "a.b = {c = []}",
		"name = \"\\", "name = \"a\r\n\"", "name = \"\xff\"", "\"nice\" = 0x1_0", "nice = +0b1", "memory_high = 1", "at = 2026-01-01T00:00:00Z", "name = \"\u2028\"",
	} {
		f.Add([]byte(s))
	}
	flags := runFlagsOf(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parseConfig("FILE", text, flags)
		if err != nil {
			if msg := err.Error(); !strings.HasPrefix(msg, "FILE:") || strings.Contains(msg, "\n") || !utf8.ValidString(msg) || len(msg) > 1000 {
				t.Fatalf("%q: %q", text, msg)
			}
			return
		}
		for name, s := range c.settings {
			flag := flagOf(flags, name)
			if flag == nil || flag.Name != name || flag.Tag.Get("config") == "-" || name == "help" || s.line < 1 {
				t.Fatalf("%q: %s: %+v", text, name, s)
			}
			for _, word := range s.words {
				if word == "" || len(word) > maxWord || strings.ContainsRune(word, 0) || !utf8.ValidString(word) {
					t.Fatalf("%q: %s: %q", text, name, word)
				}
			}
		}
		got := given{flags: flags, file: c}
		printed, err := got.print()
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again, err := parseConfig("FILE", []byte(printed.(Print).Text), flags)
		if err != nil {
			t.Fatalf("%q: printed %q: %v", text, printed, err)
		}
		for name, s := range c.settings {
			if !slices.Equal(again.settings[name].words, s.words) {
				t.Fatalf("%q: %s was %q, is %q", text, name, s.words, again.settings[name].words)
			}
		}
	})
}
