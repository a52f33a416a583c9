package cli

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/entry"
	"relance/restart"
)

func input(args ...string) Input {
	return Input{Args: args, Env: []string{"A=1"}, Version: "relance test", Given: entry.Given{NoFile: unix.Rlimit{Cur: 100, Max: 200}}}
}

// Where the command begins, and what verb it is for.
func TestCommandWords(t *testing.T) {
	for _, test := range []struct {
		args []string
		exec bool
		want []string
	}{
		{[]string{"prog"}, false, []string{"prog"}},
		{[]string{"prog", "--help", "-x", "--", "y"}, false, []string{"prog", "--help", "-x", "--", "y"}},
		{[]string{"--", "prog", "--"}, false, []string{"prog", "--"}},
		{[]string{"--", "--", "prog"}, false, []string{"--", "prog"}},
		{[]string{"--", "--x"}, false, []string{"--x"}},
		{[]string{"--", ""}, false, []string{""}},
		{[]string{""}, false, []string{""}},
		{[]string{"-"}, false, []string{"-"}},
		{[]string{"--", "exec", "x"}, false, []string{"exec", "x"}},
		{[]string{"--", "run"}, false, []string{"run"}},
		{[]string{"--", "help"}, false, []string{"help"}},
		{[]string{"run", "prog"}, false, []string{"prog"}},
		{[]string{"run", "run"}, false, []string{"run"}},
		{[]string{"run", "--", "exec"}, false, []string{"exec"}},
		{[]string{"exec", "prog"}, true, []string{"prog"}},
		{[]string{"exec", "--", "exec", "exec"}, true, []string{"exec", "exec"}},
		{[]string{"exec", "run"}, true, []string{"run"}},
		{[]string{"--name", "x", "prog", "--name", "y"}, false, []string{"prog", "--name", "y"}},
		{[]string{"--name=x", "prog"}, false, []string{"prog"}},
		{[]string{"--name", "x", "--", "prog"}, false, []string{"prog"}},
		{[]string{"--name", "exec", "exec"}, false, []string{"exec"}},
		{[]string{"--nice", "-5", "prog"}, false, []string{"prog"}},
		{[]string{"exec", "--nice", "-5", "--", "prog"}, true, []string{"prog"}},
		{[]string{"--name=--", "prog"}, false, []string{"prog"}},
	} {
		todo, err := Parse(input(test.args...))
		var got []string
		switch todo := todo.(type) {
		case *Run:
			got = todo.Settings.Argv
		case *Exec:
			got = todo.Settings.Argv
		}
		if _, isExec := todo.(*Exec); err != nil || isExec != test.exec || !slices.Equal(got, test.want) {
			t.Errorf("%q: got %T %q, %v; want %q", test.args, todo, got, err, test.want)
		}
	}
}

// Values that look like flags, and values that are not there.
func TestFlagValues(t *testing.T) {
	for _, args := range [][]string{
		{"--oom-score-adj", "-500", "prog"},
		{"--oom-score-adj=-500", "prog"},
		{"run", "--oom-score-adj", "-500", "--", "prog"},
	} {
		todo, err := Parse(input(args...))
		if err != nil {
			t.Errorf("%q: %v", args, err)
		} else if got := todo.(*Run).Settings.OOMScoreAdj; got == nil || *got != -500 {
			t.Errorf("%q: got %v, want -500", args, got)
		}
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--nice"}, "--nice: no value"},
		{[]string{"exec", "--nice"}, "--nice: no value"},
		{[]string{"--nice", "--", "prog"}, "--nice: no value"},
		{[]string{"--name", "--log-format", "json", "prog"}, "--name: no value"},
		// A variable of the shell that is not set must not mean: no budget.
		{[]string{"--memory-high", "", "prog"}, "--memory-high: empty value; leave the flag out, or give it one"},
		{[]string{"--memory-high=", "prog"}, "--memory-high: empty value; leave the flag out, or give it one"},
		{[]string{"--observe=", "--every", "1h", "prog"}, "--observe: empty value; leave the flag out, or give it one"},
		{[]string{"--cpu-time", "1m", "--cpu-backstop", "--observe", "prog"}, "--cpu-backstop: the kernel would end what --observe only wants to know of; leave one of the two out"},
		{[]string{"--cpu-share", "95%/infinity", "prog"}, `--cpu-share 95%/infinity: "infinity" is not a number with a unit: use a duration such as 90s, 1h30m or 2d`},
		{[]string{"--rlimit", "", "prog"}, "--rlimit: empty value; leave the flag out, or give it one"},
		{[]string{"exec", "--rlimit=", "prog"}, "--rlimit: empty value; leave the flag out, or give it one"},
	} {
		if _, err := Parse(input(test.args...)); err == nil || err.Error() != test.want {
			t.Errorf("%q: got %v, want %s", test.args, err, test.want)
		}
	}
}

