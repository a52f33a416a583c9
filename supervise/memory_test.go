package supervise

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/internal/cgrouptest"
	"relance/internal/need"
	"relance/place"
	"relance/requests"
)

// The program is told where to watch, and not to where the kernel does not tell.
func TestPressureEntry(t *testing.T) {
	g, m := cgrouptest.Scratch(t), &memory{memories: &memories{}}
	if got, want := m.pressureEntry(g), pressureWatch+filepath.Join(g.Path(), "memory.pressure"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	// Since Linux 6.1: the files of the group go, as all do that has psi=0.
	if err := os.WriteFile(filepath.Join(g.Path(), "cgroup.pressure"), []byte("0"), 0); err != nil {
		need.Lack(t, "%v (Linux 6.1, without psi=0)", err)
	}
	if got := m.pressureEntry(g); got != pressureWatch+"/dev/null" {
		t.Errorf("%q without the file", got)
	}
}

// A program that runs as another user has to write to the file.
func TestPressureOwner(t *testing.T) {
	g := cgrouptest.Scratch(t)
	file := filepath.Join(g.Path(), "memory.pressure")
	owner := func() (st unix.Stat_t) {
		if err := unix.Stat(file, &st); err != nil {
			need.Lack(t, "%v (psi=1)", err)
		}
		return st
	}
	before := owner()
	(&memory{memories: &memories{}}).pressureEntry(g)
	if got := owner(); got.Uid != before.Uid {
		t.Errorf("as we do: got uid %d, want %d", got.Uid, before.Uid)
	}
	(&memory{memories: &memories{user: &child.Account{UID: 65534}}}).pressureEntry(g)
	if got := owner(); got.Uid != 65534 || got.Gid != before.Gid || got.Mode != before.Mode {
		t.Errorf("got uid %d, gid %d, mode %o; want uid 65534 and the rest as it was", got.Uid, got.Gid, got.Mode)
	}
}

// A group whose memory nobody counts, since only its pressure is watched, is
// looked at in /proc.
func TestUsageUncounted(t *testing.T) {
	g := cgrouptest.Scratch(t)
	if _, err := os.Stat(filepath.Join(g.Path(), "memory.stat")); err == nil {
		inner, err := g.Parent().Create("inner")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { inner.Remove(); inner.Close() })
		g = inner
	}
	m := &memory{memories: &memories{place: &place.Place{Source: place.Cgroup}}, group: g}
	if _, counted, err := m.usage(); counted || err != nil {
		t.Errorf("counted %v, %v; want neither", counted, err)
	}
}

// Each variable of a generation gets to its place, whatever else was in the environment
// that we were given.
func TestPlacesInEnv(t *testing.T) {
	b := &berth{Ears: Ears{Server: &requests.Server{}}}
	s := &child.Settings{Argv: []string{"true"}, Env: []string{"NOTIFY_SOCKET=x", "WATCHDOG_PID=1", "A=1", pressureWatch + "/old"}}
	s.Env = addPressureEnv(s.Env)
	b.makeRoom(s)
	spawner, err := child.NewSpawner(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range []string{pressureWatch + "/new", "NOTIFY_SOCKET=new", "RELANCE_SOCKET=new"} {
		if err := spawner.SetEnv(entry); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for _, entry := range s.Env {
		name, _, _ := strings.Cut(entry, "=")
		names = append(names, name)
	}
	want := []string{"A", "MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE", "NOTIFY_SOCKET", "RELANCE_SOCKET"}
	if !slices.Equal(names, want) || s.Env[1] != pressureWatch+"/new" || s.Env[3] != "NOTIFY_SOCKET=new" {
		t.Errorf("got %q", s.Env)
	}
}
