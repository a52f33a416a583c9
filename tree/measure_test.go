package tree

import (
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

const mib = 1 << 20

// between fails unless lo <= n < hi, all in MiB.
func between(t testing.TB, what string, n, lo, hi int64) {
	t.Helper()
	if n < lo*mib || n >= hi*mib {
		t.Errorf("%s is %.1f MiB, want %d to %d", what, float64(n)/mib, lo, hi)
	}
}

func measure(t testing.TB, w *Walker, budget int64) Usage {
	t.Helper()
	u, err := w.Measure(All, budget)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Five processes that map the same 64 MiB. The bound counts them five times.
func TestSharedMemoryCountsOnce(t *testing.T) {
	for _, kind := range []string{"anon", "shmem"} {
		t.Run(kind, func(t *testing.T) {
			h := start(t, nil, "share", kind)
			h.want(t, "ready")
			w := walker(t, os.Getpid())

			u := measure(t, w, 0)
			between(t, "bound", u.Bytes, 5*64, 5*64+120)
			if u.Exact || u.Method != RSS || u.Processes != 5 {
				t.Errorf("bound only: %+v", u)
			}
			if u = measure(t, w, 1<<40); u.Exact {
				t.Errorf("bound below budget: %+v", u)
			}
			u = measure(t, w, 128*mib)
			between(t, "exact", u.Bytes, 64, 64+60)
			if !u.Exact || u.Method != PSS || u.Processes != 5 {
				t.Errorf("above budget: %+v", u)
			}
			if u.Largest.PID == 0 || u.LargestBytes < 64*mib/5 || u.VMSize < 64*mib || u.VMData == 0 || u.VMPeak < u.VMSize {
				t.Errorf("largest: %+v", u)
			}

			ms, err := w.Members(All)
			if err != nil {
				t.Fatal(err)
			}
			pids := []int{0, maxPID}
			for i := range ms { // any order, some twice
				pids = append(pids, ms[len(ms)-1-i].PID, h.pid)
			}
			v, err := w.MeasurePIDs(pids, 128*mib)
			if err != nil || v.Processes != 5 || !v.Exact {
				t.Errorf("by pids: %+v, %v", v, err)
			}
			between(t, "exact by pids", v.Bytes, 64, 64+30)
			if v, err = w.MeasurePIDs(nil, 1); err != nil || v.Bytes != 0 || v.Exact != (v.Method == PSS) {
				t.Errorf("no pids: %+v, %v", v, err)
			}
		})
	}
}

// The cache is not the child's debt, however much of it is mapped.
func TestMappedFileIsNotCounted(t *testing.T) {
	var fs unix.Statfs_t
	path := filepath.Join(t.TempDir(), "big")
	if err := os.WriteFile(path, make([]byte, 64*mib), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := unix.Statfs(path, &fs); err != nil || fs.Type == unix.TMPFS_MAGIC {
		need.Lack(t, "the folder for tests is on tmpfs, where files are memory: set TMPDIR to one on a disk")
	}
	h := start(t, nil, "map", path)
	h.want(t, "ready")
	w := walker(t, os.Getpid())
	b, err := w.proc.read(h.pid, "status")
	if s := parseStatus(b); err != nil || s.rss < 64*mib {
		t.Fatalf("the file is not mapped in: %+v, %v", s, err)
	}
	between(t, "bound", measure(t, w, 0).Bytes, 0, 30)
	between(t, "exact", measure(t, w, 1).Bytes, 0, 30)
}

// A child between vfork and exec is in its parent's memory, not beside it. It
// is held there by a lease on the file it wants to execute.
func TestVforkCountsOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	src, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	dst, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = io.Copy(dst, src); err != nil {
		t.Fatal(err)
	}
	dst.Close()

	broken := make(chan os.Signal, 1)
	signal.Notify(broken, unix.SIGIO)
	defer signal.Stop(broken)
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		unix.Close(fd)
		need.Lack(t, "no lease on the file system of TMPDIR: %v", err)
	}
	h := start(t, nil, "vfork", path)
	t.Cleanup(func() { unix.Close(fd) }) // runs first: lets the child go on
	h.want(t, "ready")
	<-broken // the kernel asks us for the file: the child is in execve

	w := walker(t, os.Getpid())
	if ms, err := w.Members(All); err != nil || len(ms) != 2 {
		t.Fatalf("members %+v, %v", ms, err)
	}
	between(t, "bound", measure(t, w, 0).Bytes, 128, 180)
	if _, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(h.pid), uintptr(h.pid), 1, 0, 0, 0); errno != 0 {
		need.Lack(t, "kcmp: %v", errno)
	}
	u := measure(t, w, 1)
	between(t, "exact", u.Bytes, 64, 90)
	if u.Largest.PID != h.pid || !u.Exact {
		t.Errorf("%+v", u)
	}
}

// A process whose first thread has left looks like a zombie and is none.
func TestHeadless(t *testing.T) {
	h := start(t, nil, "headless")
	h.want(t, "ready")
	w := walker(t, os.Getpid())
	m, ok := member(t, w, h.pid)
	if !ok || m.State != 'Z' || !m.Alive() {
		t.Fatalf("headless: %+v, %v", m, ok)
	}
	between(t, "bound", measure(t, w, 0).Bytes, 32, 60)
	between(t, "with budget", measure(t, w, 1).Bytes, 32, 60)
	finish(t, w)
	h.wantDead(t)
}
