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
}

// lines reports whether lines of that descriptor are counted.
func (w *Want) lines(fd int) bool { return fd == 1 && w.Stdout || fd == 2 && w.Stderr }

// UncountedError says why lines cannot be counted.
type UncountedError struct{ why string }

func (e *UncountedError) Error() string { return e.why }

const (
	notBetween = ", which relance does not stand between; redirect "
	somewhere  = " to a file or a pipe"
)

// refuse says why what is wanted cannot be done, or lets say know of what is left
// out. against has what stands against carrying each descriptor, and one is whether
// they are one open file.
func (w *Want) refuse(against [3]string, one bool, say func(string)) error {
	names := [3]string{1: "stdout", 2: "stderr"}
	if w.Silence && against[1] != "" && against[2] != "" {
		return errors.New(refusal(against[1], against[2]))
	}
	switch {
	case w.Stdout && w.Stderr && against[1] != "" && against[2] != "":
		return &UncountedError{refusal(against[1], against[2])}
	case w.Stdout && w.Stderr:
		for fd, why := range against {
			if why != "" && why != closedWhy {
				say(fmt.Sprintf("%s is %s, which relance does not stand between: its lines are not counted", names[fd], why))
			}
		}
	case w.Stdout || w.Stderr:
		fd := 1
		if w.Stderr {
			fd = 2
		}
		if why := against[fd]; why != "" {
			return &UncountedError{names[fd] + " is " + why + notBetween + "it" + somewhere}
		}
		if one {
			return &UncountedError{"stdout and stderr are one file here, so it does not show whose line is whose; count in both, or redirect one"}
		}
	}
	return nil
}

// refusal words why neither stream can be carried.
func refusal(out, errs string) string {
	why := "stdout and stderr are " + out
	if out != errs {
		why = "stdout is " + out + " and stderr is " + errs
	}
	return why + notBetween + "one" + somewhere
}
