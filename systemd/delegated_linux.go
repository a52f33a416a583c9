package systemd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/godbus/dbus/v5"
)

// Delegated asks the manager that has the unit of w whether the unit's group is
// handed over to the processes in it, Delegate= of systemd.resource-control(5).
// The system's manager says so on the group itself too, by an extended attribute;
// a user's does not everywhere, and whether the files there can be written tells
// nothing: they all belong to the user.
//
// It is of the unit's own group, or of one right below it where systemd put us
// there (DelegateSubgroup=): what a unit does further down is its own affair.
func Delegated(ctx context.Context, w Where) (bool, error) {
	if !w.mayDelegate() {
		return false, nil
	}
	return delegated(ctx, w, w.target(os.Geteuid(), os.Getenv))
}

// mayDelegate reports whether the unit is one of those that can be told to.
func (w Where) mayDelegate() bool {
	return strings.HasSuffix(w.Unit, ".service") || strings.HasSuffix(w.Unit, ".scope")
}

// target returns the manager that has the unit.
func (w Where) target(us int, getenv func(string) string) target {
	switch {
	case w.Kind != User || isInstance(w.Unit, "user@", ".service"):
		return target{us: us, at: systemSockets()}
	case w.UID != us:
		// Root may ask everybody's, and its own variables do not lead there.
		getenv = func(string) string { return "" }
	}
	return target{us: us, owner: w.UID, at: userSockets(w.UID, getenv)}
}

func delegated(ctx context.Context, w Where, t target) (bool, error) {
	var yes bool
	path, err := ask(ctx, t, func(m *manager) (err error) {
		yes, err = m.delegates(w.Unit)
		return err
	})
	switch {
	case err == nil:
		return yes, nil
	case path == "":
		return false, fmt.Errorf("ask systemd about %s: %w", Readable(w.Unit), err)
	}
	return false, fmt.Errorf("ask %s about %s: %w", path, Readable(w.Unit), err)
}

// delegates reads the property. A unit that is not loaded is an error: it cannot
// be ours, so this is not our manager.
func (m *manager) delegates(unit string) (bool, error) {
	reply, err := m.call(managerName, managerPath, managerIface, "GetUnit", unit)
	if err != nil {
		return false, err
	}
	path, ok := first(reply).(dbus.ObjectPath)
	if !ok {
		return false, errors.New("the answer names no unit")
	}
	iface := managerName + ".Service"
	if strings.HasSuffix(unit, ".scope") {
		iface = managerName + ".Scope"
	}
	if reply, err = m.call(managerName, string(path), "org.freedesktop.DBus.Properties", "Get", iface, "Delegate"); err != nil {
		return false, err
	}
	value, _ := first(reply).(dbus.Variant)
	yes, ok := value.Value().(bool)
	if !ok {
		return false, errors.New("the answer is neither yes nor no")
	}
	return yes, nil
}

// first returns the first value of a message, nil if it has none.
func first(m *dbus.Message) any {
	if len(m.Body) == 0 {
		return nil
	}
	return m.Body[0]
}
