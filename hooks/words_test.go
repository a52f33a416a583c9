package hooks

import (
	"slices"
	"strings"
	"testing"
)

func TestEnviron(t *testing.T) {
	given := []string{"A=1", "RELANCE_ON_EVENT=x", "RELANCE_ON_EVENT_2=kept", "NOTIFY_SOCKET=/run/x", "LISTEN_PIDFDID=7",
		"SERVER_STARTER_PORT=80=3", "RELANCE_GENERATION=9", "=odd", "PATH=/bin", "A=2"}
	want := []string{"A=1", "RELANCE_ON_EVENT_2=kept", "=odd", "PATH=/bin", "A=2"}
	if got := Environ(given, []string{"RELANCE_ON_EVENT"}); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// What a child has said may be anything, and execve(2) takes not all.
func TestValues(t *testing.T) {
	var v vars
	v.add("A", "")
	v.add("B", "a\x00b\nc")
	v.add("C", strings.Repeat("x", 1<<20))
	if !slices.Equal(v[:1], []string{"B=ab\nc"}) || len(v) != 2 || len(v[1]) != len("C=")+maxValue {
		t.Errorf("%d entries, %.20q", len(v), v)
	}
}
