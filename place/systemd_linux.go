package place

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"relance/cgroup"
	"relance/systemd"
)

// scope asks systemd for a scope around us, with its group handed over: that is
// for whoever works in a session. The process of a service stays in its unit,
// where systemd and its limits can reach it; there the unit is to be changed.
func (f *finder) scope(at cgroup.Parent) *Place {
	where := systemd.Unit(at.Hierarchical())
	unit := systemd.Readable(where.Unit)
	switch {
	case unit == "":
		return f.refuse(wayOwn, fmt.Errorf("%s belongs to systemd, and to no unit of it", at.Path()), "")
	case !where.MayAsk() || where.StartedUs():
		return f.refuse(wayOwn, fmt.Errorf("%s has no Delegate=yes", unit), delegateCure(where, unit))
	}
	_, err := systemd.StartScope(context.Background(), systemd.Request{Description: "relance, and the command it supervises"})
	if err != nil {
		return f.refuse(wayOwn, fmt.Errorf("%s is not ours: %w", unit, err), scopeCure(err))
	}
	if at, err = cgroup.Find("/"); err != nil {
		return f.refuse(wayOwn, err, "")
	}
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
