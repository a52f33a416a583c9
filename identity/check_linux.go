package identity

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Self is what this process is and may.
type Self struct {
	UIDs, GIDs [3]uint32 // real, effective, saved
	Groups     []uint32
	// Effective, Permitted and Bounding are capabilities, one bit each.
	Effective, Permitted, Bounding uint64
	// uidMap and gidMap are the files of that name in /proc/self, user_namespaces(7);
	// setgroups is what the file of that name says.
	uidMap, gidMap, setgroups string
}

// Own is what the calling thread is. What /proc could not tell is taken for allowed.
func Own() Self {
	var s Self
	s.UIDs, s.GIDs = resIDs()
	if groups, err := unix.Getgroups(); err == nil {
		for _, g := range groups {
			s.Groups = append(s.Groups, uint32(g))
		}
	}
	s.Groups = set(s.Groups)
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if unix.Capget(&header, &data[0]) == nil {
		s.Effective = uint64(data[0].Effective) | uint64(data[1].Effective)<<32
		s.Permitted = uint64(data[0].Permitted) | uint64(data[1].Permitted)<<32
	}
	for i := range capNames {
		if in, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(i), 0, 0, 0); err == nil && in == 1 {
			s.Bounding |= 1 << i
		}
	}
	for path, into := range map[string]*string{"uid_map": &s.uidMap, "gid_map": &s.gidMap, "setgroups": &s.setgroups} {
		b, _ := os.ReadFile("/proc/self/" + path) // none says nothing
		*into = string(b)
	}
	return s
}

// resIDs returns the real, effective and saved ids.
func resIDs() (uids, gids [3]uint32) {
	r, e, s := unix.Getresuid()
	uids = [3]uint32{uint32(r), uint32(e), uint32(s)}
	r, e, s = unix.Getresgid()
	return uids, [3]uint32{uint32(r), uint32(e), uint32(s)}
}

func (s Self) has(capability int) bool { return s.Effective&(1<<capability) != 0 }

// CheckUser says why the kernel would refuse to let a command run as u, or nil; see
// setresuid(2) and user_namespaces(7).
func (s Self) CheckUser(u User) error {
	switch {
	case !mapped(s.uidMap, u.UID):
		return fmt.Errorf("no user %d in this user namespace (/proc/self/uid_map); use one that is in it", u.UID)
	case !mapped(s.gidMap, u.GID):
		return fmt.Errorf("no group %d in this user namespace (/proc/self/gid_map); use one that is in it", u.GID)
	case !s.has(unix.CAP_SETUID) && s.UIDs != [3]uint32{u.UID, u.UID, u.UID}:
		return errors.New("only root may start a command as another user (CAP_SETUID); start relance as root, or leave the flag out")
	case !s.has(unix.CAP_SETGID) && s.GIDs != [3]uint32{u.GID, u.GID, u.GID}:
		return errors.New("only root may start a command in another group (CAP_SETGID); start relance as root, or leave the flag out")
	}
	return nil
}

// CheckGroups says why the kernel would refuse these supplementary groups, beside the
// primary group gid, or nil. change is false where they are those that this process has,
// and need not be set.
func (s Self) CheckGroups(groups []uint32, gid uint32) (change bool, err error) {
	for _, gid := range groups {
		if !mapped(s.gidMap, gid) {
			return false, fmt.Errorf("no group %d in this user namespace (/proc/self/gid_map); use groups that are in it", gid)
		}
	}
	denied := strings.TrimSpace(s.setgroups) == "deny"
	switch {
	case s.has(unix.CAP_SETGID) && !denied:
		return true, nil
	case slices.Equal(set(append(slices.Clone(groups), gid)), set(append(slices.Clone(s.Groups), gid))):
		return false, nil // it makes no difference whether the primary one is among them
	case denied:
		return false, fmt.Errorf("the supplementary groups would be %s, but this user namespace lets nobody change them (/proc/self/setgroups); use --groups %s",
			formatIDs(groups), formatIDs(s.Groups))
	}
	return false, fmt.Errorf("the supplementary groups would be %s, and only root may set them (CAP_SETGID); start relance as root, or use --groups %s",
		formatIDs(groups), formatIDs(s.Groups))
}

// CheckSignals says why this process could not signal a command that runs as u, or nil;
// see kill(2).
func (s Self) CheckSignals(u User) error {
	if s.has(unix.CAP_KILL) || s.UIDs[0] == u.UID || s.UIDs[1] == u.UID {
		return nil
	}
	return errors.New("relance could not signal another user's command; give relance CAP_KILL too, or use relance exec")
}

// CheckCaps says which of the capabilities could not be handed on, or nil.
func (s Self) CheckCaps(caps uint64) error {
	if lacks := caps &^ (s.Permitted & s.Bounding); lacks != 0 {
		return fmt.Errorf("relance does not have %s itself; start it as root, or with that capability", FormatCaps(lacks))
	}
	return nil
}

// formatIDs is the list for --groups.
func formatIDs(ids []uint32) string {
	if len(ids) == 0 {
		return "none"
	}
	var words []string
	for _, id := range ids {
		words = append(words, strconv.FormatUint(uint64(id), 10))
	}
	return strings.Join(words, ",")
}

// mapped reports whether id is in a uid_map or gid_map: lines of the first id inside, the
// first outside and their number.
func mapped(idMap string, id uint32) bool {
	any := false
	for line := range bytes.Lines([]byte(idMap)) {
		f := bytes.Fields(line)
		if len(f) != 3 {
			continue
		}
		first, err := strconv.ParseUint(string(f[0]), 10, 32)
		count, err2 := strconv.ParseUint(string(f[2]), 10, 32)
		if err != nil || err2 != nil {
			continue
		}
		if any = true; uint64(id) >= first && uint64(id)-first < count {
			return true
		}
	}
	return !any // nobody could tell
}
