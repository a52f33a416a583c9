package clitest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"relance/internal/need"
)

// pathFolder makes a folder with the files that a search may meet.
func pathFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for name, mode := range map[string]os.FileMode{
		"a/tool":       0o755, // found in a
		"b/tool":       0o755, // found in b as well
		"c/tool":       0o644, // not executable
		"d/tool/inner": 0o755, // a folder named as the command
		"here":         0o755, // in the current folder
	} {
		text := "echo " + name + " $0 $# \"$1\" \"$2\" in $PWD\n" // no #!: the shell runs it
		write(t, filepath.Join(folder, name), text, mode)
		write(t, filepath.Join(folder, name+"-bang"), "#!/bin/sh\n"+text, mode)
	}
	write(t, filepath.Join(folder, "a/no-interpreter"), "#!/no/such/interpreter\n", 0o755)
	write(t, filepath.Join(folder, "a/empty"), "", 0o755)
	write(t, filepath.Join(folder, "a/-dash"), "echo dash $#\n", 0o755)
	write(t, filepath.Join(folder, "file"), "", 0o644)
	return folder
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// A command is found where execvp(3) finds it. env(1), which calls that, is the
// model: the same output, the same status.
func TestPathAsExecvp(t *testing.T) {
	t.Parallel()
	folder := pathFolder(t)
	paths := []string{
		"PATH=a:b", "PATH=b:a", "PATH=c:a", "PATH=c", "PATH=d:b", "PATH=d", "PATH=none:a", "PATH=file:a", "PATH=c:none",
		"PATH=", "PATH=:a", "PATH=a:", "PATH=a::b", "PATH=::", "PATH=.", "PATH=..:.", "PATH=" + folder + "/a", "PATH=a/:b//",
		"OTHER=1", // no PATH at all
	}
	names := []string{"tool", "tool-bang", "here", "here-bang", "no-interpreter", "empty", "-dash", "true", "a/tool", "./here", "./b/tool-bang", "c/tool", "./d", "none", "./none", strings.Repeat("x", 300)}
	every := need.Much(5, 1)
	for i, path := range paths {
		for j, name := range names {
			if (i+j)%every != 0 {
				continue // the others: each path and each name is among those that are left
			}
			if name == "true" && path != "OTHER=1" {
				continue // only there to see the search without PATH
			}
			model := inFolder(t, folder, path, "/usr/bin/env", "--", name, "1", "2 3")
			for _, words := range [][]string{{relance(), "--"}, {relance(), "exec", "--"}} {
				got := inFolder(t, folder, path, append(words, name, "1", "2 3")...)
				if got.status != model.status || got.out != model.out {
					t.Errorf("%s %s: got status %d %q, want %d %q (%s)", path, name, got.status, got.out, model.status, model.out, got.stderr)
				}
			}
		}
	}
}

func inFolder(t *testing.T, folder, env string, words ...string) result {
	t.Helper()
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir, cmd.Env = folder, []string{env}
	return runCmd(t, cmd)
}

// What is said of a command that cannot be run names it and the reason.
func TestStartFailureLines(t *testing.T) {
	t.Parallel()
	folder := pathFolder(t)
	for _, test := range []struct{ name, want string }{
		{"none", `relance: error: run "none": not found in PATH`},
		{"./none", `relance: error: run "./none": no such file or directory`},
		{"tool", `relance: error: run "c/tool": permission denied`},
		{"./d", `relance: error: run "./d": permission denied`},
		{"file/x", `relance: error: run "file/x": not a directory`},
		{"./a/no-interpreter", `relance: error: run "./a/no-interpreter": no such file or directory`},
	} {
		for _, words := range [][]string{{relance(), "--"}, {relance(), "exec", "--"}} {
			if got := inFolder(t, folder, "PATH=none:c:d", append(words, test.name)...); got.stderr != test.want+"\n" {
				t.Errorf("%s: got %q, want %q", test.name, got.stderr, test.want)
			}
		}
	}
}
