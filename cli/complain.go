package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"relance/limits"
)

// Error is wrong usage: a message that names the flag, the value and the cure,
// and a hint where there is more to say.
type Error struct {
	Msg, Hint string
	// flag is the one whose value is wrong, empty: none.
	flag string
}

func (e *Error) Error() string { return e.Msg }

// flagError is wrong usage of one flag.
func flagError(flag, value string, err error) error {
	// What the parsers put first, the kind of thing and the value, is said already.
	msg := err.Error()
	for _, said := range []string{limits.Quote(value) + ": ", "rlimit " + value + ": "} {
		if before, rest, ok := strings.Cut(msg, said); ok && len(before) < 20 {
			msg = rest
			break
		}
	}
	return &Error{Msg: fmt.Sprintf("--%s %s: %s", flag, quoteIfNeeded(value), msg), flag: flag}
}

func quoteIfNeeded(s string) string {
	if s == "" || strings.ContainsAny(s, " \t\n\"'") {
		return fmt.Sprintf("%q", s)
	}
	return s
}

// Complain writes err as people read it.
func Complain(w io.Writer, err error) {
	fmt.Fprintf(w, "relance: error: %v\n", err)
	var usage *Error
	if errors.As(err, &usage) && usage.Hint != "" {
		fmt.Fprintf(w, "relance: hint: %s\n", usage.Hint)
	}
}
