package output

import (
	"errors"
	"fmt"
)

// Want is what a carrier is for. Streams that nothing here is about are not carried.
type Want struct {
	// Silence: when something was last written, on any stream.
	Silence bool
	// Stdout and Stderr: the lines of it are counted that Matches, which gets each
	// without its end, and of a long one the first 8 KiB. Count is told that n more
	// were written by generation gen. Both are called by the goroutines of Run.
	Stdout, Stderr bool
	Matches        func(line []byte) bool
	Count          func(gen int, n int64)
	// Keep is told each line of stderr, and where that is one file with stdout of both, as
	// Matches is; nil: nobody keeps any.
	Keep func(gen int, line []byte)
	// Whole: lines are passed on whole, since others write to the same place, each
	// behind the prefix. A terminal is carried then too.
	Whole  bool
	Prefix string
}

// against is why a stream cannot be carried.
func (w *Want) against(to goal) string {
	if w.Whole && to.against == terminalWhy {
		return ""
	}
	return to.against
}

// carries reports whether anything that is wanted is about that descriptor. Lines
// that nobody will ever see need not be whole.
func (w *Want) carries(fd int, to goal) bool {
	return w.Silence || w.lines(fd) || w.keeps(fd) || w.Whole && to.kind != toNobody
}

// lines reports whether lines of that descriptor are counted.
func (w *Want) lines(fd int) bool { return fd == 1 && w.Stdout || fd == 2 && w.Stderr }

// keeps reports whether lines of that descriptor are kept.
func (w *Want) keeps(fd int) bool { return fd == 2 && w.Keep != nil }

// UnkeptError says why lines of stderr cannot be kept.
type UnkeptError struct{ why string }

func (e *UnkeptError) Error() string { return e.why }

// UncountedError says why lines cannot be counted.
type UncountedError struct{ why string }

func (e *UncountedError) Error() string { return e.why }

// UnprefixedError says why nothing can stand in front of lines.
type UnprefixedError struct{ why string }

func (e *UnprefixedError) Error() string { return e.why }

const (
	notBetween = ", which relance does not stand between; redirect "
	somewhere  = " to a file or a pipe"
)

// refuse says why what is wanted cannot be done, or lets say know of what is left
// out.
func (w *Want) refuse(g *goals, say func(string)) error {
	out, errs := w.against(g.of[1]), w.against(g.of[2])
	neither := out != "" && errs != ""
	switch {
	case w.Silence && neither:
		return errors.New(refusal(out, errs))
	case w.Stdout && w.Stderr && neither:
		return &UncountedError{refusal(out, errs)}
	case w.Stdout && w.Stderr:
		w.leaveOut(g, say, "its lines are not counted")
	case w.Stdout || w.Stderr:
		to := g.of[1]
		if w.Stderr {
			to = g.of[2]
		}
		if why := w.against(to); why != "" {
			return &UncountedError{to.name + " is " + why + notBetween + "it" + somewhere}
		}
		if g.one {
			return &UncountedError{"stdout and stderr are one file here, so it does not show whose line is whose; count in both, or redirect one"}
		}
	}
	if why := w.against(g.of[2]); w.Keep != nil && why != "" {
		return &UnkeptError{"stderr is " + why + notBetween + "it" + somewhere}
	}
	switch {
	case w.Prefix == "":
	case neither && (out != closedWhy || errs != closedWhy):
		return &UnprefixedError{refusal(out, errs)}
	default:
		w.leaveOut(g, say, "its lines have no prefix")
	}
	return nil
}

// leaveOut says what is missing where one of the streams cannot be carried.
func (w *Want) leaveOut(g *goals, say func(string), what string) {
	for _, to := range g.of[1:] {
		if why := w.against(to); why != "" && why != closedWhy {
			say(fmt.Sprintf("%s is %s, which relance does not stand between: %s", to.name, why, what))
		}
	}
}

// refusal words why neither stream can be carried.
func refusal(out, errs string) string {
	why := "stdout and stderr are " + out
	if out != errs {
		why = "stdout is " + out + " and stderr is " + errs
	}
	return why + notBetween + "one" + somewhere
}
