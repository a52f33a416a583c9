package cli

import (
	"errors"
	"testing"
	"time"
)

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
