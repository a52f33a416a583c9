package cli

import (
	"errors"

	"relance/child"
	"relance/identity"
)

// identity sets as whom the command runs; what the kernel would refuse is refused here.
// signals says that relance stays beside the command and must be able to signal it.
func (f *userFlags) identity(s *child.Settings, signals bool) error {
	s.Identity.NoNewPrivs = f.NoNewPrivs
	if f.User == "" && f.Groups == "" && f.AmbientCaps == "" {
		return nil
	}
	own := identity.Own()
	gid := own.GIDs[1]
	if f.User != "" {
		user, err := identity.Lookup(f.User)
		if err == nil {
			err = own.CheckUser(user)
		}
		if err == nil && signals {
			err = own.CheckSignals(user)
		}
		if err == nil && f.Groups == "" {
			s.Identity.Groups = user.Groups
			s.Identity.SetGroups, err = own.CheckGroups(user.Groups, user.GID)
		}
		if err != nil {
			return flagError("user", f.User, err)
		}
		s.Identity.As = &child.Account{UID: user.UID, GID: user.GID, What: user.String()}
		s.Env, gid = user.Env(s.Env), user.GID
	}
	if f.Groups != "" {
		groups, err := identity.LookupGroups(f.Groups)
		if err == nil {
			s.Identity.Groups = groups
			s.Identity.SetGroups, err = own.CheckGroups(groups, gid)
		}
		if err != nil {
			return flagError("groups", f.Groups, err)
		}
	}
	return ambient(s, f.AmbientCaps, own)
}

// ambient sets what the command keeps of our capabilities.
func ambient(s *child.Settings, list string, own identity.Self) error {
	if list == "" {
		return nil
	}
	caps, err := identity.ParseCaps(list)
	root := own.UIDs[1] == 0
	if s.Identity.As != nil {
		root = s.Identity.As.UID == 0
	}
	switch {
	case err != nil:
	case root:
		err = errors.New("root has all capabilities; give --user too, or leave it out")
	default:
		err = own.CheckCaps(caps)
	}
	if err != nil {
		return flagError("ambient-caps", list, err)
	}
	s.Identity.Ambient = caps
	return nil
}
