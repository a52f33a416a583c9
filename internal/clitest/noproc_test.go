package clitest

import (
	"os/exec"
	"strings"
	"testing"

	"relance/internal/need"
)

// Without a /proc of its own relance cannot see the tree: it says how to get one
// and starts nothing.
func TestNoProc(t *testing.T) {
	need.Root(t, "to unmount /proc in a mount namespace")
	for name, flags := range map[string][]string{
		"none":                    {"-m", "sh", "-c", `umount -l /proc && exec "$0" echo started`, relance()},
		"of another namespace":    {"-pf", relance(), "echo", "started"},
		"control: one of our own": {"-pf", "--mount-proc", relance(), "echo", "started"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command("unshare", flags...)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if strings.HasPrefix(name, "control") {
				if err != nil || string(out) != "started\n" {
					t.Errorf("with a /proc: %v, %q, %s", err, out, &stderr)
				}
				return
			}
			if cmd.ProcessState.ExitCode() != 125 || len(out) > 0 {
				t.Errorf("%v, output %q, want status 125 and none", err, out)
			}
			if text := stderr.String(); !strings.HasPrefix(text, "relance: error: no /proc of our own: ") ||
				!strings.HasSuffix(text, "\nrelance: hint: mount it: mount -t proc proc /proc\n") {
				t.Errorf("stderr: %s", text)
			}
		})
	}
}
