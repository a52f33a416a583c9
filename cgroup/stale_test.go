package cgroup_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/internal/await"
	"relance/internal/cgrouptest"
)

// Groups whose maker was killed are removed, but for one that holds a process;
// those of a living one stay.
func TestRemoveStale(t *testing.T) {
	p := cgrouptest.Require(t)
	dead, living := keeper(t, p, "keeper"), keeper(t, p, "keeper")
	if err := dead.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	dead.Wait()
	left, err := p.RemoveStale()
	if err != nil {
		t.Fatal(err)
	}
	busy := filepath.Join(p.Path(), cgroup.Names{PID: dead.Process.Pid}.Group(2))
	found := false
	for _, l := range left {
		if l.Path == busy {
			found = true
			if len(l.PIDs) != 1 {
				t.Errorf("processes %d in %s, want one", l.PIDs, l.Path)
			}
		}
	}
	if !found {
		t.Errorf("left is %+v, without %s", left, busy)
	}
	want := map[string]bool{
		cgroup.Names{PID: dead.Process.Pid}.Group(1):   false,
		cgroup.Names{PID: dead.Process.Pid}.Group(2):   true,
		cgroup.Names{PID: living.Process.Pid}.Group(1): true,
		cgroup.Names{PID: living.Process.Pid}.Group(2): true,
	}
	for name, there := range want {
		if _, err := os.Stat(filepath.Join(p.Path(), name)); (err == nil) != there {
			t.Errorf("%s: %v, want it there: %v", name, err, there)
		}
	}
	// When the last process is gone, so is the group, the next time.
	kill(t, busy)
	removed(t, p, busy)
}

// removed removes what is stale until path is gone.
func removed(t *testing.T, p cgroup.Parent, path string) {
	t.Helper()
	await.Until(t, path+" is gone", func() bool {
		if _, err := p.RemoveStale(); err != nil {
			t.Fatal(err)
		}
		_, err := os.Stat(path)
		return os.IsNotExist(err)
	})
}

// The same with a group around those of the generations, which goes with them: as a
// whole, when nobody is in any of them.
func TestRemoveStaleAll(t *testing.T) {
	p := cgrouptest.Require(t)
	dead, living := keeper(t, p, "keeper of all"), keeper(t, p, "keeper of all")
	if err := dead.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	dead.Wait()
	all := filepath.Join(p.Path(), cgroup.Names{PID: dead.Process.Pid}.All())
	left, err := p.RemoveStale()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, l := range left {
		found = found || l.Path == all && len(l.PIDs) == 1
	}
	if !found {
		t.Errorf("left is %+v, without %s and the one process in it", left, all)
	}
	kill(t, all)
	removed(t, p, all)
	names := cgroup.Names{PID: living.Process.Pid}
	for gen := 1; gen <= 2; gen++ {
		if _, err := os.Stat(filepath.Join(p.Path(), names.All(), names.Group(gen))); err != nil {
			t.Errorf("of one that lives: %v", err)
		}
	}
}

// keeping is a process that has made two groups.
type keeping struct {
	*started
	Process *os.Process
}

func (k keeping) Wait() { unix.Wait4(k.Process.Pid, nil, 0, nil) }

func keeper(t *testing.T, p cgroup.Parent, mode string) keeping {
	t.Helper()
	cmd := command(mode)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	s := startedFrom(t, r)
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		names := cgroup.Names{PID: cmd.Process.Pid}
		for _, name := range []string{names.Group(1), names.Group(2), names.All()} {
			kill(t, filepath.Join(p.Path(), name))
		}
		s.wantDead(t)
		if _, err := p.RemoveStale(); err != nil {
			t.Error(err)
		}
	})
	// Two lines, of the keeper and of its child, in whichever order.
	for range 2 {
		if _, err := s.read('\n'); err != nil {
			t.Fatal(err)
		}
	}
	return keeping{s, cmd.Process}
}

// kill empties the group at path, if it is there.
func kill(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(path, "cgroup.kill"), []byte("1"), 0); err != nil && !os.IsNotExist(err) {
		t.Error(err)
	}
}

// The empty subgroups of a stale group that holds processes are theirs: they stay
// too, also where the processes have no number here.
func TestRemoveStaleLeavesSubgroups(t *testing.T) {
	cgrouptest.Slow(t)
	p := cgrouptest.Require(t)
	dead := keeper(t, p, "keeper")
	busy := filepath.Join(p.Path(), cgroup.Names{PID: dead.Process.Pid}.Group(2))
	// So many that they are not even listed.
	const many = 20001
	made := func(i int) string { return filepath.Join(busy, strconv.Itoa(i)) }
	for i := range many {
		if err := os.Mkdir(made(i), 0o755); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(made(i))
	}
	if err := dead.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	dead.Wait()
	if _, err := p.RemoveStale(); err != nil {
		t.Fatal(err)
	}
	for i := range many {
		if _, err := os.Stat(made(i)); err != nil {
			t.Fatalf("a subgroup of a group in use: %v", err)
		}
	}
}
