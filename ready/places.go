package ready

import (
	"fmt"
	"strconv"
	"strings"
)

// Placeholders: {worker}, {generation}, {8000+worker}, {8000+generation%100}.

const (
	worker     = "worker"
	generation = "generation"
)

// number is what stands in a placeholder: base plus the number that name stands for,
// of which the remainder by modulo was taken where that is not zero.
type number struct {
	name         string
	base, modulo uint64
}

const placesCure = "use {worker}, {generation}, {8000+worker} or {8000+generation%100}"

// parsePlace reads what stands between the braces.
func parsePlace(text string) (n number, ok bool) {
	n.name = text
	var err error
	if base, rest, found := strings.Cut(text, "+"); found {
		n.name = rest
		if n.base, err = strconv.ParseUint(base, 10, 16); err != nil {
			return n, false
		}
	}
	if name, modulo, found := strings.Cut(n.name, "%"); found {
		n.name = name
		if n.modulo, err = strconv.ParseUint(modulo, 10, 16); err != nil || n.modulo < 2 {
			return n, false
		}
	}
	return n, n.name == worker || n.name == generation
}

// places calls see with each text between placeholders and each placeholder of target,
// in order. It returns false where braces hold no placeholder.
func places(target string, text func(string), place func(number)) bool {
	for {
		before, rest, found := strings.Cut(target, "{")
		text(before)
		if !found {
			return !strings.Contains(before, "}")
		}
		inner, after, closed := strings.Cut(rest, "}")
		n, ok := parsePlace(inner)
		if !ok || !closed || strings.Contains(before, "}") {
			return false
		}
		place(n)
		target = after
	}
}

// checkPlaces looks at the placeholders of a target.
func checkPlaces(target string) error {
	if !places(target, func(string) {}, func(number) {}) {
		return fmt.Errorf("no such placeholder; %s", placesCure)
	}
	return nil
}

// expand is the target of a generation of a worker.
func expand(target string, workerNumber, gen int) string {
	var b strings.Builder
	places(target, func(text string) { b.WriteString(text) }, func(n number) {
		v := uint64(workerNumber)
		if n.name == generation {
			v = uint64(gen)
		}
		if n.modulo != 0 {
			v %= n.modulo
		}
		b.WriteString(strconv.FormatUint(n.base+v, 10))
	})
	return b.String()
}

// Numbered reports whether the target is another one for each generation, so that the
// command must know which it is.
func (s Spec) Numbered() bool { return s.has(generation) }

// PerWorker reports whether the target is another one for each worker.
func (s Spec) PerWorker() bool { return s.has(worker) }

func (s Spec) has(name string) bool {
	found := false
	places(s.Target, func(string) {}, func(n number) { found = found || n.name == name })
	return found
}
