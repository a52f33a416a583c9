package clitest

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/await"
)

// Who asks for the end twice does not wait for hooks, whichever way the asking comes.
func TestStopTwice(t *testing.T) {
	t.Parallel()
	d, dir := newDesk(t), t.TempDir()
	cmd := d.command("--name", "hasty", "--hook-timeout", "infinity",
		"--on-event", "echo $$ >new; mv new pid; while ! test -e go; do sleep 0.01; done", "--", "sh", "-c", "echo $$; exec sleep 1000")
	cmd.Dir = dir
	r := startCmd(t, cmd)
	child := "/proc/" + r.out.want(t, `^\d+$`)[0]
	stop := func() {
		t.Helper()
		if got := d.ask("stop", "--no-wait", "hasty"); got.status != 0 {
			t.Fatalf("%+v", got)
		}
	}
	stop()
	await.Until(t, "the hook runs, and nothing else", func() bool {
		_, err := os.Stat(child)
		return err != nil && contentOf(dir+"/pid") != ""
	})
	time.Sleep(100 * time.Millisecond) // sooner it is the same request
	stop()
	if err := os.WriteFile(dir+"/go", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.wantEnd(128 + int(unix.SIGTERM))
	r.errs.wantClosed(t)
	// Without the second time it had come to its end by itself.
	if said := r.errs.all(); !strings.Contains(said, "all has ended; of the commands for it, 1 were not run to their end") {
		t.Errorf("said: %s", said)
	}
}

// A filter of system calls that is older than close_range(2) keeps no hook from running.
func TestHookFiltered(t *testing.T) {
	t.Parallel()
	r := run(t, self(), roleWord, "refuse", strconv.Itoa(unix.SYS_CLOSE_RANGE), relance(), "--after-up", "echo has run", "--", "true")
	if r.status != 0 || r.stderr != "has run\n" {
		t.Errorf("%+v", r)
	}
}
