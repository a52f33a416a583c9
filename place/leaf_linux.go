package place

import (
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"relance/cgroup"
)

// Only leaves may hold processes where controllers are handed down ("no internal
// processes", cgroup-v2.rst). So whoever sits in the group that is to have our
// groups is moved to a leaf of it, and back when the last relance there ends. All
// relances that share such a group change its shape under its lock; that one is
// there shows in its groups: from the lock on until it undoes, it always has one.

// shape is what a group looked like before a relance changed it; the zero shape
// is that of a group which nobody but relances has changed.
type shape struct{ subgroups, enabled []string }

// isLeaf reports whether at is the leaf that another relance has moved everybody
// to, us or our parents among them. Somebody's group may have that name as well:
// one in the root is no leaf, since nobody has to leave the root.
func isLeaf(at cgroup.Parent) bool {
	if at.Name() != cgroup.LeafName || at.NamespaceRoot() {
		return false
	}
	above, err := at.Above().Info()
	return err == nil && !above.Root
}

// leaf makes groups in parent, which holds us and perhaps others.
func (f *finder) leaf(parent cgroup.Parent, how string) *Place {
	return f.shared(parent, how, parent.MoveToLeaf)
}

// beside makes groups in parent, where another relance has theirs.
func (f *finder) beside(parent cgroup.Parent, how string) *Place {
	return f.shared(parent, how, func() error { return nil })
}

// shared makes groups in parent, emptied by move, and puts everything back where
// that does not succeed.
func (f *finder) shared(parent cgroup.Parent, how string, move func() error) *Place {
	unlock, err := parent.Lock()
	if err != nil {
		return f.refuse(wayOwn, err, "")
	}
	defer unlock()
	info, err := parent.Info()
	if err != nil {
		return f.refuse(wayOwn, err, "")
	}
	if f.lacks(parent, info) {
		return nil
	}
	names, err := parent.Subgroups()
	if err != nil {
		return f.refuse(wayOwn, err, "")
	}
	var before shape
	if !slices.Contains(names, cgroup.LeafName) {
		before = shape{names, info.Enabled}
	}
	// Who is put into a container from outside meanwhile (docker exec) is in the
	// way; a few times that is an accident.
	const tries = 5
	for range tries {
		if err = move(); err == nil {
			err = parent.Enable(without(f.want.controllers(), info.Enabled))
		}
		if !errors.Is(err, unix.EBUSY) {
			break
		}
	}
	if err != nil {
		_ = leaveLocked(parent, before) // as far as we came
		return f.refuse(wayOwn, err, "")
	}
	p := f.prove(&Place{
		Source: Cgroup, How: wayEach + how, parent: parent, undo: func() error { return leave(parent, before) },
	})
	if p == nil {
		_ = leaveLocked(parent, before)
	}
	return p
}

// leave undoes shared, unless another relance has its groups there: the last one
// out does it, and for all of them.
func leave(parent cgroup.Parent, before shape) error {
	unlock, err := parent.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	return leaveLocked(parent, before)
}

func leaveLocked(parent cgroup.Parent, before shape) error {
	// Those of the dead keep nobody here.
	if _, err := parent.RemoveStale(); err != nil {
		return err
	}
	names, err := parent.Subgroups()
	if err != nil {
		return err
	}
	others := without(names, append([]string{cgroup.LeafName}, before.subgroups...))
	if len(others) > 0 || !slices.Contains(names, cgroup.LeafName) {
		// Without the controllers they would lose their limits.
		return nil
	}
	if inside, err := parent.Leaf().Subgroups(); err != nil || len(inside) > 0 {
		return err // somebody makes groups there, and sits in the leaf for it
	}
	info, err := parent.Info()
	if err == nil {
		err = parent.Disable(without(info.Enabled, before.enabled))
	}
	if err != nil {
		return err
	}
	return parent.MoveFromLeaf()
}
