package cli

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// written is a file with that text.
func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "relance.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// with is an input with an environment, which kong looks for in the real one.
func with(t *testing.T, env []string, words ...string) Input {
	t.Helper()
	in := input(words...)
	in.Env = env
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value)
	}
	return in
}

// The flag wins over the environment, the environment over the file, the file
// over what is the case without.
func TestPrecedence(t *testing.T) {
	for _, test := range []struct {
		name  string
		file  string
		env   []string
		words []string
		want  string // of --print-config
	}{
		{"file", `name = "file"`, nil, nil, `name = "file"  # FILE:1`},
		{"environment over file", `name = "file"`, []string{"RELANCE_NAME=env"}, nil, `name = "env"  # RELANCE_NAME`},
		{"flag over file", `name = "file"`, nil, []string{"--name", "flag"}, `name = "flag"  # --name`},
		{"flag over environment", ``, []string{"RELANCE_NAME=env"}, []string{"--name", "flag"}, `name = "flag"  # --name`},
		{"flag over both", `name = "file"`, []string{"RELANCE_NAME=env"}, []string{"--name=flag"}, `name = "flag"  # --name`},
		{"empty environment is none", `name = "file"`, []string{"RELANCE_NAME="}, nil, `name = "file"  # FILE:1`},
		{"file over default", `stop-timeout = "3s"`, nil, nil, `stop-timeout = "3s"  # FILE:1`},
		{"default", ``, nil, nil, `# stop-timeout = "10s"  # default`},
		{"the last flag", ``, nil, []string{"--name", "a", "--name", "b"}, `name = "b"  # --name`},
		{"other name in the file", "\nmax-age = '6h'", nil, nil, `every = "6h"  # FILE:2`},
		{"flag over other name in the file", `max-age = "6h"`, nil, []string{"--every", "2h"}, `every = "2h"  # --every`},
		{"other flag over name in the file", `every = "6h"`, nil, []string{"--max-age", "2h"}, `every = "2h"  # --max-age`},
		{"other variable over file", `every = "6h"`, []string{"RELANCE_MAX_AGE=2h"}, nil, `every = "2h"  # RELANCE_MAX_AGE`},
		{"list", `at = ["04:00", "Sat 05:00"]`, nil, nil, `at = ["04:00", "Sat 05:00"]  # FILE:1`},
		{"one for a list", `at = "04:00,05:00"`, nil, nil, `at = ["04:00,05:00"]  # FILE:1`},
		{"flags for a list", `at = ["04:00"]`, nil, []string{"--at", "1:00", "--at", "2:00"}, `at = ["1:00", "2:00"]  # --at`},
		{"environment for a list", `rlimit = ["core=1"]`, []string{"RELANCE_RLIMIT=core=0,cpu=1h"}, nil, `rlimit = ["core=0,cpu=1h"]  # RELANCE_RLIMIT`},
		{"bare number", `nice = 0x0_5`, nil, nil, `nice = 5  # FILE:1`},
		{"number in quotes", `nice = "5"`, nil, nil, `nice = 5  # FILE:1`},
		{"a word that is no number", `name = "05"`, nil, nil, `name = "05"  # FILE:1`},
		{"a word that is no truth", ``, nil, []string{"--name", "true"}, `name = "true"  # --name`},
		{"odd letters", `name = "\"\\\té\u001b\x7f"`, nil, nil, `name = "\"\\\u0009é\u001B\u007F"  # FILE:1`},
		{"the flag names another file than the variable", ``, []string{"RELANCE_CONFIG=/nowhere"}, []string{"--name", "x"}, `name = "x"  # --name`},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := written(t, test.file)
			words := append(append([]string{"--config", path, "--print-config"}, test.words...), "prog", "--name", "other")
			todo, err := Parse(with(t, test.env, words...))
			text, ok := todo.(Print)
			if !ok {
				t.Fatalf("got %T, %v", todo, err)
			}
			if got := strings.Split(strings.ReplaceAll(text.Text, path, "FILE"), "\n"); !slices.Contains(got, test.want) {
				t.Errorf("got\n%s\nwant the line\n%s", strings.Join(got, "\n"), test.want)
			}
		})
	}
}

