package place

import (
	"context"
	"os"

	"relance/systemd"
)

// Answers remembers what systemd said, for who looks for a place more than once,
// as the doctor does: nothing is asked twice, no second scope is made, and one
// that does not answer is waited for once. The zero Answers knows nothing.
type Answers struct {
	delegated map[systemd.Where]verdict
	// asked says that a scope was asked for: then one of the others is what came of
	// it.
	asked  bool
	scope  systemd.Scope
	denied error
}

type verdict struct {
	yes bool
	err error
}

// Delegated is [systemd.Delegated], where the group itself does not tell: below a
// user's manager, and to anybody but root also in the system's units, for an older
// systemd marks those so that root alone can read it.
func (a *Answers) Delegated(ctx context.Context, w systemd.Where) (bool, error) {
	if w.Kind != systemd.User && (w.Kind != systemd.System || os.Geteuid() == 0) {
		return false, nil
	}
	v, ok := a.delegated[w]
	if !ok {
		v.yes, v.err = systemd.Delegated(ctx, w)
		if a.delegated == nil {
			a.delegated = map[systemd.Where]verdict{}
		}
		a.delegated[w] = v
	}
	return v.yes, v.err
}

// startScope asks for a scope around us.
func (a *Answers) startScope(ctx context.Context) error {
	if !a.asked {
		a.scope, a.denied = systemd.StartScope(ctx, systemd.Request{Description: "relance, and the command it supervises"})
		a.asked = true
	}
	return a.denied
}

// made reports whether w is the scope that systemd made for us.
func (a *Answers) made(w systemd.Where) bool {
	return a.asked && a.denied == nil && w.Unit == a.scope.Unit
}
