package cli

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestDoctor(t *testing.T) {
	for _, c := range []struct {
		words string
		json  bool
	}{{"doctor", false}, {"doctor --json", true}} {
		todo, err := Parse(input(strings.Fields(c.words)...))
		if d, ok := todo.(*Doctor); err != nil || !ok || d.JSON != c.json {
			t.Errorf("%s: %+v, %v", c.words, todo, err)
		}
	}
	for _, words := range []string{"doctor --help", "doctor -h", "doctor --json --help", "help doctor"} {
		todo, err := Parse(input(strings.Fields(words)...))
		if p, ok := todo.(Print); err != nil || !ok || !strings.HasPrefix(p.Text, "Usage: relance doctor") {
			t.Errorf("%s: %+v, %v", words, todo, err)
		}
	}
	for _, words := range []string{"doctor x", "doctor --yaml", "doctor --json=1", "doctor --"} {
		var usage *Error
		if todo, err := Parse(input(strings.Fields(words)...)); !errors.As(err, &usage) || usage.Hint == "" {
			t.Errorf("%s: %+v, %v", words, todo, err)
		}
	}
	// The verb is one only as the first word.
	for _, words := range []string{"-- doctor --json", "run doctor --json", "--name x doctor --json"} {
		todo, err := Parse(input(strings.Fields(words)...))
		if run, ok := todo.(*Run); err != nil || !ok || !slices.Equal(run.Settings.Argv, []string{"doctor", "--json"}) {
			t.Errorf("%s: %+v, %v", words, todo, err)
		}
	}
	// Environment twins of flags are no concern of its.
	in := input("doctor")
	in.Env = append(in.Env, "RELANCE_MEMORY_HIGH=nonsense", "RELANCE_JSON=1")
	if todo, err := Parse(in); err != nil || todo.(*Doctor).JSON {
		t.Errorf("%+v, %v", todo, err)
	}
}