// The values of a file are in force, not only printed: a list of the command line
// takes the place of that of the file.
func TestConfigInForce(t *testing.T) {
	path := written(t, `
"nice" = -5
memory-high = "500M"
rlimit = ["core=0,nofile=50", "cpu=1h"]
at = ["04:00", "Sat 05:00"]
stop-timeout = "3s"
`)
	for _, test := range []struct {
		words            []string
		at, limits, nice int
		high             int64
	}{
		{nil, 2, 3, -5, 500 << 20},
		{[]string{"--at", "06:00"}, 1, 3, -5, 500 << 20},
		{[]string{"--rlimit", "core=0", "--nice", "7", "--memory-high", "1G"}, 2, 2, 7, 1 << 30},
	} {
		run, plan := planOf(t, append([]string{"--config", path}, test.words...)...)
		s := run.Settings
		if len(plan.At) != test.at || len(s.Rlimits) != test.limits || s.Nice == nil || *s.Nice != test.nice || run.Policy.MemoryHigh != test.high {
			t.Errorf("%q: %d times, %d limits, nice %v, memory-high %d", test.words, len(plan.At), len(s.Rlimits), s.Nice, run.Policy.MemoryHigh)
		}
		if run.Policy.Grace.Seconds() != 3 || !slices.Equal(s.Argv, []string{"prog"}) {
			t.Errorf("%q: %+v", test.words, run)
		}
	}
}

// What is printed is a file that says the same.
func TestPrintConfigComesBack(t *testing.T) {
	first := written(t, "memory-high = '500M'\nat = ['04:00', \"Sat\\t05:00\"]\ncron = []\n")
	said := func(path string, words ...string) string {
		t.Helper()
		todo, err := Parse(input(append(words, "--config", path, "--print-config")...))
		if err != nil {
			t.Fatal(err)
		}
		return todo.(Print).Text
	}
	values := func(text string) (lines []string) {
		for line := range strings.Lines(text) {
			if value, _, _ := strings.Cut(line, "  # "); !strings.HasPrefix(value, "# ") {
				lines = append(lines, value)
			}
		}
		return lines
	}
	one := said(first, "--rlimit", "core=0,cpu=1h", "--rewrite", "HUP=QUIT", "--rewrite", "USR1=none", "--nice=-3", "--name", `a "b" \ # é`)
	path := written(t, one)
	two := said(path)
	if err := os.WriteFile(path, []byte(two), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := values(one); len(got) != 6 || !slices.Equal(got, values(two)) {
		t.Errorf("printed\n%s\nread back\n%s", one, two)
	}
	if three := said(path); three != two {
		t.Errorf("printed\n%s\nread back\n%s", two, three)
	}
	if _, err := Parse(input("--name", "\xff", "--print-config")); err == nil || err.Error() != "--name: no UTF-8, which a file of flags cannot hold" {
		t.Errorf("no UTF-8: %v", err)
	}
}

// The standard value of each flag, which help and --print-config show, is what is
// the case without the flag.
func TestStandards(t *testing.T) {
	base := []string{"--memory-high", "1G", "--every", "1h", "--max-requests", "9"}
	plain := func(words ...string) Run {
		t.Helper()
		todo, err := Parse(input(append(words, "prog")...))
		if err != nil {
			t.Fatalf("%q: %v", words, err)
		}
		run := *todo.(*Run)
		run.Policy.Seed, run.Policy.Plan, run.StopSignalSet = 0, nil, false
		return run
	}
	without, n := plain(base...), 0
	for _, f := range runFlagsOf(t) {
		standard, ok := f.Tag.Vars["standard"]
		if !ok {
			continue
		}
		n++
		if got := plain(append([]string{"--" + f.Name, standard}, base...)...); !reflect.DeepEqual(got, without) {
			t.Errorf("--%s %s: %+v, without it %+v", f.Name, standard, got, without)
		}
	}
	if n < 9 || reflect.DeepEqual(plain(append([]string{"--stop-timeout", "9s"}, base...)...), without) {
		t.Errorf("%d standard values, or nothing can be told", n)
	}
}

// Only a regular file is opened, so that nothing waits for a writer.
func TestReadConfig(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	full := written(t, strings.Repeat("#", maxConfig))
	if text, err := readConfig(full); err != nil || len(text) != maxConfig {
		t.Errorf("a file of %d bytes: %d, %v", maxConfig, len(text), err)
	}
	for path, want := range map[string]string{
		dir: "a directory; name a regular file", pipe: "a pipe; name a regular file",
		"/dev/null": "a device; name a regular file", dir + "/none": "no such file or directory",
		full + "/x": "not a directory", "-": "standard input is not read; name a file",
		written(t, strings.Repeat("#", maxConfig+1)): "larger than 1 MiB, which is no file of flags",
	} {
		if _, err := readConfig(path); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
		if _, err := Parse(input("--config", path, "prog")); err == nil || err.Error() != "--config "+path+": "+want {
			t.Errorf("--config %s: %v", path, err)
		}
		if _, err := Parse(with(t, []string{"RELANCE_CONFIG=" + path}, "prog")); err == nil || err.Error() != "RELANCE_CONFIG "+path+": "+want {
			t.Errorf("RELANCE_CONFIG=%s: %v", path, err)
		}
		t.Setenv("RELANCE_CONFIG", "")
	}
}
