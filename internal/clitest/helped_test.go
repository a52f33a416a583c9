package clitest

import (
	"path/filepath"
	"syscall"
	"testing"
)

// TestRecovered: who was told of failures is told of their end, with their number, and
// only then: the fourth generation is the first that stays.
func TestRecovered(t *testing.T) {
	t.Parallel()
	runs := filepath.Join(t.TempDir(), "runs")
	r := start(t, relance(), "--restart", "on-failure", "--backoff", "1ms..10ms", "--",
		"sh", "-c", `echo >>"$0"; test "$(wc -l <"$0")" -lt 4 || exec sleep 1000; exit 3`, runs)
	r.errs.want(t, `gen 3: exit: status 3 after .*; next try in .* \(3 in a row\)`)
	r.errs.want(t, `gen 4: recovered: up for .*, after 3 failures in a row \(exit\) in .* ?(ms|s)$`)
	r.signal(syscall.SIGTERM)
	r.wantEnd(128 + 15)
}
