package cli

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestCountLines(t *testing.T) {
	for _, test := range []struct {
		words []string
		// out and errs are whether lines there are counted, line is one that matches.
		out, errs bool
		line      string
		err       string
	}{
		{[]string{"prog"}, false, false, "", ""},
		{[]string{"--count-lines", "^GET /", "prog"}, true, true, "GET /x", ""},
		{[]string{"--count-lines=x", "--count-stream", "both", "prog"}, true, true, "x", ""},
		{[]string{"--count-lines", "-x", "--count-stream", "stdout", "prog"}, true, false, "-x", ""},
		{[]string{"--count-stream=stderr", "--count-lines", "^$", "prog"}, false, true, "", ""},
		{[]string{"--count-lines", "", "prog"}, false, false, "", "--count-lines: empty value; leave the flag out, or give it one"},
		{
			[]string{"--count-lines", "a(b", "prog"}, false, false, "",
			`--count-lines a(b: missing closing ): "a(b"; use the syntax of RE2, as grep -E has it but for back-references, such as '^GET /'`,
		},
		{
			[]string{"--count-lines", `(a) \1`, "prog"}, false, false, "",
			`--count-lines "(a) \\1": invalid escape sequence: "\\1"; use the syntax of RE2, as grep -E has it but for back-references, such as '^GET /'`,
		},
		{[]string{"--count-lines", "x", "--count-stream", "2", "prog"}, false, false, "", "--count-stream 2: no such stream, use stdout, stderr or both"},
		{[]string{"--count-stream", "both", "prog"}, false, false, "", ""},
		{[]string{"--count-stream", "stderr", "prog"}, false, false, "", "--count-stream stderr: no lines are counted here; give --count-lines too"},
	} {
		todo, err := Parse(input(append([]string{"--max-requests", "9"}, test.words...)...))
		if err != nil || test.err != "" {
			if err == nil || err.Error() != test.err {
				t.Errorf("%q: got %v, want %s", test.words, err, test.err)
			}
			continue
		}
		run := todo.(*Run)
		counts := test.out || test.errs
		if run.CountStdout != test.out || run.CountStderr != test.errs || (run.CountLines != nil) != counts {
			t.Errorf("%q: %v, stdout %v, stderr %v", test.words, run.CountLines, run.CountStdout, run.CountStderr)
		}
		if counts && !run.CountLines.MatchString(test.line) {
			t.Errorf("%q: does not match %q", test.words, test.line)
		}
	}
	for want, words := range map[string][]string{
		"--count-lines x: a terminal":       {"--count-lines", "x", "prog"},
		"--count-stream stdout: a terminal": {"--count-lines", "x", "--count-stream", "stdout", "prog"},
	} {
		todo, err := Parse(input(append([]string{"--max-requests", "9"}, words...)...))
		if err != nil {
			t.Fatal(err)
		}
		if err := todo.(*Run).Uncounted(errors.New("a terminal")); err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestOutputSilence(t *testing.T) {
	for _, test := range []struct {
		words []string
		want  time.Duration
		err   string
	}{
		{[]string{"prog"}, 0, ""},
		{[]string{"--output-silence", "5m", "prog"}, 5 * time.Minute, ""},
		{[]string{"--output-silence=1", "prog"}, time.Second, ""},
		{[]string{"--output-silence", "999ms", "prog"}, 0, "--output-silence 999ms: too short, use at least 1 s"},
		{[]string{"--output-silence", "0", "prog"}, 0, "--output-silence 0: too short, use at least 1 s"},
		{[]string{"--output-silence", "", "prog"}, 0, "--output-silence: empty value; leave the flag out, or give it one"},
	} {
		todo, err := Parse(input(test.words...))
		if err != nil || test.err != "" {
			if err == nil || err.Error() != test.err {
				t.Errorf("%q: got %v, want %s", test.words, err, test.err)
			}
			continue
		}
		run := todo.(*Run)
		if run.Policy.Silence != test.want || run.Supervising != (test.want != 0) {
			t.Errorf("%q: %v, supervising %v", test.words, run.Policy.Silence, run.Supervising)
		}
	}
	todo, err := Parse(input("--output-silence", "5m", "prog"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "--output-silence 5m: stdout and stderr are a terminal"
	if err := todo.(*Run).Uncarried(errors.New("stdout and stderr are a terminal")); err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Each worker takes some descriptors, for its output above all.
func TestUncarriedWorkers(t *testing.T) {
	todo, err := Parse(input("--workers", "300", "prog"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "--workers 300: make an eventfd for stdout: too many open files; raise the limit (ulimit -n, LimitNOFILE=)"
	if err := todo.(*Run).Uncarried(fmt.Errorf("make an eventfd for stdout: %w", unix.EMFILE)); err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestPrefixOutput(t *testing.T) {
	const want = "--prefix-output: there is no worker; give --workers too, or leave it out"
	if err := prefixesOutput(true, 0); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	for _, good := range []struct {
		asked   bool
		workers int
	}{{true, 2}, {false, 1}, {false, 8}} {
		if err := prefixesOutput(good.asked, good.workers); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	if err := new(Run).Unprefixed(errors.New("stdout is a device")); err.Error() != "--prefix-output: stdout is a device" {
		t.Errorf("got %v", err)
	}
}
