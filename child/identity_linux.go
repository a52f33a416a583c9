package child

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// Identity is as whom the command runs, and with what rights. The zero value changes
// nothing.
type Identity struct {
	// As is whom it runs as, nil: as relance does.
	As *Account
	// Groups are the supplementary groups, if SetGroups says that they are to be set.
	Groups    []uint32
	SetGroups bool
	// Ambient are the capabilities that the command has, one bit each; another user than
	// root has no more than these (capabilities(7)).
	Ambient uint64
	// NoNewPrivs sees to it that neither the command nor what it starts ever gets more
	// rights than that (prctl(2), PR_SET_NO_NEW_PRIVS).
	NoNewPrivs bool
}

// Account is a user and a primary group.
type Account struct {
	UID, GID uint32
	// What names the user in an error message: "nobody", "uid 1000".
	What string
}

// capHeader is what capset(2) is told first.
var capHeader = unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}

// addIdentity adds the calls that change who the new process is. They concern it alone,
// as the kernel has it: only the C library makes them for all threads (nptl(7)). Groups
// come first, since another user may not change them; what is kept of the capabilities
// through the change of user is cut down after it. It all comes after what takes rights
// (priorities, hard limits), and before the parent-death signal, which "is cleared upon
// […] changes to the credentials" (PR_SET_PDEATHSIG(2const)).
//
// Until the exec the new process has our memory. Nobody else of its new user can get at
// it there: with the change the kernel takes the memory for one that only root may look
// into (proc_pid_mem(5), "dumpable"); Spawn puts that back for us.
func (s *Settings) addIdentity(p *program) {
	i := &s.Identity
	if i.As != nil {
		s.addOwner(p)
	}
	if i.SetGroups {
		var list uintptr
		if len(i.Groups) > 0 {
			list = pointer(&i.Groups[0])
			p.hold(i.Groups)
		}
		p.add("set the supplementary groups", unix.SYS_SETGROUPS, uintptr(len(i.Groups)), list)
	}
	if i.As != nil {
		uid, gid := uintptr(i.As.UID), uintptr(i.As.GID)
		p.add(fmt.Sprintf("set the group to %d", gid), unix.SYS_SETRESGID, gid, gid, gid)
		if i.Ambient != 0 {
			p.add("keep capabilities", unix.SYS_PRCTL, unix.PR_SET_KEEPCAPS, 1)
		}
		p.add("set the user to "+i.As.What, unix.SYS_SETRESUID, uid, uid, uid)
	}
	if i.As != nil && i.As.UID != 0 || i.Ambient != 0 {
		low, high := uint32(i.Ambient), uint32(i.Ambient>>32)
		data := &[2]unix.CapUserData{
			{Effective: low, Permitted: low, Inheritable: low}, {Effective: high, Permitted: high, Inheritable: high},
		}
		p.hold(data)
		p.add("set the capabilities", unix.SYS_CAPSET, pointer(&capHeader), pointer(data))
	}
	for number := range uintptr(64) {
		if i.Ambient&(1<<number) != 0 {
			p.add("set the ambient capabilities", unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, number)
		}
	}
	if i.NoNewPrivs {
		p.add("set no_new_privs", unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1)
	}
}

// addOwner gives the pipes that are the command's stdin, stdout and stderr to its user,
// as container runtimes do: opened once more as /dev/stderr, a pipe is judged by its
// owner. A file or a terminal stays whose it is, and so does a socket, which cannot be
// opened once more at all.
func (s *Settings) addOwner(p *program) {
	for fd := range 3 {
		replaced := slices.IndexFunc(s.Replace, func(r Replacement) bool { return r.FD == fd })
		var st unix.Stat_t
		var fs unix.Statfs_t
		switch {
		case replaced >= 0:
			// What is there now may stand for a pipe that comes with each generation.
			if unix.Fstat(s.Replace[replaced].From, &st) != nil || st.Mode&unix.S_IFMT == unix.S_IFSOCK {
				continue
			}
		case slices.Contains(s.Close, fd) || unix.Fstatfs(fd, &fs) != nil || fs.Type != unix.PIPEFS_MAGIC:
			continue
		}
		unchanged := ^uintptr(0)
		c := p.add(fmt.Sprintf("give descriptor %d to %s", fd, s.Identity.As.What), unix.SYS_FCHOWN, uintptr(fd), uintptr(s.Identity.As.UID), unchanged)
		// Without the right to it, it stays as it was.
		c.tolerate = 1<<unix.EPERM | 1<<unix.EINVAL
	}
}

// dumpable is what prctl(2) says of our memory, and restores it after a stage that
// changed the user: the kernel has marked the memory, which was shared.
type dumpable struct{ yes bool }

func isDumpable() dumpable {
	value, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	return dumpable{err == nil && value == 1}
}

func (d dumpable) restore() {
	if d.yes {
		// Refused for no value but one that PR_GET_DUMPABLE does not return here.
		_ = unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0)
	}
}
