package cgroup

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// maxGroups bounds a walk. Who makes more subgroups than that while we walk
// does it to keep us walking.
const maxGroups = 20000

// errTooMany says that there are more. What was listed by then was visited.
var errTooMany = fmt.Errorf("more than %d subgroups", maxGroups)

// walker is a walk on its way.
type walker struct {
	at    int // the group it stands in
	down  []level
	seen  int
	enter func(dir int) error
	leave func(parent int, name string) error
}

// level is a group on the way down and its subgroups still to be seen.
type level struct {
	name string // in the level above
	subs []string
}

// walk visits the group and its subgroups: enter going down, leave coming up,
// with the group above and the name in it. Either may be nil. Subgroups that
// vanish are left out.
//
// It holds one descriptor however deep the child has nested its groups, and
// climbs by "..": a cgroup2 directory has no links and cannot be moved.
func (g *Group) walk(enter func(dir int) error, leave func(parent int, name string) error) error {
	at, err := unix.Openat(g.dir, ".", openDir, 0)
	if isGone(err) {
		return nil
	} else if err != nil {
		return err
	}
	w := walker{at: at, enter: enter, leave: leave}
	defer func() { unix.Close(w.at) }()
	for err = w.arrive(g.name); err == nil && len(w.down) > 0; {
		here := &w.down[len(w.down)-1]
		if n := len(here.subs); n > 0 {
			name := here.subs[n-1]
			here.subs = here.subs[:n-1]
			err = w.descend(name)
		} else {
			err = w.climb()
		}
	}
	return err
}

// arrive enters the group w stands in.
func (w *walker) arrive(name string) (err error) {
	if w.seen++; w.seen > maxGroups {
		return errTooMany
	}
	if w.enter != nil {
		if err = w.enter(w.at); err != nil {
			return err
		}
	}
	subs, err := subgroups(w.at)
	if err == errTooMany && w.leave != nil {
		err = nil // those that are removed now are not in the way the next time
	}
	w.down = append(w.down, level{name: name, subs: subs})
	return err
}

func (w *walker) descend(name string) error {
	if err := w.move(name); isGone(err) {
		return nil
	} else if err != nil {
		return fmt.Errorf("open subgroup %q: %w", name, err)
	}
	return w.arrive(name)
}

func (w *walker) climb() error {
	name := w.down[len(w.down)-1].name
	if w.down = w.down[:len(w.down)-1]; len(w.down) == 0 {
		return nil
	}
	if err := w.move(".."); err != nil {
		return fmt.Errorf("leave subgroup %q: %w", name, err)
	}
	if w.leave != nil {
		return w.leave(w.at, name)
	}
	return nil
}

func (w *walker) move(name string) error {
	fd, err := unix.Openat(w.at, name, openDir, 0)
	if err != nil {
		return err
	}
	unix.Close(w.at)
	w.at = fd
	return nil
}

// subgroups lists the folders in the group that dir is open on; with errTooMany
// as many as may be visited.
func subgroups(dir int) (names []string, err error) {
	const nameAt, typeAt = 19, 18 // in a linux_dirent64
	var buf [4096]byte
	for {
		n, err := unix.Getdents(dir, buf[:])
		if isGone(err) || n == 0 && err == nil {
			return names, nil
		} else if err != nil {
			return nil, fmt.Errorf("list subgroups: %w", err)
		}
		for b := buf[:n]; len(b) > nameAt; {
			size := int(binary.NativeEndian.Uint16(b[16:]))
			if size <= nameAt || size > len(b) {
				return nil, fmt.Errorf("list subgroups: %w", unix.EBADMSG)
			}
			name, _, _ := bytes.Cut(b[nameAt:size], []byte{0})
			if s := string(name); b[typeAt] == unix.DT_DIR && s != "." && s != ".." {
				names = append(names, s)
			}
			if b = b[size:]; len(names) > maxGroups {
				return names, errTooMany
			}
		}
	}
}
