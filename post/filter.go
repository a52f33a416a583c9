package post

import (
	"fmt"
	"slices"
	"strings"

	"relance/report"
	"relance/restart"
)

// Filter says which events are worth a message. What is not is still counted in the
// next one.
type Filter struct{ words []string }

// DefaultFilter is what --mail-on and --webhook-on say where they are not given.
const DefaultFilter = "warn,crash"

// crash is the word for a generation that has ended badly, unasked: as there is no line
// of that where relance ends with it.
const crash = "crash"

// levels, the least first.
var levels = []string{"info", "warn", "error"}

// ParseFilter reads words with commas between: a level (that one and worse), a kind of
// event, a reason (a generation has left for it), or crash.
func ParseFilter(s string) (Filter, error) {
	var f Filter
	for word := range strings.SplitSeq(s, ",") {
		word = strings.TrimSpace(word)
		if word != crash && !slices.Contains(levels, word) && !slices.Contains(restart.Kinds(), restart.Kind(word)) && !slices.Contains(restart.EveryReason(), restart.Reason(word)) {
			return Filter{}, fmt.Errorf("%q is no event; use a level (info, warn, error: that one and worse), crash, "+
				"an event such as gave-up, or a reason such as memory-high (docs/events.md has them all)", word)
		}
		f.words = append(f.words, word)
	}
	return f, nil
}

// Match reports whether e is worth a message. What is said of no generation is not.
func (f Filter) Match(e report.Event) bool {
	return e.Kind != "" && slices.ContainsFunc(f.words, func(word string) bool {
		switch {
		case word == crash:
			return e.Kind == string(restart.Left) && (e.Reason == string(restart.Signaled) ||
				e.Reason == string(restart.Exit) && e.ExitStatus != nil && *e.ExitStatus != 0)
		case slices.Contains(levels, word):
			return !e.Silent() && slices.Index(levels, e.Level) >= slices.Index(levels, word)
		case e.Kind == string(restart.Left) && e.Reason == word:
			return true
		}
		return e.Kind == word
	})
}
