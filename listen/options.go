package listen

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
)

// option is one of those that may follow an address.
type option struct {
	name string
	// parse takes the value; a flag is parsed without one.
	flag  bool
	parse func(a *Address, value string) error
	// print is the option as it would be parsed, empty: not set.
	print func(a *Address) string
}

var options = []option{
	{"name", false, parseName, func(a *Address) string { return word("name", a.Name) }},
	{"backlog", false, parseBacklog, func(a *Address) string {
		if a.Backlog == 0 {
			return ""
		}
		return word("backlog", strconv.Itoa(a.Backlog))
	}},
	{"mode", false, parseMode, func(a *Address) string {
		if a.Mode == 0 {
			return ""
		}
		return word("mode", fmt.Sprintf("%04o", a.Mode))
	}},
	{"owner", false, parseOwner, func(a *Address) string {
		if a.Group == "" {
			return word("owner", a.Owner)
		}
		return word("owner", a.Owner+":"+a.Group)
	}},
	flag("reuseport", func(a *Address) *bool { return &a.ReusePort }),
	flag("ipv6only", func(a *Address) *bool { return &a.IPv6Only }),
	flag("freebind", func(a *Address) *bool { return &a.FreeBind }),
}

func flag(name string, of func(*Address) *bool) option {
	return option{name, true,
		func(a *Address, _ string) error {
			*of(a) = true
			return nil
		},
		func(a *Address) string {
			if !*of(a) {
				return ""
			}
			return name
		}}
}

func word(name, value string) string {
	if value == "" {
		return ""
	}
	return name + "=" + value
}

func (a *Address) parseOption(s string) error {
	name, value, hasValue := strings.Cut(s, "=")
	var names []string
	for _, o := range options {
		if o.name != name {
			names = append(names, o.name)
			continue
		}
		switch {
		case o.print(a) != "":
			return fmt.Errorf("%s is set twice, keep one", name)
		case o.flag && hasValue:
			return fmt.Errorf("%s has no value; use %[1]s alone, or leave it out", name)
		case !o.flag && value == "":
			return fmt.Errorf("%s has no value; use %[1]s=VALUE", name)
		}
		return o.parse(a, value)
	}
	return fmt.Errorf("option %q: there is none of this name, use %s", s, strings.Join(names, ", "))
}

// maxName is the longest name of a descriptor (sd_listen_fds(3)).
const maxName = 255

func parseName(a *Address, s string) error {
	odd := func(r rune) bool { return r < ' ' || r > '~' || r == ':' }
	if len(s) > maxName || strings.ContainsFunc(s, odd) {
		return fmt.Errorf("name %q: use up to %d letters and digits, without a colon", s, maxName)
	}
	a.Name = s
	return nil
}

func parseBacklog(a *Address, s string) error {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil || n == 0 {
		return fmt.Errorf("backlog %q: use a whole number from 1 to %d", s, math.MaxInt32)
	}
	a.Backlog = int(n)
	return nil
}

func parseMode(a *Address, s string) error {
	n, err := strconv.ParseUint(s, 8, 32)
	if err != nil || n == 0 || n > 0o777 {
		return fmt.Errorf("mode %q: use octal digits from 0001 to 0777 such as 0660", s)
	}
	a.Mode = uint32(n)
	return nil
}

func parseOwner(a *Address, s string) error {
	owner, group, hasGroup := strings.Cut(s, ":")
	odd := func(r rune) bool { return r <= ' ' || r == 0x7f || r == ':' }
	if strings.ContainsFunc(owner+group, odd) || hasGroup && group == "" {
		return fmt.Errorf("owner %q: use USER, USER:GROUP or :GROUP", s)
	}
	a.Owner, a.Group = owner, group
	return nil
}

// check refuses options that say nothing about such a socket.
func (a *Address) check() error {
	switch {
	case a.Local() && (a.ReusePort || a.IPv6Only || a.FreeBind):
		return errors.New("reuseport, ipv6only and freebind are for TCP and UDP; leave them out")
	case (!a.Local() || a.Abstract()) && (a.Mode != 0 || a.Owner != "" || a.Group != ""):
		return errors.New("mode and owner are for the file of a unix socket, and there is none; leave them out")
	case (a.Kind == UDP || a.Kind == Dgram) && a.Backlog != 0:
		return errors.New("backlog is for connections, and there are none; leave it out")
	case a.IPv6Only && a.Host.Is4():
		return errors.New("ipv6only with an IPv4 address; leave one of the two out")
	}
	return nil
}

// Conflict reports whether two addresses cannot both be bound.
func Conflict(a, b Address) bool {
	switch {
	case a.Local() || b.Local():
		// A file is one whatever its socket speaks, a name is one for each kind.
		if a.Abstract() || b.Abstract() {
			return a.Path == b.Path && a.Kind == b.Kind
		}
		return a.Local() && b.Local() && filepath.Clean(a.Path) == filepath.Clean(b.Path)
	case a.Kind != b.Kind || a.Port != b.Port || a.Port == 0 || a.ReusePort && b.ReusePort:
		return false
	case a.Host == b.Host:
		return true
	}
	return a.covers(b) || b.covers(a)
}

// covers reports whether a stands for every address of a family that b is of.
func (a *Address) covers(b Address) bool {
	four, six := a.families()
	bFour, bSix := b.families()
	return a.wild() && (four && bFour || six && bSix)
}

func (a *Address) wild() bool { return !a.Host.IsValid() || a.Host.IsUnspecified() }

// families says from which a socket takes connections.
func (a *Address) families() (four, six bool) {
	switch {
	case !a.Host.IsValid():
		return !a.IPv6Only, true
	case a.Host.Is4():
		return true, false
	}
	return a.Host.IsUnspecified() && !a.IPv6Only, true
}
