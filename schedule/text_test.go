package schedule

import (
	"strings"
	"testing"

	"relance/limits"
)

// checkRefusal wants an error that says what was read, and what to write instead.
func checkRefusal(t testing.TB, what, in string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s %q is not refused", what, in)
		return
	}
	text := err.Error()
	if !strings.HasPrefix(text, "parse "+what) || !strings.Contains(text, "use ") || strings.ContainsAny(text, "\n\r\x00") || len(text) > 1000 {
		t.Errorf("%s %q: %v", what, in, err)
	}
	if first, _, _ := strings.Cut(limits.Quote(in), `..."`); !strings.Contains(text, first[:min(len(first), 10)]) {
		t.Errorf("%s %q: the error does not name it: %v", what, in, err)
	}
}
