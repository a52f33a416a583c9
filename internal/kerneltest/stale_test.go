package kerneltest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// budgeted are the flags of a relance that needs a group.
var budgeted = []string{"--memory-high", "64M", "--"}

// killed starts a relance with a command, kills it, and returns the group of the
// command and its pid.
func killed(t *testing.T, words ...string) (group string, child int) {
	t.Helper()
	r := start(t, append(append([]string{}, budgeted...), words...)...)
	child = r.child(t)
	group = groupOf(t, child)
	if err := r.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	r.ended(t)
	return group, child
}

// What a relance leaves that was killed is cleaned up by the next one, but for a
// group that holds a process, which is said; that of a living relance stays.
func TestStaleGroups(t *testing.T) {
	controlled(t)
	living := start(t, append(append([]string{}, budgeted...), misbehave(t), "print-signals")...)
	neighbour := living.child(t)

	// This one takes no notice when the kernel tells it that relance is gone. Its
	// output is nobody's, or that relance would not be seen to end.
	busy, stayer := killed(t, "/bin/sh", "-c", `trap '' TERM; echo pid=$$; exec >/dev/null 2>&1; sleep 1000 & wait; sleep 1000`)
	t.Cleanup(func() { os.WriteFile(filepath.Join(busy, "cgroup.kill"), []byte("1"), 0) })
	// This one leaves.
	empty, leaver := killed(t, misbehave(t), "print-signals")
	until(t, "the end of the command", func() bool { return gone(leaver) })
	for _, group := range []string{empty, busy} {
		if _, err := os.Stat(group); err != nil {
			t.Fatalf("the group is gone before anybody cleans up: this shows nothing: %v", err)
		}
	}

	next := start(t, append(append([]string{}, budgeted...), misbehave(t), "print-signals")...)
	next.child(t)
	next.waitFor(t, `group `+busy+` of a relance that is gone still holds 2 processes; to end them: echo 1 > `+busy+`/cgroup.kill$`)
	if _, err := os.Stat(empty); !os.IsNotExist(err) {
		t.Errorf("the stale group is still there: %v", err)
	}
	if gone(stayer) || groupOf(t, stayer) != busy {
		t.Error("who was at work in a stale group is no more")
	}
	if gone(neighbour) {
		t.Error("the command of the neighbour is no more")
	}
	if _, err := os.Stat(groupOf(t, neighbour)); err != nil {
		t.Errorf("the group of the neighbour: %v", err)
	}
	if _, lines := endAll(t, next); strings.Contains(strings.Join(lines, "\n"), "of a relance that is gone") {
		t.Errorf("said more than once: %q", lines)
	}

	// When the last process is gone, the next one finds nothing to say.
	if err := os.WriteFile(filepath.Join(busy, "cgroup.kill"), []byte("1"), 0); err != nil {
		t.Fatal(err)
	}
	until(t, "the end of all in "+busy, func() bool { return figure(t, busy, "cgroup.events", "populated") == 0 })
	last := start(t, append(append([]string{}, budgeted...), misbehave(t), "print-signals")...)
	last.child(t)
	until(t, "the end of "+busy, func() bool { _, err := os.Stat(busy); return os.IsNotExist(err) })
	if _, lines := endAll(t, last); strings.Contains(strings.Join(lines, "\n"), "of a relance that is gone") {
		t.Errorf("said of an empty group: %q", lines)
	}
	if status := living.end(t, unix.SIGTERM); status != 0 {
		t.Errorf("the neighbour ended with %d", status)
	}
}

// A relance that was killed between two generations has made a group ahead.
func TestStaleGroupMadeAhead(t *testing.T) {
	controlled(t)
	r := start(t, "--memory-high", "16M", "--min-uptime", "0", "--", misbehave(t), "eat-memory", "--rate", "0")
	parent := filepath.Dir(groupOf(t, r.child(t)))
	r.waitFor(t, `gen 3: up`)
	if err := r.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	r.ended(t)
	pattern := filepath.Join(parent, "relance-"+itoa(r.Process.Pid)+"-*")
	stale, _ := filepath.Glob(pattern)
	if len(stale) < 2 {
		t.Fatalf("it has left %q: this shows nothing", stale)
	}
	for _, group := range stale {
		until(t, "the end of all in "+group, func() bool { return figure(t, group, "cgroup.events", "populated") == 0 })
	}
	next := start(t, append(append([]string{}, budgeted...), misbehave(t), "print-signals")...)
	next.child(t)
	next.end(t, unix.SIGTERM)
	if left, _ := filepath.Glob(pattern); len(left) != 0 {
		t.Errorf("still there: %q", left)
	}
}
