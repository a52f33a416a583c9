package kerneltest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/internal/await"
	"relance/internal/heard"
)

// The cgroup2 of the machine, seen from outside: what relance says is compared
// with what the kernel says.

const mib = 1 << 20

// controlled skips the test where there is no memory controller.
func controlled(t *testing.T) {
	t.Helper()
	misbehave(t) // whoever has no program to test skips there
	text, err := os.ReadFile("/sys/fs/cgroup/cgroup.controllers")
	if err == nil && slices.Contains(strings.Fields(string(text)), "memory") {
		return
	}
	if os.Getenv("RELANCE_TEST_CGROUP") == "1" {
		t.Fatalf("no memory controller: %q, %v", text, err)
	}
	t.Skip("no cgroup2 with a memory controller: make check-kernel")
}

// disk is a folder on a disk: the files of a tmpfs are shared memory.
func disk(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("RELANCE_TEST_DISK")
	if folder == "" {
		folder = "/var/tmp"
		if _, err := os.Stat("/data"); err == nil {
			folder = "/data"
		}
	}
	made, err := os.MkdirTemp(folder, "kerneltest-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(made) })
	return made
}

// figure reads a number of a group: the whole file, or the word after key.
func figure(t *testing.T, group, file, key string) int64 {
	t.Helper()
	n, err := figureOf(filepath.Join(group, file), key)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func figureOf(path, key string) (int64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) == 1 && key == "" && words[0] == "max" {
			return cgroup.NoLimit, nil
		}
		if len(words) == 1 && key == "" || len(words) == 2 && words[0] == key {
			return strconv.ParseInt(words[len(words)-1], 10, 64)
		}
	}
	return 0, fmt.Errorf("%s: no %q", path, key)
}

// statusOf reads a field of /proc/PID/status.
func statusOf(path, key string) (int64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == key {
			return strconv.ParseInt(words[1], 10, 64)
		}
	}
	return 0, fmt.Errorf("%s: no %q", path, key)
}

var until = await.Until

// group makes a group for the test, beside those of relance.
func group(t *testing.T, l cgroup.Limits) *cgroup.Group {
	t.Helper()
	own, err := cgroup.Find("/")
	if err != nil {
		t.Fatal(err)
	}
	g, err := own.Top().Create(fmt.Sprintf("kerneltest-%d-%d", os.Getpid(), made.Add(1)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.Kill()
		until(t, "removal of "+g.Path(), func() bool { return g.Remove() == nil })
		g.Close()
	})
	// The lock is a relance's way to say that it lives.
	if err := unix.Flock(g.FD(), unix.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	if err := g.Limit(l); err != nil {
		t.Fatal(err)
	}
	return g
}

var made atomic.Int64

// without is a command with the limits that a relance would give it, and no
// relance: what its protections are worth shows beside it.
type without struct {
	group string
	said  *heard.Lines
	cmd   *exec.Cmd
}

// startWithout runs words in a group of the test's.
func startWithout(t *testing.T, l cgroup.Limits, words ...string) *without {
	t.Helper()
	g := group(t, l)
	w := &without{group: g.Path(), cmd: exec.Command(words[0], words[1:]...)}
	w.cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: g.FD()}
	stdout, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.Kill()
		w.cmd.Wait()
	})
	w.said = heard.Of("without", stdout)
	return w
}

// wantNoGroups checks that a relance that is gone has left no group.
func wantNoGroups(t *testing.T, group string, pid int) {
	t.Helper()
	pattern := filepath.Join(filepath.Dir(group), fmt.Sprintf("relance-%d-*", pid))
	if left, err := filepath.Glob(pattern); err != nil || len(left) != 0 {
		t.Errorf("groups left behind: %q, %v", left, err)
	}
}

// bytes are a limit.
func bytes(n int64) *int64 { return &n }
