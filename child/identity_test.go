package child

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// aPipe is the write end of one.
func aPipe(t *testing.T) int {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fds[0]); unix.Close(fds[1]) })
	return fds[1]
}

// The arguments of the calls that change the user.
func TestIdentityArguments(t *testing.T) {
	s := Settings{Argv: []string{"/bin/x"}, Close: []int{0, 1, 2}, Identity: Identity{
		As: &Account{UID: 33, GID: 34, What: "x"}, SetGroups: true, Groups: []uint32{4, 34}, Ambient: 1<<10 | 1<<40, NoNewPrivs: true,
	}}
	var raised []int
	for _, c := range written(t, &s) {
		switch c.nr {
		case unix.SYS_SETGROUPS:
			if got := at[[2]uint32](c.args[1]); c.args[0] != 2 || got != [2]uint32{4, 34} {
				t.Errorf("groups: got %v, %v", c.args, got)
			}
		case unix.SYS_SETRESGID:
			if [3]uintptr(c.args[:3]) != [3]uintptr{34, 34, 34} {
				t.Errorf("group: got %v", c.args)
			}
		case unix.SYS_SETRESUID:
			if [3]uintptr(c.args[:3]) != [3]uintptr{33, 33, 33} {
				t.Errorf("user: got %v", c.args)
			}
		case unix.SYS_CAPSET:
			low, high := unix.CapUserData{Effective: 1 << 10, Permitted: 1 << 10, Inheritable: 1 << 10}, unix.CapUserData{Effective: 1 << 8, Permitted: 1 << 8, Inheritable: 1 << 8}
			if got := at[[2]unix.CapUserData](c.args[1]); got != [2]unix.CapUserData{low, high} {
				t.Errorf("capabilities: got %+v", got)
			}
			if got := at[unix.CapUserHeader](c.args[0]); got != (unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}) {
				t.Errorf("capabilities: got %+v", got)
			}
		case unix.SYS_PRCTL:
			switch c.args[0] {
			case unix.PR_CAP_AMBIENT:
				raised = append(raised, int(c.args[2]))
			case unix.PR_SET_KEEPCAPS, unix.PR_SET_NO_NEW_PRIVS:
				if [5]uintptr(c.args[1:6]) != [5]uintptr{1} {
					t.Errorf("prctl: got %v", c.args)
				}
			default:
				t.Errorf("prctl: got %v", c.args)
			}
		}
	}
	if !slices.Equal(raised, []int{10, 40}) {
		t.Errorf("ambient: got %v", raised)
	}
}

// written are the calls of a program.
func written(t *testing.T, s *Settings) []call {
	t.Helper()
	p, err := s.program(0, -1)
	if err != nil {
		t.Fatal(err)
	}
	return p.calls
}

