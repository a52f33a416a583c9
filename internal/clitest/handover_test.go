package clitest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// server is a shell script that says which release it is, is ready when it has
// written its file, and leaves for TERM, which nothing but wait is sure to be woken by. One of release "bad" ends by itself instead.
const server = `exec 2>/dev/null
trap 'kill $!; echo bye gen $RELANCE_GENERATION; exit 0' TERM
read release <%[1]s/release
echo release $release gen $RELANCE_GENERATION pid $$
[ $release = bad ] && exit 3
[ $release = slow ] || echo ready >%[1]s/ready.$RELANCE_GENERATION
sleep 1000 & wait`

// release puts another release there, as a deploy does.
func release(t testing.TB, dir, name string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "new"), []byte(name+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "release")); err != nil {
		t.Fatal(err)
	}
}

func handover(t testing.TB, dir string, flags ...string) *running {
	t.Helper()
	release(t, dir, "one")
	words := append([]string{relance(), "--log-format", "json", "--handover", "--restart-signal", "HUP", "--ready", "file:" + dir + "/ready.{generation}"}, flags...)
	r := start(t, append(words, "--", "sh", "-c", fmt.Sprintf(server, dir))...)
	r.out.want(t, "^release one gen 1 ")
	wantEvent(t, r.errs, "up")
	return r
}

// A new release takes over when it is ready; one that ends before never does, and is
// tried again, each time after a longer while, until a good one is there.
func TestHandover(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := handover(t, dir, "--backoff", "1ms..100ms")
	release(t, dir, "two")
	r.signal(syscall.SIGHUP)
	if e := nextEvent(t, r.errs); e.Event != "handing-over" || e.Generation != 1 || e.Reason != "asked" {
		t.Errorf("%+v", e)
	}
	r.out.want(t, "^release two gen 2 ")
	if e := nextEvent(t, r.errs); e.Event != "up" || e.Generation != 2 || !e.Handover {
		t.Errorf("%+v", e)
	}
	if e := nextEvent(t, r.errs); e.Event != "stopping" || e.Generation != 1 {
		t.Errorf("%+v", e)
	}
	r.out.want(t, "^bye gen 1$")

	release(t, dir, "bad")
	r.signal(syscall.SIGHUP)
	wantEvent(t, r.errs, "handing-over")
	for n := 1; n <= 4; n++ {
		e := nextEvent(t, r.errs)
		if e.Event != "handover-failed" || e.Failures != n || e.Reason != "exit" || !strings.Contains(e.Msg, "the old one works on") {
			t.Errorf("%+v", e)
		}
	}
	release(t, dir, "three")
	e := wantEvent(t, r.errs, "up")
	r.out.want(t, fmt.Sprintf("^release three gen %d ", e.Generation))
	if e := nextEvent(t, r.errs); e.Event != "stopping" || e.Generation != 2 {
		t.Errorf("%+v", e)
	}
	r.out.want(t, "^bye gen 2$")
	r.signal(syscall.SIGTERM)
	r.wantEnd(0)
}

// One that is not ready in time is stopped, and the old one stays.
func TestHandoverTooSlow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := handover(t, dir, "--start-timeout", "300ms")
	release(t, dir, "slow")
	r.signal(syscall.SIGHUP)
	wantEvent(t, r.errs, "handing-over")
	if e := nextEvent(t, r.errs); e.Event != "stopping" || e.Generation != 2 || e.Reason != "start-failed" ||
		!strings.Contains(e.Msg, "not ready within 300 ms (--start-timeout)") {
		t.Errorf("%+v", e)
	}
	if e := nextEvent(t, r.errs); e.Event != "handover-failed" || e.Generation != 2 {
		t.Errorf("%+v", e)
	}
	r.out.want(t, "^bye gen ([2-9]|[0-9]{2,})$") // on a busy machine the first ones may not come so far in their time
	r.signal(syscall.SIGTERM)
	r.out.want(t, "^bye gen 1$")
	r.wantEnd(0)
}

// The old one crashes while the next one starts: that one takes its place, though it
// is not ready yet. Nobody is left behind when all is told to end.
func TestHandoverCrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	release(t, dir, "one")
	r := start(t, relance(), "--log-format", "json", "--handover", "--restart-signal", "HUP", "--ready", "file:"+dir+"/ready.{generation}",
		"--", "sh", "-c", fmt.Sprintf(server, dir))
	old := pidIn(t, r.out.want(t, "^release one gen 1 pid ([0-9]+)$"))
	wantEvent(t, r.errs, "up")
	release(t, dir, "slow")
	r.signal(syscall.SIGHUP)
	next := pidIn(t, r.out.want(t, "^release slow gen 2 pid ([0-9]+)$"))
	wantEvent(t, r.errs, "handing-over")
	if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	e := nextEvent(t, r.errs)
	if e.Event == "left-behind" { // what it waits for
		e = nextEvent(t, r.errs)
	}
	if e.Event != "ended" || e.Generation != 1 || e.Reason != "signal" {
		t.Errorf("%+v", e)
	}
	if err := os.WriteFile(filepath.Join(dir, "ready.2"), []byte("now\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if e := nextEvent(t, r.errs); e.Event != "up" || e.Generation != 2 || e.PID != next {
		t.Errorf("%+v", e)
	}
	r.signal(syscall.SIGTERM)
	r.out.want(t, "^bye gen 2$")
	r.wantEnd(0)
}

// A command that removes the file of its socket when it leaves takes it from the one
// that has taken over, which is said at once.
func TestHandoverFileRemoved(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/s"
	r := start(t, relance(), "--listen", "unix:"+path, "--handover", "--restart-signal", "HUP", "--ready", "fd:4",
		"--", "sh", "-c", "trap 'rm "+path+"; exit' TERM; echo ready >&4; echo up; while :; do sleep 0.01; done")
	r.out.want(t, "^up$")
	r.signal(syscall.SIGHUP)
	r.errs.want(t, "^relance: gen 2: up, .* in place of gen 1")
	r.errs.want(t, "^relance: unix:"+path+": the file of the socket was removed or replaced; clients do not find what runs any more")
	r.signal(syscall.SIGTERM)
	r.wantEnd(0)
}
