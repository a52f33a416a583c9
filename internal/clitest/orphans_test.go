package clitest

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// batchSize is how many orphans are left at once.
const batchSize = 1000

// Every orphan is reaped, by the subreaper that relance is and by the PID 1 that
// it may be, and none is remembered.
func TestOrphans(t *testing.T) {
	t.Parallel()
	litter := []string{relance(), "--", raw(t), "litter", strconv.Itoa(batchSize)}
	t.Run("subreaper", func(t *testing.T) {
		t.Parallel()
		leaveOrphans(t, need.Much(7, 10), exec.Command(litter[0], litter[1:]...))
	})
	t.Run("pid1", func(t *testing.T) {
		t.Parallel()
		leaveOrphans(t, need.Much(1, 10), asFirst(t, "/", litter...))
	})
	// An image of two files, of which neither needs another one, and the /proc
	// that every container has.
	t.Run("scratch", func(t *testing.T) {
		t.Parallel()
		folder := scratch(t)
		if err := os.Mkdir(filepath.Join(folder, "proc"), 0o755); err != nil {
			t.Fatal(err)
		}
		leaveOrphans(t, need.Much(1, 10), asFirst(t, folder, "/relance", "--", "/raw", "litter", strconv.Itoa(batchSize)))
	})
}

func leaveOrphans(t *testing.T, batches int, cmd *exec.Cmd) {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	r := startCmd(t, cmd)
	r.out.want(t, `^ready pid=`)
	var before int64
	for n := range batches {
		batch(t, in, r)
		eventually(t, "nobody but the command left below relance", func() bool { return len(childrenOf(t, r.pid)) == 1 })
		if n == 0 {
			before = anonymous(t, r.pid)
		}
	}
	// The heap may have grown by a span or two meanwhile; thousands of anything
	// would show.
	const tolerance = 256 << 10
	if after := anonymous(t, r.pid); after > before+tolerance {
		t.Errorf("RssAnon: %d after %d orphans, %d after %d", before, batchSize, after, batches*batchSize)
	}
	in.Close()
	r.wantEnd(0)
}

func batch(t *testing.T, in io.Writer, r *running) {
	t.Helper()
	if _, err := io.WriteString(in, "\n"); err != nil {
		t.Fatal(err)
	}
	r.out.want(t, `^littered `)
}

// An orphan that lives becomes a child of relance, not of PID 1.
func TestAdopts(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--", misbehave(t), "daemon", "--setsid")
	daemon := pidIn(t, r.out.want(t, `^daemon pid=(\d+) `))
	eventually(t, "the daemon a child of relance", func() bool { return slices.Contains(childrenOf(t, r.pid), daemon) })
	r.signal(syscall.SIGTERM)
	r.wantEnd(143)
	if s := state(t, daemon); s != 0 {
		t.Errorf("the daemon is still there, in state %c", s)
	}
}

// The control: where nobody reaps, all of them are there.
func TestOrphansOfCarelessParent(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(self(), roleWord, "careless-parent", raw(t), "litter", "100")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	r := startCmd(t, cmd)
	r.out.want(t, `^ready pid=`)
	batch(t, in, r)
	eventually(t, "a hundred zombies", func() bool {
		zombies := 0
		for _, pid := range childrenOf(t, r.pid) {
			if state(t, pid) == 'Z' {
				zombies++
			}
		}
		return zombies == 100
	})
	in.Close()
}

// Without /proc the tree cannot be seen. That is said, and nothing is started;
// "relance exec" does not need it.
func TestScratchWithoutProc(t *testing.T) {
	t.Parallel()
	folder := scratch(t)
	r := runCmd(t, asFirst(t, folder, "/relance", "--", "/raw", "status-to", "/started"))
	if r.status != 125 || !strings.HasPrefix(r.stderr, "relance: error: ") || !strings.Contains(r.stderr, "/proc") {
		t.Errorf("got %+v, want status 125 and a line about /proc", r)
	}
	if _, err := os.Stat(filepath.Join(folder, "started")); err == nil {
		t.Error("the command was started")
	}
	if r := runCmd(t, asFirst(t, folder, "/relance", "exec", "--nice", "5", "--", "/raw", "status-to", "/started")); r.status != 0 {
		t.Errorf("exec: got %+v, want status 0", r)
	}
}

// asFirst is the command as PID 1 of a namespace, with the given root.
func asFirst(t *testing.T, folder string, words ...string) *exec.Cmd {
	t.Helper()
	need.Root(t, "a pid namespace")
	cmd := exec.Command(self(), append([]string{roleWord, "first", folder}, words...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS}
	return cmd
}

// scratch is a folder with relance and raw, and nothing else.
func scratch(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, program := range []string{relance(), raw(t)} {
		// A link, and not a copy: a file that is written cannot be run while a child
		// that another test is just starting still holds it open (ETXTBSY).
		if err := os.Link(program, filepath.Join(folder, filepath.Base(program))); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// childrenOf returns the children of a process, zombies too (proc_tid_children(5)).
func childrenOf(t testing.TB, parent int) (pids []int) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // a thread that has ended
		}
		for word := range strings.FieldsSeq(string(text)) {
			pid, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, pid)
		}
	}
	return pids
}

// state is that of a process as in /proc/PID/stat: 'Z' for a zombie, 0 if it is gone.
func state(t testing.TB, pid int) byte {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	return stateIn(text)
}

// stateIn is the state in /proc/PID/stat. The name before it may hold anything, so
// from the end of that.
func stateIn(text []byte) byte { return text[bytes.LastIndexByte(text, ')')+2] }

// anonymous is the RssAnon of a process, and peakOf its VmHWM, the most that it ever had with its
// files, both in bytes (proc_pid_status(5)).
func anonymous(t testing.TB, pid int) int64 { return statusBytes(t, pid, "RssAnon") }
func peakOf(t testing.TB, pid int) int64    { return statusBytes(t, pid, "VmHWM") }

func statusBytes(t testing.TB, pid int, name string) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, name+": %d kB", &kilobytes); err == nil {
			return kilobytes << 10
		}
	}
	t.Fatalf("no %s in %s", name, text)
	return 0
}
