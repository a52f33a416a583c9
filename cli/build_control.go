package cli

import (
	"errors"
	"strings"
)

// controlNone is the value of --control for no socket.
const controlNone = "none"

// control sets where relance can be asked. A command that is only run gets no socket that
// nobody asked for; who gives it a name means to ask by that.
func (run *Run) control(f *runFlags) error {
	switch {
	case f.Control == controlNone:
	case f.Control == "":
		run.Controlled = run.Supervising || f.Name != ""
	case strings.HasPrefix(f.Control, "@"):
		return flagError("control", f.Control, errors.New("everybody could connect to an abstract address; use a path such as /run/app/relance.sock"))
	default:
		run.Controlled, run.ControlPath = true, f.Control
	}
	return nil
}

// Uncontrolled is why the control socket that was asked for cannot be made.
func (run *Run) Uncontrolled(err error) error { return flagError("control", run.ControlPath, err) }