// What is not asked for is left alone, and root keeps what only root has.
func TestIdentityLeftAlone(t *testing.T) {
	for _, test := range []struct {
		name     string
		identity Identity
		want     []uintptr
	}{
		{"nothing", Identity{}, nil},
		{"no_new_privs", Identity{NoNewPrivs: true}, []uintptr{unix.SYS_PRCTL}},
		{"no groups", Identity{SetGroups: true}, []uintptr{unix.SYS_SETGROUPS}},
		{"as root", Identity{As: &Account{}}, []uintptr{unix.SYS_SETRESGID, unix.SYS_SETRESUID}},
		{"as another", Identity{As: &Account{UID: 1}}, []uintptr{unix.SYS_SETRESGID, unix.SYS_SETRESUID, unix.SYS_CAPSET}},
		{"capabilities of our own user", Identity{Ambient: 1}, []uintptr{unix.SYS_CAPSET, unix.SYS_PRCTL}},
	} {
		var got []uintptr
		for _, c := range written(t, &Settings{Argv: []string{"/bin/x"}, Close: []int{0, 1, 2}, Identity: test.identity}) {
			if c.nr != unix.SYS_RT_SIGACTION && c.nr != unix.SYS_CLOSE && c.nr != unix.SYS_RT_SIGPROCMASK && c.nr != unix.SYS_EXECVE {
				got = append(got, c.nr)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got the calls %v, want %v", test.name, got, test.want)
		}
	}
}

// Only pipes change their owner.
func TestOwnedDescriptors(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	s := &Settings{Argv: []string{"/bin/x"}, Close: []int{1}, Identity: Identity{As: &Account{UID: 33, What: "x"}}}
	s.Replace = []Replacement{{FD: 0, From: pair[0]}, {FD: 2, From: aPipe(t)}}
	var got []uintptr
	for _, c := range written(t, s) {
		if c.nr == unix.SYS_FCHOWN {
			got = append(got, c.args[:3]...)
		}
	}
	if want := []uintptr{2, 33, ^uintptr(0)}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// status is the lines of /proc/self/status that say who a process is.
const status = `grep -E '^(Uid|Gid|Groups|Cap(Inh|Prm|Eff|Amb)|NoNewPrivs):' /proc/self/status | tr -s ' \t' ' '`

// What a command becomes, told by the kernel; and relance stays what it was.
func TestSpawnAs(t *testing.T) {
	need.Root(t, "to be another user")
	full := fmt.Sprintf("%016x", func() uint64 {
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var data [2]unix.CapUserData
		if err := unix.Capget(&header, &data[0]); err != nil {
			t.Fatal(err)
		}
		return uint64(data[0].Effective) | uint64(data[1].Effective)<<32
	}())
	none, bind := strings.Repeat("0", 16), "0000000000000400"
	text := func(uid, gid int, groups, inh, prm, amb, nnp string) string {
		u, g := fmt.Sprintf("%d %[1]d %[1]d %[1]d", uid), fmt.Sprintf("%d %[1]d %[1]d %[1]d", gid)
		return "Uid: " + u + "\nGid: " + g + "\nGroups: " + groups + "\nCapInh: " + inh + "\nCapPrm: " + prm + "\nCapEff: " + prm + "\nCapAmb: " + amb + "\nNoNewPrivs: " + nnp
	}
	nobody := &Account{UID: 65534, GID: 65534, What: "nobody"}
	for _, test := range []struct {
		name     string
		identity Identity
		want     string
	}{
		// The negative control: as root, with all that root has.
		{"root", Identity{SetGroups: true, Groups: []uint32{7}}, text(0, 0, "7 ", none, full, none, "0")},
		{"nobody", Identity{As: nobody, SetGroups: true}, text(65534, 65534, "", none, none, none, "0")},
		{"groups", Identity{As: &Account{UID: 4711, GID: 8, What: "x"}, SetGroups: true, Groups: []uint32{4, 9}, NoNewPrivs: true},
			text(4711, 8, "4 9 ", none, none, none, "1")},
		{"a capability", Identity{As: nobody, SetGroups: true, Ambient: 1 << unix.CAP_NET_BIND_SERVICE}, text(65534, 65534, "", bind, bind, bind, "0")},
	} {
		folder := t.TempDir()
		file := filepath.Join(folder, "out")
		if err := os.WriteFile(file, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		fd, err := unix.Open(file, unix.O_WRONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		s := &Settings{Argv: []string{"sh", "-c", status}, Env: []string{"PATH=/bin:/usr/bin"}, ParentDeath: unix.SIGTERM,
			Replace: []Replacement{{FD: 1, From: fd}}, Nice: number(-1), Identity: test.identity}
		_, exit, err := spawn(t, s, nil)
		unix.Close(fd)
		b, readErr := os.ReadFile(file)
		if err != nil || readErr != nil || exit != 0 {
			t.Fatalf("%s: %v, %v, %v", test.name, err, readErr, exit)
		}
		if got := strings.TrimSpace(string(b)); got != strings.TrimSpace(test.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
	if os.Geteuid() != 0 || !isDumpable().yes {
		t.Errorf("afterwards we are %d, and dumpable is %v", os.Geteuid(), isDumpable().yes)
	}
}

// Without restoring it the kernel would take relance for a program that nobody may look
// into: the negative control of the last line above.
func TestDumpable(t *testing.T) {
	need.Root(t, "to be another user")
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	spawner, err := NewSpawner(&Settings{Argv: []string{"/bin/true"}, Identity: Identity{As: &Account{UID: 65534, What: "nobody"}}})
	if err != nil {
		t.Fatal(err)
	}
	was := spawner.dumpable
	spawner.dumpable = dumpable{}
	defer was.restore()
	pid, err := spawner.Spawn(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Wait4(pid, nil, 0, nil); err != nil {
		t.Fatal(err)
	}
	if isDumpable().yes {
		t.Error("the change of user did not show in our memory")
	}
}

// What the new user may not run is named with that user, and what the kernel refuses
// before is a step of ours.
func TestSpawnAsRefused(t *testing.T) {
	need.Root(t, "to be another user")
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "command")
	if err := os.Symlink("/bin/true", file); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		settings Settings
		want     string
		status   int
	}{
		{Settings{Argv: []string{file}, Identity: Identity{As: &Account{UID: 65534, What: "nobody"}}}, fmt.Sprintf("run %q as nobody: permission denied", file), 126},
		{Settings{Argv: []string{"/bin/true"}, Identity: Identity{Ambient: 1 << 63}}, "set the ambient capabilities: invalid argument", 125},
	} {
		_, _, err := spawn(t, &test.settings, nil)
		var stage *StageError
		if !errors.As(err, &stage) || err.Error() != test.want || stage.ExitStatus() != test.status {
			t.Errorf("got %v, want %s, %d", err, test.want, test.status)
		}
		if _, wait := Reap(); wait != Childless {
			t.Errorf("%s: left something behind", test.want)
		}
	}
}

// A user that has as many processes as it may is not told of a resource that is
// unavailable for the moment.
func TestSpawnAsCrowded(t *testing.T) {
	need.Root(t, "to be another user")
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	crowd := Identity{As: &Account{UID: 4711, GID: 4711, What: "uid 4711"}}
	sleeper, err := NewSpawner(&Settings{Argv: []string{"/bin/sleep", "60"}, Identity: crowd})
	if err != nil {
		t.Fatal(err)
	}
	pid, err := sleeper.Spawn(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Kill(pid, unix.SIGKILL); err != nil {
			t.Error(err)
		}
		if _, err := unix.Wait4(pid, nil, 0, nil); err != nil {
			t.Error(err)
		}
	}()
	_, _, err = spawn(t, &Settings{Argv: []string{"/bin/true"}, Rlimits: []Rlimit{{Resource: unix.RLIMIT_NPROC}}, Identity: crowd}, nil)
	if want := `run "/bin/true" as uid 4711: that user has more processes than RLIMIT_NPROC allows`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
