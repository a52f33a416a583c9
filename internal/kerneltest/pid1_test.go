package kerneltest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Orphans of the whole machine come to PID 1, which is relance under
// RELANCE_TEST_PID1: it reaps them all.
func TestPID1ReapsOrphans(t *testing.T) {
	if os.Getenv("RELANCE_TEST_PID1") == "" {
		t.Skip("needs relance as PID 1: make check-kernel")
	}
	exe, err := os.Readlink("/proc/1/exe")
	if err != nil || filepath.Base(exe) != "relance" {
		t.Fatalf("PID 1 is %q, not relance: %v", exe, err)
	}
	const rounds, each = 5, 200
	for range rounds {
		leaveOrphans(t, each)
		for late := time.Now().Add(time.Minute); ; {
			left := zombies(t)
			if len(left) == 0 {
				break
			}
			if time.Now().After(late) {
				t.Fatalf("zombies that PID 1 has not reaped: %q", left)
			}
		}
	}
}

// leaveOrphans returns when n processes have become children of PID 1 and died.
func leaveOrphans(t *testing.T, n int) {
	t.Helper()
	cmd := exec.Command(misbehave(t), "--quiet", "orphans", "--exit", fmt.Sprint(n))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != fmt.Sprintf("orphaned %d", n) {
		t.Fatalf("misbehave says %q", lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

// zombies returns the stat lines of the children of PID 1 that nobody reaped.
func zombies(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var left []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // gone meanwhile
		}
		if _, rest, ok := strings.Cut(string(text), ") "); ok && strings.HasPrefix(rest, "Z 1 ") {
			left = append(left, string(text))
		}
	}
	return left
}
