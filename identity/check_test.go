package identity

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func is(id uint32) [3]uint32 { return [3]uint32{id, id, id} }

// What the kernel would refuse is refused before.
func TestCheck(t *testing.T) {
	all := ^uint64(0)
	root := Self{Effective: all, Permitted: all, Bounding: all, uidMap: "         0          0 4294967295\n", gidMap: "0 0 4294967295\n", setgroups: "allow\n"}
	app := Self{UIDs: is(1000), GIDs: is(1000), Groups: []uint32{4, 1000}}
	inside := root // the root of a user namespace with two users in it
	inside.uidMap, inside.gidMap = "0 1000 1\n1000 1001 1\n", "0 1000 1\n1000 1001 1\n"
	denied := inside
	denied.setgroups = "deny\n"
	half := app
	half.UIDs[2] = 0
	setter := app // has the right to become somebody, and not to signal it
	setter.Effective = 1<<unix.CAP_SETUID | 1<<unix.CAP_SETGID
	for _, test := range []struct {
		name   string
		self   Self
		uid    uint32
		groups []uint32
		// What each of the three says, "" for nothing.
		user, group, signals string
		change               bool
	}{
		{"root", root, 1000, []uint32{4}, "", "", "", true},
		{"root stays root", root, 0, nil, "", "", "", true},
		{"nobody knows", Self{Effective: all}, 1000, nil, "", "", "", true},
		{"another user", app, 1001, []uint32{4}, "CAP_SETUID", "CAP_SETGID", "CAP_KILL", false},
		{"the same", app, 1000, []uint32{4, 1000}, "", "", "", false},
		{"the same but for the primary group", app, 1000, []uint32{4}, "", "", "", false},
		{"the same with other groups", app, 1000, []uint32{5}, "", "CAP_SETGID); start relance as root, or use --groups 4,1000", "", false},
		{"the same in effect", half, 1000, []uint32{4}, "CAP_SETUID", "", "", false},
		{"not signalled", setter, 1001, nil, "", "", "CAP_KILL", true},
		{"in the namespace", inside, 1000, []uint32{1000}, "", "", "", true},
		{"not in the namespace", inside, 1001, []uint32{1, 1000}, "uid_map", "gid_map", "", false},
		{"groups denied", denied, 0, []uint32{1000}, "", "/proc/self/setgroups); use --groups none", "", false},
		{"none denied", denied, 0, []uint32{0}, "", "", "", false},
	} {
		gid := test.uid
		user, signals := test.self.CheckUser(User{UID: test.uid, GID: gid}), test.self.CheckSignals(User{UID: test.uid})
		change, group := test.self.CheckGroups(test.groups, gid)
		for what, pair := range map[string]struct {
			err  error
			want string
		}{"user": {user, test.user}, "groups": {group, test.group}, "signals": {signals, test.signals}} {
			if (pair.err == nil) != (pair.want == "") || pair.err != nil && !strings.Contains(pair.err.Error(), pair.want) {
				t.Errorf("%s: %s: got %v, want %q", test.name, what, pair.err, pair.want)
			}
		}
		if change != test.change {
			t.Errorf("%s: groups are to be set: got %v", test.name, change)
		}
	}
	if err := (Self{GIDs: is(7), UIDs: is(1000)}).CheckUser(User{UID: 1000, GID: 1000}); err == nil || !strings.Contains(err.Error(), "CAP_SETGID") {
		t.Errorf("another group: got %v", err)
	}
	if err := (Self{Permitted: 3, Bounding: 1}).CheckCaps(3); err == nil || !strings.Contains(err.Error(), "have DAC_OVERRIDE itself") {
		t.Errorf("a capability out of bounds: got %v", err)
	}
	if err := (Self{Permitted: 3, Bounding: 3}).CheckCaps(2); err != nil {
		t.Error(err)
	}
}

func TestMapped(t *testing.T) {
	for _, test := range []struct {
		idMap string
		id    uint32
		want  bool
	}{
		{"", 5, true},
		{"0 0 4294967295\n", maxID, true},
		{"0 1000 1\n", 0, true},
		{"0 1000 1\n", 1, false},
		{"0 1000 1\n100000 1 65536\n", 100000 + 65535, true},
		{"0 1000 1\n100000 1 65536\n", 100000 + 65536, false},
		{"10 0 5", 9, false},
		{"10 0 5", 14, true},
		{"what is this\n", 1, true},
		{"4294967290 0 100\n", maxID, true},
	} {
		if got := mapped(test.idMap, test.id); got != test.want {
			t.Errorf("%q has %d: got %v", test.idMap, test.id, got)
		}
	}
}

// What /proc/PID/status says of this process.
func TestOwn(t *testing.T) {
	got := Own()
	if int(got.UIDs[0]) != os.Getuid() || int(got.GIDs[1]) != os.Getegid() || !slices.IsSorted(got.Groups) {
		t.Errorf("got %+v", got)
	}
	b, err := os.ReadFile("/proc/thread-self/status")
	if err != nil {
		t.Fatal(err) // relance needs /proc, too
	}
	for name, set := range map[string]uint64{"CapEff": got.Effective, "CapPrm": got.Permitted, "CapBnd": got.Bounding} {
		if _, rest, _ := strings.Cut(string(b), name+":\t"); !strings.HasPrefix(rest, fmt.Sprintf("%016x", set)+"\n") {
			t.Errorf("%s: got %s, want %.16s", name, fmt.Sprintf("%016x", set), rest)
		}
	}
	if got.uidMap == "" || got.gidMap == "" {
		t.Error("no maps")
	}
}
