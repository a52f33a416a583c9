package systemd

import (
	"path"
	"strconv"
	"strings"
)

// Kind is what part of systemd's tree a group belongs to.
type Kind string

const (
	// Other is a path that systemd does not lay out: of a container, of another
	// cgroup namespace, of another manager.
	Other Kind = ""
	// Root is the root of the tree, or of our cgroup namespace.
	Root Kind = "root"
	// System is a unit of the system manager.
	System Kind = "system"
	// Session is the scope of a login session (pam_systemd(8)).
	Session Kind = "session"
	// User is a unit of a user's manager, or that manager itself.
	User Kind = "user"
)

// Where is what systemd calls a place in the cgroup tree.
type Where struct {
	Kind Kind
	// UID is whose manager it is, for User.
	UID int
	// Unit is the innermost unit, as systemctl(1) takes it: "app.service". It is
	// empty for Root and Other.
	Unit string
	// Slice is the innermost slice around the unit: "system.slice".
	Slice string
	// Below is the way from the unit's own group down to the place: "" for the
	// unit's group itself.
	Below string
}

// IsUnit reports whether the place is the unit's own group, none below it.
func (w Where) IsUnit() bool { return w.Unit != "" && w.Below == "" }

// MayAsk reports whether asking for a scope is proper: by whoever works in a
// login session or below a user's manager. A process of a system unit that left
// it would be out of reach for the unit's limits and for "systemctl stop": there
// the unit is to be changed.
func (w Where) MayAsk() bool { return w.Kind == Session || w.Kind == User }

// Unit returns what systemd calls a path of the cgroup tree, as it stands in
// /proc/self/cgroup after "0::". It reads names only: systemd's layout is
// documented to be relied on (systemd.io/CGROUP_DELEGATION, systemd.slice(5)).
func Unit(cgroup string) Where {
	if cgroup == "/" {
		return Where{Kind: Root}
	}
	if path.Clean(cgroup) != cgroup || !strings.HasPrefix(cgroup, "/") || strings.HasPrefix(cgroup, "/..") {
		return Where{}
	}
	slice, unit, below := cut(strings.Split(cgroup[1:], "/"))
	w := Where{Unit: unit, Slice: slice, Below: path.Join(below...)}
	uid, isManager := instance(unit, "user@", ".service")
	switch {
	case unit == "":
		return Where{}
	case isManager:
		w.Kind, w.UID = User, uid
		if innerSlice, inner, rest := cut(below); inner != "" {
			w.Unit, w.Below = inner, path.Join(rest...)
			if w.Slice = innerSlice; innerSlice == "" {
				w.Slice = slice
			}
		}
	case isSession(unit) && isInstance(slice, "user-", ".slice"):
		w.Kind = Session
	default:
		w.Kind = System
	}
	return w
}

// cut splits names into the innermost of the slices they begin with, the unit
// below those, and the rest.
func cut(names []string) (slice, unit string, rest []string) {
	for i, name := range names {
		name = uncollide(name)
		switch {
		case !isUnit(name):
			return slice, "", nil
		case !strings.HasSuffix(name, ".slice"):
			return slice, name, names[i+1:]
		}
		slice = name
	}
	return slice, "", nil
}

// uncollide undoes what systemd does to a name that the kernel could use for a
// file of its own in the same folder: one underscore in front.
func uncollide(name string) string { return strings.TrimPrefix(name, "_") }

// unitTypes are those that can have processes, systemd.unit(5).
var unitTypes = []string{".service", ".scope", ".slice", ".socket", ".mount", ".swap"}

// isUnit reports whether name could be a unit's: systemd.unit(5) has which
// characters, and that there are at most 255 of them, the type included.
func isUnit(name string) bool {
	if len(name) > 255 {
		return false
	}
	for _, c := range []byte(name) {
		if !isLetter(c) && !strings.ContainsRune(`0123456789:-_.\@`, rune(c)) {
			return false
		}
	}
	for _, kind := range unitTypes {
		if strings.HasSuffix(name, kind) && len(name) > len(kind) {
			return true
		}
	}
	return false
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// instance returns the number that alone stands between before and after.
func instance(name, before, after string) (int, bool) {
	name, ok := strings.CutPrefix(name, before)
	name, ok2 := strings.CutSuffix(name, after)
	n, err := strconv.ParseUint(name, 10, 32)
	return int(n), ok && ok2 && err == nil
}

func isInstance(name, before, after string) bool {
	_, ok := instance(name, before, after)
	return ok
}

// isSession reports whether name is a scope of logind's: session-3.scope, or
// session-c2.scope where no audit session gave the number.
func isSession(name string) bool {
	return isInstance(name, "session-", ".scope") || isInstance(name, "session-c", ".scope")
}

// Readable is a unit's name for people, with the \x2d that systemd-escape(1)
// puts into names turned back; a name that would then not be plain text stays as
// it is.
func Readable(unit string) string {
	var b strings.Builder
	for i := 0; i < len(unit); i++ {
		c := unit[i]
		if strings.HasPrefix(unit[i:], `\x`) && i+4 <= len(unit) {
			n, err := strconv.ParseUint(unit[i+2:i+4], 16, 8)
			if err != nil {
				return unit
			}
			c = byte(n)
			i += 3
		}
		if c < ' ' || c > '~' {
			return unit
		}
		b.WriteByte(c)
	}
	return b.String()
}
