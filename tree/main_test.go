package tree

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	waits "relance/internal/await"
)

// helperEnv makes the test binary be one of the programs of helper_test.go.
const helperEnv = "RELANCE_TREE_HELPER"

func init() {
	if os.Getenv(helperEnv) != "" {
		runtime.LockOSThread() // helpers fork, rename and leave their first thread
	}
}

func TestMain(m *testing.M) {
	if line := os.Getenv(helperEnv); line != "" {
		// Whatever a test forgets ends by itself.
		time.AfterFunc(5*waits.Patience, func() { os.Exit(3) })
		args := strings.Fields(line)
		helpers[args[0]](args[1:])
		os.Exit(0)
	}
	if err := subreaper(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func subreaper() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// self is a command that runs this test binary as a helper.
func self(args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), helperEnv+"="+strings.Join(args, " "))
	cmd.Stderr = os.Stderr
	return cmd
}

// helper is a started helper. Its output ends when the last process that
// inherited it has died, daemons too.
type helper struct {
	pid int
	out *os.File
	in  *bufio.Reader
}

// start runs a helper. When the test ends, all that is left of its tree is
// killed and reaped, without the code under test.
func start(t testing.TB, attr *syscall.SysProcAttr, args ...string) *helper {
	t.Helper()
	return startWith(t, func(cmd *exec.Cmd) { cmd.SysProcAttr = attr }, args...)
}

func startWith(t testing.TB, change func(*exec.Cmd), args ...string) *helper {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := self(args...)
	cmd.Stdout = w
	change(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	h := &helper{pid: cmd.Process.Pid, out: r, in: bufio.NewReader(r)}
	cmd.Process.Release() // reaped by wait4
	t.Cleanup(func() {
		r.Close()
		for clear := false; !clear; {
			for _, pid := range children(os.Getpid()) {
				unix.Kill(pid, unix.SIGKILL)
			}
			_, err := unix.Wait4(-1, nil, unix.WALL, nil)
			clear = err == unix.ECHILD
		}
	})
	return h
}

// line returns the next line the helper or its descendants wrote.
func (h *helper) line(t testing.TB) string {
	t.Helper()
	h.out.SetReadDeadline(time.Now().Add(waits.Patience))
	s, err := h.in.ReadString('\n')
	if err != nil {
		t.Fatalf("helper line: %v (after %q)", err, s)
	}
	return strings.TrimSuffix(s, "\n")
}

// want fails unless the next line is s.
func (h *helper) want(t testing.TB, s string) {
	t.Helper()
	if got := h.line(t); got != s {
		t.Fatalf("helper wrote %q, want %q", got, s)
	}
}

// number returns N of the next line "word=N".
func (h *helper) number(t testing.TB, word string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimPrefix(h.line(t), word+"="))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// wantDead fails unless nobody holds the helper's output any more.
func (h *helper) wantDead(t testing.TB) {
	t.Helper()
	h.out.SetReadDeadline(time.Now().Add(waits.Patience))
	if s, err := h.in.ReadString(0); err == nil || err.Error() != "EOF" {
		t.Fatalf("output of the tree still open: %q, %v", s, err)
	}
}

// children lists the children of pid, by its own reading of /proc.
func children(pid int) (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		b, _ := os.ReadFile("/proc/" + e.Name() + "/stat")
		s := string(b)
		f := strings.Fields(s[strings.LastIndexByte(s, ')')+1:])
		if len(f) > 2 && f[1] == strconv.Itoa(pid) {
			n, _ := strconv.Atoi(e.Name())
			pids = append(pids, n)
		}
	}
	return slices.DeleteFunc(pids, func(n int) bool { return n <= 0 })
}

// reap takes every zombie that waits for us.
func reap() (n int) {
	for {
		if pid, err := unix.Wait4(-1, nil, unix.WNOHANG|unix.WALL, nil); pid <= 0 || err != nil {
			return n
		}
		n++
	}
}

func walker(t testing.TB, root int) *Walker {
	t.Helper()
	w, err := New(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// member returns the member pid, and whether it is one.
func member(t testing.TB, w *Walker, pid int) (Member, bool) {
	t.Helper()
	ms, err := w.Members(All)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(ms, func(m Member) bool { return m.PID == pid })
	if i < 0 {
		return Member{}, false
	}
	return ms[i], true
}

// finish kills until nothing is left, as the owner of a tree would, and returns
// how many calls it took and how many processes there had been.
func finish(t testing.TB, w *Walker) (calls, reaped int) {
	t.Helper()
	for deadline := time.Now().Add(waits.Patience); time.Now().Before(deadline); {
		left, err := w.Kill(All)
		if err != nil {
			t.Fatal(err)
		}
		calls++
		reaped += reap()
		if left == 0 {
			return calls, reaped
		}
	}
	ms, _ := w.Members(All)
	t.Fatalf("tree not dead after %d calls: %+v", calls, ms)
	return calls, reaped
}

func atoi(t testing.TB, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func unquote(t testing.TB, s string) string {
	t.Helper()
	s, err := strconv.Unquote(`"` + s + `"`)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
