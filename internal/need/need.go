// Package need says what a test needs of the machine beside Go. A laptop may lack
// it, and the test is skipped; where everything is to run (make test, which CI calls)
// RELANCE_TEST_TOOLS=1 is set, and that is a failure.
package need

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// All reports whether everything is to run.
func All() bool { return os.Getenv("RELANCE_TEST_TOOLS") == "1" }

// Lack ends the test for want of something; the message says what, and how to get it.
func Lack(t testing.TB, format string, values ...any) {
	t.Helper()
	if All() {
		t.Fatalf(format, values...)
	}
	t.Skipf(format, values...)
}

// Program returns the path of a program, of the Debian package named.
func Program(t testing.TB, name, debian string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Lack(t, "%v (apt install %s)", err, debian)
	}
	return path
}

// Python returns the path of the interpreter. The python3 in PATH may be a script that
// looks for it, as that of pyenv is, and takes longer than the interpreter to start.
func Python(t testing.TB) string {
	t.Helper()
	path, err := python()
	if err != nil {
		Lack(t, "python3: %v (apt install python3)", err)
	}
	return path
}

var python = sync.OnceValues(func() (string, error) {
	path, err := exec.Command("python3", "-c", "import sys; print(sys.executable)").Output()
	return strings.TrimSpace(string(path)), err
})

// Root ends the test unless it runs as root, which it needs for what is named.
func Root(t testing.TB, what string) {
	t.Helper()
	if os.Geteuid() != 0 {
		Lack(t, "%s needs root", what)
	}
}
