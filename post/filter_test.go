package post

import (
	"slices"
	"testing"

	"relance/restart"
)

// TestWords: there is a word for each kind and each reason of the core, and none is two
// things.
func TestWords(t *testing.T) {
	all := append([]string{crash}, levels...)
	for _, kind := range restart.Kinds() {
		all = append(all, string(kind))
	}
	for _, reason := range restart.EveryReason() {
		all = append(all, string(reason))
	}
	for i, word := range all {
		if _, err := ParseFilter(word); err != nil {
			t.Error(err)
		}
		if slices.Contains(all[:i], word) {
			t.Errorf("%q is two things", word)
		}
	}
}
