package supervise

import (
	"os"
	"path/filepath"
	"testing"

	"relance/internal/cgrouptest"
	"relance/place"
)

// The program is told where to watch, and not to where the kernel does not tell.
func TestPressureEntry(t *testing.T) {
	g := cgrouptest.Scratch(t)
	if got, want := pressureEntry(g), pressureWatch+filepath.Join(g.Path(), "memory.pressure"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	// Since Linux 6.1: the files of the group go, as all do that has psi=0.
	if err := os.WriteFile(filepath.Join(g.Path(), "cgroup.pressure"), []byte("0"), 0); err != nil {
		t.Skip(err)
	}
	if got := pressureEntry(g); got != pressureWatch+"/dev/null" {
		t.Errorf("%q without the file", got)
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