// Without flags nothing is set but what was given.
func TestPlain(t *testing.T) {
	in := input("prog", "x")
	in.Given = entry.Given{Blocked: 6, Ignored: 9, Closed: [3]bool{true, false, true}, NoFile: unix.Rlimit{Cur: 64, Max: 128}}
	todo, err := Parse(in)
	if err != nil {
		t.Fatal(err)
	}
	run := todo.(*Run)
	s := run.Settings
	if s.Blocked != 6 || s.Ignored != 9 || !slices.Equal(s.Close, []int{0, 2}) || s.Nice != nil || s.OOMScoreAdj != nil || !slices.Equal(s.Env, in.Env) {
		t.Errorf("settings: %+v", s)
	}
	if len(s.Rlimits) != 1 || s.Rlimits[0].Resource != unix.RLIMIT_NOFILE || s.Rlimits[0].Cur != 64 || s.Rlimits[0].Max != 128 {
		t.Errorf("rlimits: %+v", s.Rlimits)
	}
	if run.Supervising || len(run.Notes) > 0 || run.StopSignalSet || s.ParentDeath != unix.SIGTERM {
		t.Errorf("run: %+v", run)
	}
	p := run.Policy
	p.Seed = 0
	want := restart.Policy{
		StopSignal: restart.Sig(unix.SIGTERM), Grace: 10 * time.Second, MinUptime: time.Second,
		BackoffMin: 100 * time.Millisecond, BackoffMax: 30 * time.Second, MaxUnavailable: 1,
	}
	if p != want {
		t.Errorf("policy: got %+v, want %+v", p, want)
	}
}

// The flag wins over its twin in the environment; an empty twin is none.
func TestTwins(t *testing.T) {
	for _, test := range []struct {
		env, args []string
		want      string
	}{
		{[]string{"RELANCE_NAME=twin"}, []string{"prog"}, "twin"},
		{[]string{"RELANCE_NAME=twin"}, []string{"--name", "flag", "prog"}, "flag"},
		{[]string{"RELANCE_NAME=twin"}, []string{"run", "--", "prog"}, "twin"},
		{[]string{"RELANCE_NAME="}, []string{"prog"}, ""},
		{[]string{"RELANCE_OTHER=x"}, []string{"prog"}, ""},
	} {
		in := input(test.args...)
		in.Env = test.env
		for _, entry := range test.env {
			name, value, _ := strings.Cut(entry, "=")
			t.Setenv(name, value)
		}
		todo, err := Parse(in)
		if err != nil {
			t.Errorf("%q %q: %v", test.env, test.args, err)
			continue
		}
		if got := todo.(*Run).Name; got != test.want {
			t.Errorf("%q %q: got %q, want %q", test.env, test.args, got, test.want)
		}
	}
}

// The limits of a command: all that were asked for, and always RLIMIT_NOFILE.
func TestRlimits(t *testing.T) {
	todo, err := Parse(input("--rlimit", "cpu=1:5,core=0", "--rlimit", "nofile=50", "prog"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range todo.(*Run).Settings.Rlimits {
		got = append(got, r.What)
	}
	slices.Sort(got)
	if want := []string{"core to 0 B:", "cpu to 1 s:5 s", "nofile to 50:200"}; len(got) != 3 || !strings.HasPrefix(got[0], want[0]) || !slices.Equal(got[1:], want[1:]) {
		t.Errorf("got %q, want %q", got, want)
	}
	p := todo.(*Run).Policy
	if p.CPUSoft != time.Second || p.CPUHard != 5*time.Second {
		t.Errorf("policy: %+v", p)
	}
}

// The parts of the message: what is wrong, and where there is more to say, a hint.
func TestComplain(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{&Error{Msg: "m", Hint: "h"}, "relance: error: m\nrelance: hint: h\n"},
		{&Error{Msg: "m"}, "relance: error: m\n"},
		{&child.StageError{Step: "s", Errno: unix.EPERM}, "relance: error: s: operation not permitted\n"},
	} {
		var out bytes.Buffer
		Complain(&out, test.err)
		if out.String() != test.want {
			t.Errorf("got %q, want %q", out.String(), test.want)
		}
	}
}

// "help" before a verb is the help of that verb; anything else is no command to
// run.
func TestHelp(t *testing.T) {
	for words, want := range map[string]string{
		"help": "Usage: relance [flags]", "help exec": "Usage: relance exec", "help doctor": "Usage: relance doctor",
		"help completion": "Usage: relance completion", "completion -h": "Usage: relance completion", "completion zsh": "#compdef relance\n",
		"help run": "Usage: relance [flags]", "help touch": "Usage: relance [flags]", "exec --help": "Usage: relance exec",
	} {
		todo, err := Parse(Input{Args: strings.Fields(words)})
		text, ok := todo.(Print)
		if !ok || err != nil || !strings.HasPrefix(text.Text, want) {
			t.Errorf("relance %s: %+v, %v, want a text that begins with %q", words, todo, err, want)
		}
	}
}
