package cli

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// report sets where it is said what happens, and how.
func (run *Run) report(f *runFlags) error {
	switch f.LogFormat {
	case "", "text":
	case "json":
		run.JSON = true
	default:
		return flagError("log-format", f.LogFormat, fmt.Errorf("no such format, use text or json"))
	}
	if strings.ContainsAny(f.Name, "\n\r\x00") {
		return flagError("name", f.Name, fmt.Errorf("a name is one line"))
	}
	if strings.ContainsRune(f.LogFile, 0) {
		return flagError("log-file", f.LogFile, fmt.Errorf("a path is needed"))
	}
	run.LogFile = f.LogFile
	return nil
}

// Unlogged is the error for a log file that cannot be written to; err says why.
func (run *Run) Unlogged(err error) error {
	hint := ""
	switch {
	case errors.Is(err, unix.ENOENT):
		hint = "make the folder first; the file is made where there is none"
	case errors.Is(err, unix.EISDIR):
		hint = "give the path of a file in that folder"
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EROFS):
		hint = "give a path that relance may write to"
	case errors.Is(err, unix.ENXIO):
		hint = "start who reads this pipe first"
	}
	return &Error{Msg: "--log-file: " + err.Error(), Hint: hint, flag: "log-file"}
}
