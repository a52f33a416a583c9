package tree

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	waits "relance/internal/await"
)

// generation is a helper as the child of a generation.
type generation struct {
	*helper
	gen  int
	tell *os.File // its stdin
}

// begin starts a helper in a process group of its own, with the mark of the
// generation and, if group is a folder, in that cgroup.
func begin(t testing.TB, w *Walker, gen int, group string, args ...string) *generation {
	t.Helper()
	r, tell, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Begin(gen); err != nil {
		t.Fatal(err)
	}
	mark := "RELANCE_GENERATION=" + strconv.Itoa(gen)
	h := startWith(t, func(cmd *exec.Cmd) {
		cmd.Stdin, cmd.Env = r, append(cmd.Env, mark)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if group != "" {
			dir, err := os.Open(group)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { dir.Close() })
			cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(dir.Fd())
		}
	}, args...)
	r.Close()
	t.Cleanup(func() { tell.Close() })
	name := ""
	if group != "" {
		name = filepath.Base(group)
	}
	if err := w.Started(gen, h.pid, name, mark); err != nil {
		t.Fatal(err)
	}
	return &generation{h, gen, tell}
}

// stray lets a generation start a process and leave it to us; seen is called while
// it still has its chain.
func (g *generation) stray(t testing.TB, seen func()) (pid int) {
	t.Helper()
	g.tell.WriteString("1")
	pid = g.number(t, "pid")
	if seen != nil {
		seen()
	}
	g.tell.WriteString("2")
	g.want(t, "orphaned")
	return pid
}

// wantTree fails unless the tree of gen has just these members.
func wantTree(t testing.TB, w *Walker, gen int, pids ...int) {
	t.Helper()
	ms, err := w.Members(gen)
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, m := range ms {
		got = append(got, m.PID)
		if gen != All && m.Gen != gen {
			t.Errorf("%+v is in the tree of generation %d", m, gen)
		}
	}
	slices.Sort(pids)
	if !slices.Equal(got, pids) {
		t.Errorf("tree of generation %d: %v, want %v", gen, got, pids)
	}
}

// sure reports whether it is known whose pid is, by the last scan.
func sure(w *Walker, pid int) bool {
	i, ok := find(w.procs, pid)
	return ok && w.procs[w.procs[i].top].sure
}

// wantUntouched fails if a member of gen is or was stopped.
func wantUntouched(t testing.TB, w *Walker, gen int) {
	t.Helper()
	ms, err := w.Members(gen)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range ms {
		if !m.Alive() || m.State == 'T' {
			t.Errorf("touched: %+v", m)
		}
	}
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_ALL, 0, &info, unix.WSTOPPED|unix.WNOHANG|unix.WNOWAIT, nil); err != nil && err != unix.ECHILD {
		t.Fatal(err)
	}
	// Who was stopped and killed is to be reaped, and not seen as stopped.
	if info.Signo != 0 {
		t.Errorf("a child of ours is stopped: %+v", info)
	}
}

// finishGen kills one generation until nothing is left of it.
func finishGen(t testing.TB, w *Walker, gen int) {
	t.Helper()
	for deadline := time.Now().Add(waits.Patience); time.Now().Before(deadline); {
		if _, err := w.Kill(gen); err != nil {
			t.Fatal(err)
		}
		reap()
		left, err := w.Left(gen)
		if err != nil {
			t.Fatal(err)
		}
		if left == 0 {
			return
		}
	}
	ms, _ := w.Members(gen)
	t.Fatalf("generation %d is not dead: %+v", gen, ms)
}

// blind asks for the mark of a process of root, as root and as an ordinary user.
func blind([]string) {
	must(os.Setenv("RELANCE_GENERATION", "2"))
	cmd := self("sleep")
	must(cmd.Start())
	w, err := New(os.Getpid())
	must(err)
	w.lives = []life{{gen: 2, mark: "RELANCE_GENERATION=2"}}
	say("mark=%d", w.mark(cmd.Process.Pid))
	must(syscall.Setuid(nobody))
	say("mark=%d", w.mark(cmd.Process.Pid))
	forever()
}

// wildWords are the arguments of wild.
func wildWords(mode string, room int) []string {
	uid := os.Getuid()
	if uid == 0 {
		uid = nobody
	}
	const seconds = 300 // then it ends by itself
	return []string{mode, strconv.Itoa(tasksOf(uid) + room), strconv.Itoa(seconds), strconv.Itoa(uid)}
}
