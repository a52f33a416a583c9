package cgroup

import "testing"

func TestHolds(t *testing.T) {
	const group = "relance-7-1"
	for text, want := range map[string]bool{
		"0::/relance-7-1\n":                      true,
		"0::/app.service/relance-7-1\n":          true,
		"0::/app.service/relance-7-1/below/it\n": true,
		"0::/relance-7-1 (deleted)\n":            true,
		"0::/../other/relance-7-1\n":             true,
		"4:memory:/x\n0::/relance-7-1\n":         true,
		"0::/\n":                                 false,
		"0::/../..\n":                            false,
		"0::/user.slice/session-1.scope\n":       false,
		"0::/relance-7-10\n":                     false,
		"0::/relance-7-1x/y\n":                   false,
		"0::/xrelance-7-1\n":                     false,
		"4:memory:/relance-7-1\n0::/elsewhere\n": false,
	} {
		if got, err := holds([]byte(text), group); got != want || err != nil {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "4:memory:/relance-7-1\n", "0::"} {
		if got, err := holds([]byte(text), group); got || err == nil {
			t.Errorf("%q: %v, %v, want an error", text, got, err)
		}
	}
}
