package supervise

import (
	"os"
	"testing"
	"time"

	"relance/child"
	"relance/internal/need"
	"relance/output"
	"relance/place"
	"relance/tree"
)

// What a look tells of the output, and what the command is given for it: nothing
// where it is not carried.
func TestMachineOutput(t *testing.T) {
	walker, err := tree.New(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	bare := place.Bare(os.Getpid())
	b := &berth{}
	m := &Machine{
		walker: walker, groups: groups{place: bare}, memories: &memories{place: bare}, berths: []*berth{b},
		generations: []*generation{{berth: b, gen: 1, memory: memory{memories: &memories{place: bare}}}},
	}
	look := func() time.Duration {
		u, err := m.Look(1, 0)
		if err != nil {
			t.Fatal(err)
		}
		return u.Silent
	}
	var s child.Settings
	m.beginOutput(m.of(1))
	if b.replaceOutput(&s); s.Replace != nil || look() != 0 {
		t.Errorf("not carried: %v, silent %v", s.Replace, look())
	}

	carrier, err := output.Open([3]bool{}, nil, output.Want{Silence: true})
	if err != nil {
		need.Lack(t, "%v; not in a terminal", err)
	}
	for _, stream := range carrier.Streams() {
		go stream.Run()
	}
	defer carrier.Close()
	b.Output = carrier
	if b.replaceOutput(&s); len(s.Replace) != len(carrier.Ends()) || s.Replace[0].From <= 2 {
		t.Errorf("replaced: %v", s.Replace)
	}
	const long = 20 * time.Millisecond
	for look() < long {
	}
	before := time.Now()
	m.beginOutput(m.of(1))
	if silent := look(); silent > time.Since(before) {
		t.Errorf("silent for %v before the generation began", silent)
	}
}
