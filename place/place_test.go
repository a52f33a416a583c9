package place_test

import (
	"testing"

	"relance/place"
)

var (
	readOnly = place.Refusal{Way: "own group", Why: "it is read-only", Cure: "mount it"}
	others   = place.Refusal{Way: "group around us", Why: "it holds 3 other processes too"}
)

// The error tells each way, and the cure of the last that has one.
func TestError(t *testing.T) {
	err := &place.Error{Wanted: "reading it", Refused: []place.Refusal{readOnly, others}}
	const want = "reading it is not possible here: own group: it is read-only; group around us: it holds 3 other processes too"
	if err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	if err.Hint() != "mount it" {
		t.Errorf("hint %q", err.Hint())
	}
	if hint := (&place.Error{Refused: []place.Refusal{others}}).Hint(); hint != "" {
		t.Errorf("hint %q", hint)
	}
}

func TestString(t *testing.T) {
	tests := []struct {
		refused []place.Refusal
		want    string
	}{
		{nil, "looks"},
		{[]place.Refusal{others}, "looks; not possible: group around us: it holds 3 other processes too"},
		{[]place.Refusal{readOnly}, "looks; not possible: own group: it is read-only; relance doctor tells how to get more"},
	}
	for _, tt := range tests {
		if got := (&place.Place{How: "looks", Refused: tt.refused}).String(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
