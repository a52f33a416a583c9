package identity

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// User is whom a command runs as.
type User struct {
	UID, GID uint32
	// Groups are the supplementary ones, in rising order.
	Groups []uint32
	// Name, Home and Shell are those of /etc/passwd; Name is empty where the user is
	// not in it, and Home is / then.
	Name, Home, Shell string
}

// String is the user in the words of a message.
func (u User) String() string {
	if u.Name != "" {
		return u.Name
	}
	return fmt.Sprintf("uid %d", u.UID)
}

// Lookup finds USER[:GROUP], each a name or a number, in /etc/passwd and /etc/group. The
// supplementary groups are all that the user is in and GROUP, as initgroups(3) has them.
// The group of a user who is not in /etc/passwd must be given.
func Lookup(spec string) (User, error) {
	passwd, err := read("/etc/passwd")
	if err != nil {
		return User{}, err
	}
	group, err := read("/etc/group")
	if err != nil {
		return User{}, err
	}
	return find(spec, passwd, group)
}

// LookupGroups finds a list of groups, names or numbers with commas between, or none.
func LookupGroups(list string) ([]uint32, error) {
	group, err := read("/etc/group")
	if err != nil {
		return nil, err
	}
	return findGroups(list, group)
}

// read reads a whole file; one that is not there, as in an image with nothing but a
// program, says nothing.
func read(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// find is Lookup in these files.
func find(spec string, passwd, group []byte) (User, error) {
	name, groupName, hasGroup := strings.Cut(spec, ":")
	if name == "" || hasGroup && groupName == "" {
		return User{}, errors.New("use USER or USER:GROUP, names or numbers, such as www-data or 1000:1000")
	}
	u := User{Home: "/"}
	id, isNumber := parseID(name)
	a, known := accountOf(passwd, func(a account) bool { return isNumber && a.uid == id || !isNumber && a.name == name })
	switch {
	case known:
		u = User{UID: a.uid, GID: a.gid, Name: a.name, Home: a.home, Shell: a.shell}
	case !isNumber && isDigits(name):
		return User{}, fmt.Errorf("no user can have the number %s, use one from 0 to %d", name, uint32(maxID))
	case !isNumber:
		return User{}, fmt.Errorf("no user %q in /etc/passwd; use one that is in it, or the numbers of user and group such as 1000:1000", name)
	case !hasGroup:
		return User{}, fmt.Errorf("no user of this number in /etc/passwd, so that its group is not known; use %d:GROUP", id)
	default:
		u.UID = id
	}
	if hasGroup {
		gid, err := findGroup(groupName, group)
		if err != nil {
			return User{}, err
		}
		u.GID = gid
	}
	if known {
		u.Groups = append(u.Groups, u.GID)
		eachTeam(group, func(t team) bool {
			if slices.Contains(t.members, a.name) {
				u.Groups = append(u.Groups, t.gid)
			}
			return true
		})
	}
	u.Groups = set(u.Groups)
	return u, nil
}

// findGroups is LookupGroups in this file.
func findGroups(list string, group []byte) (gids []uint32, err error) {
	if list == "none" {
		return nil, nil
	}
	for word := range strings.SplitSeq(list, ",") {
		gid, err := findGroup(word, group)
		if err != nil {
			return nil, err
		}
		gids = append(gids, gid)
	}
	return set(gids), nil
}

// findGroup finds one group.
func findGroup(name string, group []byte) (gid uint32, err error) {
	gid, found := parseID(name)
	if found {
		return gid, nil
	}
	eachTeam(group, func(t team) bool {
		if t.name == name {
			gid, found = t.gid, true
		}
		return !found
	})
	switch {
	case found:
		return gid, nil
	case isDigits(name):
		return 0, fmt.Errorf("no group can have the number %s, use one from 0 to %d", name, uint32(maxID))
	}
	return 0, fmt.Errorf("no group %q in /etc/group; use one that is in it, or its number", name)
}

// isDigits reports whether s looks like a number, be it one that no id can have.
func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// set sorts ids, each once.
func set(ids []uint32) []uint32 {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Env returns env with what a login sets: HOME, USER, LOGNAME and SHELL. Of a user who is
// not in /etc/passwd only the first is known, and what env said of another one is
// dropped.
func (u User) Env(env []string) []string {
	login := [][2]string{{"HOME", u.Home}, {"USER", u.Name}, {"LOGNAME", u.Name}, {"SHELL", u.Shell}}
	var out []string
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		if !slices.ContainsFunc(login, func(pair [2]string) bool { return pair[0] == name }) {
			out = append(out, entry)
		}
	}
	for _, pair := range login {
		if pair[1] != "" {
			out = append(out, pair[0]+"="+pair[1])
		}
	}
	return out
}
