package tree

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestDaemonIsMember(t *testing.T) {
	h := start(t, nil, "daemon")
	var pid int
	for range 2 { // in any order
		if l := h.line(t); l != "orphaned" {
			pid = atoi(t, strings.TrimPrefix(l, "pid="))
		}
	}
	w := walker(t, os.Getpid())
	m, ok := member(t, w, pid)
	if !ok {
		t.Fatal("daemon is not found")
	}
	if m.PPID != os.Getpid() || !m.Alive() || m.Start == 0 || m.Threads == 0 || m.Comm != "exe" {
		t.Errorf("daemon is %+v, want our own living child", m)
	}
	if m, ok := member(t, w, h.pid); !ok || m.PPID != os.Getpid() {
		t.Errorf("its launcher is %+v, %v", m, ok)
	}
	if ms, _ := w.Members(All); len(ms) != 2 {
		t.Errorf("members %+v, want 2", ms)
	}
}

// The negative control: who is no subreaper loses the daemon. Were it found
// there too, the test above would prove nothing.
func TestDaemonNeedsSubreaper(t *testing.T) {
	start(t, nil, "census", "subreaper").want(t, "members=2")
	start(t, nil, "census", "plain").want(t, "members=1")
}

func TestStates(t *testing.T) {
	h := start(t, nil, "sleep")
	h.number(t, "pid")
	w := walker(t, os.Getpid())

	unix.Kill(h.pid, unix.SIGSTOP)
	if err := unix.Waitid(unix.P_PID, h.pid, nil, unix.WSTOPPED, nil); err != nil {
		t.Fatal(err)
	}
	if m, ok := member(t, w, h.pid); !ok || m.State != 'T' || !m.Alive() {
		t.Errorf("stopped: %+v, %v", m, ok)
	}
	unix.Kill(h.pid, unix.SIGKILL)
	if err := unix.Waitid(unix.P_PID, h.pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if m, ok := member(t, w, h.pid); !ok || m.State != 'Z' || m.Alive() {
		t.Errorf("zombie: %+v, %v", m, ok)
	}
	if n, err := w.Signal(All, unix.SIGTERM); n != 0 || err != nil {
		t.Errorf("signal a zombie: %d, %v", n, err)
	}
	if left, err := w.Kill(All); left != 0 || err != nil {
		t.Errorf("kill a zombie: %d, %v", left, err)
	}
	if u, err := w.Measure(All, 1); err != nil || u.Bytes != 0 || u.Processes != 0 {
		t.Errorf("measure a zombie: %+v, %v", u, err)
	}
	reap()
	if m, ok := member(t, w, h.pid); ok {
		t.Errorf("reaped: %+v", m)
	}
}

func TestHostileNames(t *testing.T) {
	for _, name := range []string{`) R 1 1`, `(a) S 1 (b) `, `a\nVmSwap:\t9 kB`, ` `, `\xff)\t(`} {
		t.Setenv("NAME", name)
		h := start(t, nil, "rename")
		h.want(t, "ready")
		w := walker(t, os.Getpid())
		m, ok := member(t, w, h.pid)
		if want := unquote(t, name); !ok || m.Comm != want || m.PPID != os.Getpid() {
			t.Errorf("%q: %+v, %v", want, m, ok)
		}
		b, err := w.proc.read(h.pid, "status")
		if s := parseStatus(b); err != nil || s.swap != 0 || s.vmSize == 0 {
			t.Errorf("%q: status %+v, %v", name, s, err)
		}
	}
}

func TestIgnoreExisting(t *testing.T) {
	r, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	h := startWith(t, func(cmd *exec.Cmd) { cmd.Stdin = r }, "strange")
	for range 2 { // pid=, orphaned: the daemon and its launcher are there
		h.line(t)
	}
	in.WriteString("\n")
	h.want(t, "before=2 after=0")
	h.want(t, "ready")
	in.WriteString("\n")
	h.want(t, "own=1")
	h.want(t, "own=1")
	h.want(t, "left=false err=<nil> strangers=true")
}

func TestIgnoreExistingNone(t *testing.T) {
	w := walker(t, os.Getpid())
	if err := w.IgnoreExisting(); err != nil {
		t.Fatal(err)
	}
	if w.procs != nil {
		t.Error("scanned without need")
	}
	h := start(t, nil, "sleep")
	h.number(t, "pid")
	if _, ok := member(t, w, h.pid); !ok {
		t.Error("a child started later is left out")
	}
}

// A root that has children has somebody left, whatever a scan says, unless they
// are all strangers.
func TestLeft(t *testing.T) {
	w := walker(t, os.Getpid())
	left := func(want int) {
		t.Helper()
		if n, err := w.Left(All); n != want || err != nil {
			t.Errorf("left %d, %v, want %d", n, err, want)
		}
	}
	left(1) // one that the scan has missed
	h := start(t, nil, "sleep")
	h.number(t, "pid")
	left(1)
	if err := w.IgnoreExisting(); err != nil {
		t.Fatal(err)
	}
	left(0)
	start(t, nil, "sleep").number(t, "pid")
	left(1)
}

// One that is ignored is nobody's, and neither keeps the tree from being empty. A pid that
// is not there is no error: it may be gone by then.
func TestIgnore(t *testing.T) {
	w := walker(t, os.Getpid())
	hook := start(t, nil, "sleep")
	if err := w.Ignore(hook.pid); err != nil {
		t.Fatal(err)
	}
	if err := w.Ignore(maxPID); err != nil {
		t.Error(err)
	}
	other := start(t, nil, "sleep")
	if _, ok := member(t, w, hook.pid); ok {
		t.Error("it is a member")
	}
	if _, ok := member(t, w, other.pid); !ok {
		t.Error("another one is not")
	}
	if n, err := w.Left(All); n != 1 || err != nil {
		t.Errorf("left %d, %v", n, err)
	}
}

func TestNewWants(t *testing.T) {
	if w, err := New(maxPID); err == nil {
		w.Close()
		t.Error("a walker for a root that is not there")
	}
}

// judge and mend, without processes: a scan that was torn in all ways.
func TestJudge(t *testing.T) {
	w := &Walker{root: 10, strangers: map[int]uint64{40: 5}}
	add := func(pid, ppid int, start uint64) {
		w.procs = append(w.procs, proc{stat: stat{pid: pid, ppid: ppid, start: start, state: 'S'}})
	}
	add(1, 0, 0)
	add(10, 1, 1)
	add(11, 10, 2) // a child
	add(12, 13, 4) // a grandchild by a parent of higher pid
	add(13, 10, 3)
	add(20, 1, 2)  // not ours
	add(30, 31, 7) // a cycle
	add(31, 30, 7)
	add(40, 10, 5) // a stranger
	add(41, 40, 6) // and its child
	add(50, 11, 1) // older than its parent: the parent's pid was used before
	for i := range w.procs {
		w.judge(i)
	}
	w.sift(All, true)
	var got []int
	for _, m := range w.found {
		got = append(got, m.PID)
	}
	if want := []int{11, 12, 13}; !slices.Equal(got, want) {
		t.Errorf("members %v, want %v", got, want)
	}
	if len(w.strangers) != 2 {
		t.Errorf("strangers %v, want 40 and 41", w.strangers)
	}
}
