package cli

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestNotify(t *testing.T) {
	long := strings.Repeat("i", 64)
	for _, c := range []struct {
		words []string
		want  Notify
	}{
		{[]string{"--request"}, Notify{Fields: []string{"X_RELANCE_REQUESTS=1"}, Requests: 1}},
		{[]string{"--request=5", "--request", "7"}, Notify{Fields: []string{"X_RELANCE_REQUESTS=5", "X_RELANCE_REQUESTS=7"}, Requests: 12}},
		{[]string{"--request", "--ready"}, Notify{Fields: []string{"X_RELANCE_REQUESTS=1", "READY=1"}, Requests: 1, Others: true}},
		{[]string{"--begin", "--end=" + long}, Notify{Fields: []string{"X_RELANCE_BEGIN=", "X_RELANCE_END=" + long}, Others: true}},
		{[]string{"--begin", "17"}, Notify{Fields: []string{"X_RELANCE_BEGIN=17"}, Others: true}},
		{[]string{"--status", "two words", "--stopping"}, Notify{Fields: []string{"STATUS=two words", "STOPPING=1"}, Others: true}},
		{[]string{"--status="}, Notify{Fields: []string{"STATUS="}, Others: true}},
		{[]string{"--status=-x=y"}, Notify{Fields: []string{"STATUS=-x=y"}, Others: true}},
		{[]string{"--extend=1m30s"}, Notify{Fields: []string{"EXTEND_TIMEOUT_USEC=90000000"}, Others: true}},
		{[]string{"--reloading"}, Notify{Fields: []string{"RELOADING=1"}, Others: true, Reloading: true}},
		{[]string{"--watchdog", "--trigger"}, Notify{Fields: []string{"WATCHDOG=1", "WATCHDOG=trigger"}, Others: true}},
	} {
		todo, err := Parse(input(append([]string{"notify"}, c.words...)...))
		if got, ok := todo.(*Notify); err != nil || !ok || !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%q: %+v, %v", c.words, todo, err)
		}
	}
	for _, words := range []string{
		"", "x", "--nonsense", "--ready=1", "--ready x", "--status", "--status --ready", "--extend", "--extend=", "--extend=soon", "--extend=-1s",
		"--request=", "--request=x", "--request=-1", "--request=1000000001", "--begin=", "--begin=ä", "--end=" + long + "i", "ready", "--",
	} {
		var usage *Error
		if todo, err := Parse(input(append([]string{"notify"}, strings.Fields(words)...)...)); !errors.As(err, &usage) || usage.Msg == "" {
			t.Errorf("%s: %+v, %v", words, todo, err)
		}
	}
	for _, status := range []string{"--status=a\nREADY=1", "--begin=a b", "--begin=a\nREADY=1"} {
		if todo, err := Parse(input("notify", status)); err == nil {
			t.Errorf("%q: %+v", status, todo)
		}
	}
	for _, words := range []string{"notify --help", "notify -h", "notify --ready --help", "help notify"} {
		todo, err := Parse(input(strings.Fields(words)...))
		if p, ok := todo.(Print); err != nil || !ok || !strings.HasPrefix(p.Text, "Usage: relance notify") {
			t.Errorf("%s: %+v, %v", words, todo, err)
		}
	}
	// The verb is one only as the first word.
	if todo, err := Parse(input("--", "notify", "--ready")); err != nil || todo.(*Run).Settings.Argv[0] != "notify" {
		t.Errorf("%+v, %v", todo, err)
	}
}
