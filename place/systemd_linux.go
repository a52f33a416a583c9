package place

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"relance/cgroup"
	"relance/systemd"
)

// scope asks systemd: whether our unit is handed over to us, else for a scope
// around us that is. The latter is for whoever works in a session. The process of
// a service stays in its unit, where systemd and its limits can reach it; there
// the unit is to be changed.
func (f *finder) scope(at cgroup.Parent) *Place {
	where, answers := systemd.Unit(at.Hierarchical()), f.want.Answers
	unit := systemd.Readable(where.Unit)
	if unit == "" {
		return f.refuse(wayOwn, fmt.Errorf("%s belongs to systemd, and to no unit of it", at.Path()), "")
	}
	if answers.made(where) {
		return f.inScope(at)
	}
	// One who does not answer is waited for once.
	ctx, cancel := context.WithTimeout(context.Background(), systemd.Patience)
	defer cancel()
	delegated, err := answers.Delegated(ctx, where)
	switch {
	case delegated && where.IsUnit():
		return f.leaf(at, "below "+at.Path()+", delegated by systemd")
	case delegated && !strings.Contains(where.Below, "/"):
		// DelegateSubgroup= again.
		return f.below(at.Above(), "below "+at.Above().Path()+", delegated by systemd")
	case where.MayAsk() && !where.StartedUs():
	case err != nil:
		return f.refuse(wayOwn, fmt.Errorf("%s has no Delegate=yes that we know of: %w", unit, err), delegateCure(where, unit))
	default:
		return f.refuse(wayOwn, fmt.Errorf("%s has no Delegate=yes", unit), delegateCure(where, unit))
	}
	if err := answers.startScope(ctx); err != nil {
		return f.refuse(wayOwn, fmt.Errorf("%s is not ours: %w", unit, err), scopeCure(err))
	}
	if at, err = cgroup.Find("/"); err != nil {
		return f.refuse(wayOwn, err, "")
	}
	return f.inScope(at)
}

// inScope makes groups in the scope we got.
func (f *finder) inScope(at cgroup.Parent) *Place {
	return f.leaf(at, "below "+at.Path()+", a scope that systemd made for us")
}

// delegateCure is the way to have the group of a unit handed over.
func delegateCure(where systemd.Where, unit string) string {
	tool := "systemctl"
	if where.Kind == systemd.User {
		tool += " --user"
	}
	if !strings.HasSuffix(unit, ".service") {
		return "start it by systemd-run --scope -p Delegate=yes"
	}
	return "put Delegate=yes into the section [Service] of " + unit + " (" + tool + " edit " + unit + ") and restart it"
}

func scopeCure(err error) string {
	if errors.Is(err, systemd.ErrNoManager) {
		return "log in so that a systemd of your own runs (loginctl enable-linger), or run relance as a unit with Delegate=yes"
	}
	return "run relance as a unit with Delegate=yes"
}
