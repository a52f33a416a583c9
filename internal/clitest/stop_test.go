package clitest

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A child that ignores TERM is killed when the grace is over, and not before.
func TestKillAfterGrace(t *testing.T) {
	t.Parallel()
	const grace = time.Second
	r := start(t, relance(), "--stop-timeout", grace.String(), "--", misbehave(t), "ignore-term")
	r.out.want(t, `^ready pid=`)
	asked := time.Now()
	r.signal(unix.SIGTERM)
	r.wantEnd(137)
	if took := time.Since(asked); took < grace {
		t.Errorf("killed after %s, want %s at least", took, grace)
	}
}

// One that needs 3 s of its grace is not killed.
func TestDrainWithinGrace(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--stop-timeout", "1m", "--", misbehave(t), "drain", "3s")
	r.out.want(t, `^ready pid=`)
	r.signal(unix.SIGTERM)
	r.out.want(t, `^drained$`)
	r.wantEnd(0)
}

// A second TERM while stopping does not wait for the grace. Signals in the first
// 100 ms count as the same request, so it is sent again until it is heard.
func TestSecondTerm(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--stop-timeout", "1h", "--", misbehave(t), "ignore-term")
	r.out.want(t, `^ready pid=`)
	r.signal(unix.SIGTERM)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	late := time.After(patience)
	for {
		select {
		case <-again.C:
			// It may have ended by the one before, and r.done not know yet.
			if err := r.cmd.Process.Signal(unix.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
			continue
		case <-r.done:
			r.wantEnd(137)
		case <-late:
			t.Fatal("a second TERM is not heard")
		}
		return
	}
}

// timeout(1) sends TERM to its child and then to the whole group: that is one
// request, and the child has its grace. Where relance has no turn for 100 ms between
// the two they are two: on a busy machine that is some of several tries.
func TestTermTwiceAtOnce(t *testing.T) {
	t.Parallel()
	const tries = 5
	for range tries {
		r := start(t, relance(), "--stop-timeout", "1h", "--", misbehave(t), "drain", "300ms")
		r.out.want(t, `^ready pid=`)
		r.signal(unix.SIGTERM)
		r.signal(unix.SIGTERM)
		<-r.done
		r.out.wantClosed(t)
		if statusOf(r.cmd.ProcessState) == 0 && strings.Contains(r.out.all(), "drained") {
			return
		}
	}
	t.Errorf("killed for the second one each of %d times", tries)
}

// A stopped child gets the stop signal and is let go on, so that its handler runs.
func TestStoppedChild(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--stop-timeout", "1h", "--", misbehave(t), "drain", "0s")
	child := pidIn(t, r.out.want(t, `^ready pid=(\d+)$`))
	if err := unix.Kill(child, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the child stopped", func() bool { return state(t, child) == 'T' })
	r.signal(unix.SIGTERM)
	r.out.want(t, `^drained$`)
	r.wantEnd(0)
}

// A tree of which one process is stopped, in a session of its own, is stopped
// cleanly too: all were asked, and all could hear it.
func TestStoppedDescendant(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--stop-timeout", "1h", "--", "sh", "-c",
		"trap 'exit 0' TERM; setsid "+misbehave(t)+" drain 0s & while :; do sleep 0.01; done")
	other := pidIn(t, r.out.want(t, `^ready pid=(\d+)$`))
	if err := unix.Kill(other, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it stopped", func() bool { return state(t, other) == 'T' })
	r.signal(unix.SIGTERM)
	r.wantEnd(0)
	r.out.want(t, `^drained$`)
}
