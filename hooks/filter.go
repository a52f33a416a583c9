package hooks

import (
	"fmt"
	"slices"
	"strings"

	"relance/report"
	"relance/restart"
)

// Filter says which events are told. Its zero value tells all that the log has about
// generations.
type Filter struct {
	all   bool
	kinds []string
}

// ParseFilter reads kinds of events, with commas between them, or "all".
func ParseFilter(words string) (Filter, error) {
	var f Filter
	for word := range strings.SplitSeq(words, ",") {
		switch word = strings.TrimSpace(word); {
		case word == "all":
			f.all = true
		case slices.Contains(restart.Kinds(), restart.Kind(word)):
			f.kinds = append(f.kinds, word)
		default:
			var known []string
			for _, kind := range restart.Kinds() {
				known = append(known, string(kind))
			}
			return Filter{}, fmt.Errorf("no such event %q, use all or some of %s", word, strings.Join(known, " "))
		}
	}
	return f, nil
}

// Has reports whether e is told. What is about no generation never is: hooks cause such
// lines themselves.
func (f Filter) Has(e report.Event) bool {
	switch {
	case e.Kind == "":
		return false
	case f.all:
		return true
	case len(f.kinds) > 0:
		return slices.Contains(f.kinds, e.Kind)
	}
	return !e.Silent()
}
