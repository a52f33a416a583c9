package tree

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

func count(t testing.TB, w *Walker, a Ask) Counts {
	t.Helper()
	w.Ask(a)
	c, err := w.Count(All)
	if err != nil || c.Unseen != nil {
		t.Fatal(err, c.Unseen)
	}
	return c
}

// hoarder is a helper with so many files and sockets above those of every
// program, and what it counted itself.
func hoarder(t testing.TB, files, sockets, threads, limit int) (h *helper, f, s int) {
	t.Helper()
	h = start(t, nil, "hoard", strconv.Itoa(files), strconv.Itoa(sockets), strconv.Itoa(threads), strconv.Itoa(limit))
	f, s = h.number(t, "files"), h.number(t, "sockets")
	if f < files+sockets || s < sockets {
		t.Fatalf("the helper has %d files, %d sockets", f, s)
	}
	return h, f, s
}

// The largest process of the tree counts, and by share the one nearest to its own
// limit; a limit that has changed is the one that holds.
func TestFilesAndSockets(t *testing.T) {
	many, files, _ := hoarder(t, 400, 0, 0, 4000)
	near, nearFiles, _ := hoarder(t, 100, 0, 0, 200)
	talks, _, sockets := hoarder(t, 0, 50, 0, 1000)
	w := walker(t, os.Getpid())

	if c := count(t, w, Ask{}); c.Files != 0 || c.FilesLimit != 0 || c.Sockets != 0 || c.CPUTotal != 0 || c.Tasks < 3 {
		t.Errorf("nothing was asked for: %+v", c)
	}
	c := count(t, w, Ask{Files: true})
	if c.Files != files || c.FilesLimit != 0 || c.FilesWho.PID != many.pid || c.Sockets != 0 {
		t.Errorf("files: %+v, want %d of pid %d", c, files, many.pid)
	}
	c = count(t, w, Ask{Sockets: true})
	if c.Sockets != sockets || c.SocketsWho.PID != talks.pid || c.Files != 0 {
		t.Errorf("sockets: %+v, want %d of pid %d", c, sockets, talks.pid)
	}
	c = count(t, w, Ask{Files: true, ByShare: true, Sockets: true})
	if c.Files != nearFiles || c.FilesLimit != 200 || c.FilesWho.PID != near.pid || c.Sockets != sockets {
		t.Errorf("by share: %+v, want %d of 200 of pid %d", c, nearFiles, near.pid)
	}
	// It raises its limit, and the next is the one with 50 of 1000 or 400 of 4000.
	if err := unix.Prlimit(near.pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 3500, Max: 3500}, nil); err != nil {
		t.Fatal(err)
	}
	c = count(t, w, Ask{Files: true, ByShare: true})
	if c.FilesWho.PID != many.pid || c.FilesLimit != 4000 {
		t.Errorf("after one has raised its limit: %+v", c)
	}

	w.Ask(Ask{Files: true})
	u, err := w.MeasurePIDs([]int{near.pid, talks.pid, maxPID}, 0)
	if err != nil || u.Files != nearFiles || u.FilesWho.PID != near.pid || u.Processes != 2 || u.Bytes == 0 {
		t.Errorf("beside memory: %+v, %v", u, err)
	}
	if c, err := w.CountPIDs(nil); err != nil || c != (Counts{}) {
		t.Errorf("nobody: %+v, %v", c, err)
	}
}

// The list gives the number that newer kernels tell, and who is gone has none.
func TestFilesByList(t *testing.T) {
	h, files, _ := hoarder(t, 1000, 0, 0, 2000)
	w := walker(t, os.Getpid())
	w.Ask(Ask{Files: true})
	n := 0
	if err := w.proc.eachFile(h.pid, func(int, []byte) bool { n++; return true }); err != nil || n != files {
		t.Errorf("%d in the list, want %d; %v", n, files, err)
	}
	if quick := w.proc.quickFiles(h.pid); quick != 0 && quick != files {
		t.Errorf("the kernel tells %d, want %d", quick, files)
	} else if quick == 0 {
		t.Log("this kernel does not tell the number of descriptors")
	}
	n = 0
	if err := w.proc.eachFile(h.pid, func(int, []byte) bool { n++; return n < 7 }); err != nil || n != 7 {
		t.Errorf("not to be stopped: %d, %v", n, err)
	}
	if n, err := w.proc.files(maxPID); n != 0 || !isGone(err) {
		t.Errorf("nobody has %d files, %v", n, err)
	}
	if n, err := w.proc.sockets(maxPID); n != 0 || !isGone(err) {
		t.Errorf("nobody has %d sockets, %v", n, err)
	}
}

// A zombie and a member that has gone since the scan count nothing, and are no
// error.
func TestCountGone(t *testing.T) {
	zombie, _, _ := hoarder(t, 300, 40, 0, 1000)
	if err := unix.Kill(zombie.pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := unix.Waitid(unix.P_PID, zombie.pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	w := walker(t, os.Getpid())
	all := Ask{Files: true, Sockets: true, CPU: true}
	c := count(t, w, all)
	if c.Files != 0 || c.Sockets != 0 || c.Tasks != 0 {
		t.Errorf("a zombie counts: %+v", c)
	}
	if c.CPUTotal <= 0 {
		t.Errorf("a zombie has used %v", c.CPUTotal)
	}
	ghosts := []Member{{PID: maxPID, State: 'S', Threads: 1, Waited: time.Hour}}
	if c, err := w.count(ghosts); err != nil || c.Unseen != nil || c.Files+c.Sockets != 0 || c.CPUTotal != 0 {
		t.Errorf("gone since the scan: %+v, %v", c, err)
	}
}

// What may not be seen is told, and the rest is counted.
func TestCountHidden(t *testing.T) {
	need.Root(t, "a process of another user")
	h := startWith(t, func(*exec.Cmd) {}, "hidden")
	h.want(t, "err=<nil>")
	h.want(t, "sockets=3 own=true cpu=true")
	h.want(t, "unseen=true eacces=true") // on Linux before 6.2 the descriptors too
	h.want(t, "err=<nil>")
	h.want(t, "by share: who=true limit=true unseen=true")
}

// Every thread of every member is a task.
func TestTasks(t *testing.T) {
	herd := start(t, nil, "herd", "20")
	herd.want(t, "ready")
	h, _, _ := hoarder(t, 0, 0, 30, 1000)
	w := walker(t, os.Getpid())
	threads := 0
	for _, pid := range []int{herd.pid, h.pid} {
		list, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if err != nil {
			t.Fatal(err)
		}
		threads += len(list)
	}
	// The Go runtime may start a thread of its own meanwhile.
	if c := count(t, w, Ask{}); c.Tasks < 20+threads || c.Tasks > 20+threads+10 || threads < 30 {
		t.Errorf("%d tasks, want 20 and %d", c.Tasks, threads)
	}
}

// Looking costs no memory of ours, however many descriptors there are.
func TestCountAllocatesNothing(t *testing.T) {
	hoarder(t, 500, 100, 0, 1000)
	w := walker(t, os.Getpid())
	w.Ask(Ask{Files: true, ByShare: true, Sockets: true, CPU: true})
	members, err := w.Members(All)
	if err != nil {
		t.Fatal(err)
	}
	var c Counts
	if n := testing.AllocsPerRun(20, func() { c, err = w.count(members) }); n != 0 || err != nil {
		t.Errorf("%v allocations, %v", n, err)
	}
	if c.Sockets < 100 || c.CPUTotal == 0 {
		t.Errorf("it counted nothing: %+v", c)
	}
}
