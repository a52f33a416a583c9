package containertest

import (
	"encoding/json"
	"strings"
	"testing"
)

// What the doctor says in a container: where the groups can only be read, a budget
// is watched in the group around us and limits are refused; where they can be
// written, all of it gets groups of its own.
func TestDoctor(t *testing.T) {
	eachBox(t, func(t *testing.T, b box) {
		c := b.start(t, "relance", "doctor", "--json")
		out := strings.Join(c.stdout.Rest(t), "\n")
		if status := c.end(t); status != 0 {
			t.Errorf("status %d, want 0", status)
		}
		var said struct {
			Facts struct {
				PID       int
				Namespace bool
				ReadOnly  bool  `json:"read_only"`
				Memory    int64 `json:"memory_bytes"`
			}
			Uses   []struct{ What, Use string }
			Advice []struct{ For, Lines []string }
		}
		if err := json.Unmarshal([]byte(out), &said); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		uses := map[string]string{}
		for _, row := range said.Uses {
			uses[row.What] = row.Use
		}
		budget, limit, kill := "own-group", "own-group", "own-group"
		if !b.writable {
			budget, limit, kill = "container", "refused", "proc"
		}
		for what, want := range map[string]string{
			"--memory-high": budget, "oom-kill": budget, "tree kill": kill, "--rlimit": "setrlimit",
			"--memory-max": limit, "--swap-max": limit, "--pids-max": limit, "--cpu-max": limit, "--memory-pressure": limit,
		} {
			if uses[what] != want {
				t.Errorf("%s: %q, want %q", what, uses[what], want)
			}
		}
		if f := said.Facts; f.PID != 1 || f.Namespace == b.hostNS || f.ReadOnly == b.writable || f.Memory != b.memory {
			t.Errorf("the facts: %+v", f)
		}
		if advised := len(said.Advice) > 0; advised == b.writable {
			t.Errorf("advice: %+v", said.Advice)
		}
		if t.Failed() {
			t.Log(out)
		}
	})
}
