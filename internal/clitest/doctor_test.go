package clitest

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// What the doctor says of a limit is what becomes of it.
func TestDoctor(t *testing.T) {
	t.Parallel()
	var told struct {
		Facts struct{ Kernel string }
		Uses  []struct{ What, Use string }
	}
	if err := json.Unmarshal(doctor(t, "--json"), &told); err != nil {
		t.Fatal(err)
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil || told.Facts.Kernel != unix.ByteSliceToString(u.Release[:]) {
		t.Errorf("kernel %q, %v", told.Facts.Kernel, err)
	}
	uses := map[string]string{}
	for _, row := range told.Uses {
		uses[row.What] = row.Use
	}
	for flag, value := range map[string]string{
		"--memory-high": "64M", "--memory-max": "64M", "--swap-max": "64M", "--pids-max": "50", "--cpu-max": "100%",
		"--memory-pressure": "full 200ms/2s", "--rlimit": "core=0",
	} {
		cmd := exec.Command(relance(), flag, value, "--", "true")
		out, _ := cmd.CombinedOutput()
		status := cmd.ProcessState.ExitCode()
		if want := map[bool]int{true: 125, false: 0}[uses[flag] == "refused"]; status != want || uses[flag] == "" {
			t.Errorf("%s: the doctor says %q, and it ends with %d: %s", flag, uses[flag], status, out)
		}
	}
	text := string(doctor(t))
	for what := range uses {
		if !strings.Contains(text, "\n  "+what+" ") {
			t.Errorf("no %s in %s", what, text)
		}
	}
}

// doctor runs it and returns what it says.
func doctor(t *testing.T, args ...string) []byte {
	t.Helper()
	var errs bytes.Buffer
	cmd := exec.Command(relance(), append([]string{"doctor"}, args...)...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || errs.Len() > 0 {
		t.Fatalf("%v: %s", err, errs.Bytes())
	}
	return out
}
