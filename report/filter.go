package report

import (
	"fmt"
	"slices"
	"strings"

	"relance/restart"
)

// Filter says which events somebody wants to know of. Its zero value has none.
type Filter struct{ words []string }

// every is the word for all events, those too that are silent.
const every = "all"

// crash is the word for a generation that has ended badly, unasked: as there is no line
// of that where relance ends with it.
const crash = "crash"

// levels, the least first.
var levels = []string{"info", "warn", "error"}

// Severity is that of the level: the more severe, the higher.
func (e Event) Severity() int { return slices.Index(levels, e.Level) }

// FilterWords are those of a filter but all: levels (that one and worse, of what is in
// the log), crash, kinds of events, and reasons (a generation has left for it).
func FilterWords() []string {
	words := append(slices.Clone(levels), crash)
	for _, kind := range restart.Kinds() {
		words = append(words, string(kind))
	}
	for _, reason := range restart.EveryReason() {
		words = append(words, string(reason))
	}
	return words
}

// ParseFilter reads all, or some of FilterWords, with commas between.
func ParseFilter(s string) (Filter, error) {
	var f Filter
	known := FilterWords()
	for word := range strings.SplitSeq(s, ",") {
		word = strings.TrimSpace(word)
		if word != every && !slices.Contains(known, word) {
			return Filter{}, fmt.Errorf("no such event %q, use all or some of %s", word, strings.Join(known, " "))
		}
		f.words = append(f.words, word)
	}
	return f, nil
}

// Has reports whether e is wanted. What is about no generation never is: who is told
// causes such lines himself.
func (f Filter) Has(e Event) bool {
	return e.Kind != "" && slices.ContainsFunc(f.words, func(word string) bool {
		switch {
		case word == every:
			return true
		case word == crash:
			return e.Kind == string(restart.Left) && (e.Reason == string(restart.Signaled) ||
				e.Reason == string(restart.Exit) && e.ExitStatus != nil && *e.ExitStatus != 0)
		case slices.Contains(levels, word):
			return !e.Silent() && e.Severity() >= slices.Index(levels, word)
		case e.Kind == string(restart.Left) && e.Reason == word:
			return true
		}
		return e.Kind == word
	})
}
