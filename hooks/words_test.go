package hooks

import (
	"slices"
	"strings"
	"testing"
	"time"

	"relance/report"
	"relance/restart"
)

func TestFilter(t *testing.T) {
	standard, all := Filter{}, mustFilter(t, "all")
	for _, kind := range restart.Kinds() {
		e := report.EventOf(restart.Report{Kind: kind, Exit: &restart.Exited{}}, "", time.Now())
		if standard.Has(e) == e.Silent() || !all.Has(e) || !mustFilter(t, "oom, "+string(kind)).Has(e) {
			t.Errorf("%s", kind)
		}
	}
	some := mustFilter(t, "oom,gave-up")
	if some.Has(report.Event{Kind: "up"}) || all.Has(report.Event{Msg: "a note"}) {
		t.Error("too much")
	}
	for _, words := range []string{"", "oom,", "nothing", "OOM"} {
		if _, err := ParseFilter(words); err == nil || !strings.Contains(err.Error(), "use all or some of begun left") {
			t.Errorf("%q: %v", words, err)
		}
	}
}

func mustFilter(t *testing.T, words string) Filter {
	t.Helper()
	f, err := ParseFilter(words)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

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
