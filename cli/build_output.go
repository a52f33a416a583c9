package cli

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"relance/limits"
)

// minSilence is the shortest silence: a program that lives pauses for longer than
// less.
const minSilence = time.Second

// output sets how long nothing may be written.
func (run *Run) output(f *runFlags) error {
	if f.OutputSilence == "" {
		return nil
	}
	d, err := limits.ParseDuration(f.OutputSilence)
	if err == nil && d < minSilence {
		err = fmt.Errorf("too short, use at least %s", limits.FormatDuration(minSilence))
	}
	if err != nil {
		return flagError("output-silence", f.OutputSilence, err)
	}
	run.Policy.Silence, run.silenceAsked = d, f.OutputSilence
	return nil
}

// countLines sets which lines tell of a request.
func (run *Run) countLines(f *runFlags) error {
	switch f.CountStream {
	case "", "both":
		run.CountStdout, run.CountStderr = true, true
	case "stdout":
		run.CountStdout = true
	case "stderr":
		run.CountStderr = true
	default:
		return flagError("count-stream", f.CountStream, errors.New("no such stream, use stdout, stderr or both"))
	}
	switch {
	case f.CountLines != "":
	case run.CountStdout != run.CountStderr:
		return flagError("count-stream", f.CountStream, errors.New("no lines are counted here; give --count-lines too"))
	default:
		run.CountStdout, run.CountStderr = false, false
		return nil
	}
	var err error
	if run.CountLines, err = regexp.Compile(f.CountLines); err != nil {
		var wrong *syntax.Error
		if errors.As(err, &wrong) {
			err = fmt.Errorf("%s: %q; use the syntax of RE2, as grep -E has it but for back-references, such as '^GET /'", wrong.Code, wrong.Expr)
		}
		// Not by flagError, which may take what the message quotes for the value.
		return &Error{Msg: "--count-lines " + quoteIfNeeded(f.CountLines) + ": " + err.Error(), flag: "count-lines"}
	}
	run.countAsked = [2]string{f.CountLines, f.CountStream}
	return nil
}

// Uncounted is the error for lines that cannot be counted, because the stream cannot
// be carried; err says why.
func (run *Run) Uncounted(err error) error {
	if stream := run.countAsked[1]; stream != "" {
		return flagError("count-stream", stream, err)
	}
	return flagError("count-lines", run.countAsked[0], err)
}

// Uncarried is the error for output that cannot be carried, although that was
// asked for, or is that of workers; err says why.
func (run *Run) Uncarried(err error) error {
	flag, value := "output-silence", run.silenceAsked
	if value == "" {
		flag, value = "workers", strconv.Itoa(run.Policy.Workers)
	}
	if errors.Is(err, unix.EMFILE) {
		err = fmt.Errorf("%w; raise the limit (ulimit -n, LimitNOFILE=)", err)
	}
	return flagError(flag, value, err)
}

// prefixesOutput checks --prefix-output beside the number of workers: alone there is
// nobody to be told from.
func prefixesOutput(asked bool, workers int) error {
	if asked && workers == 0 {
		return &Error{Msg: "--prefix-output: there is no worker; give --workers too, or leave it out", flag: "prefix-output"}
	}
	return nil
}

// Unprefixed is the error for lines that nothing can stand in front of, because neither
// stream can be carried; err says why.
func (run *Run) Unprefixed(err error) error {
	return &Error{Msg: "--prefix-output: " + err.Error(), flag: "prefix-output"}
}
