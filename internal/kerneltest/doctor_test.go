package kerneltest

import (
	"encoding/json"
	"os/exec"
	"testing"
)

// Root at the top of the hierarchy has it all, and the doctor says so: what it
// tried has worked.
func TestDoctor(t *testing.T) {
	controlled(t)
	out, err := exec.Command(program(t, "RELANCE_TEST_BIN", "relance"), "doctor", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Facts struct {
			Root bool
			PSI  bool `json:"psi"`
		}
		Uses []struct{ What, Use, Note string }
	}
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	uses := map[string]string{}
	for _, row := range said.Uses {
		uses[row.What] = row.Use
	}
	limits := []string{"--memory-high", "--memory-max", "--swap-max", "--pids-max", "--cpu-max", "oom-kill", "tree kill"}
	if said.Facts.PSI {
		limits = append(limits, "--memory-pressure")
	}
	for _, what := range limits {
		if uses[what] != "own-group" {
			t.Errorf("%s: %q, want own-group", what, uses[what])
		}
	}
	if !said.Facts.Root || uses["--rlimit"] != "setrlimit" {
		t.Errorf("root: %v, --rlimit: %q", said.Facts.Root, uses["--rlimit"])
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}
