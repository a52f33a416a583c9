package tree

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	waits "relance/internal/await"
	"relance/internal/need"
)

func TestKillTree(t *testing.T) {
	h := start(t, nil, "daemon")
	h.line(t)
	h.line(t)
	h2 := start(t, nil, "stubborn")
	h2.number(t, "pid")
	h3 := start(t, nil, "sleep")
	h3.number(t, "pid")
	unix.Kill(h3.pid, unix.SIGSTOP)

	w := walker(t, os.Getpid())
	finish(t, w)
	h.wantDead(t)
	h2.wantDead(t)
	h3.wantDead(t)
	if ms, err := w.Members(All); len(ms) != 0 || err != nil {
		t.Errorf("members %+v, %v", ms, err)
	}
}

func TestKillNobody(t *testing.T) {
	w := walker(t, os.Getpid())
	if left, err := w.Kill(All); left != 0 || err != nil {
		t.Errorf("kill nobody: %d, %v", left, err)
	}
}

// tasksOf counts the processes and threads RLIMIT_NPROC would count for the
// user the bombs run as, so that a busy user does not stop them at once.
func tasksOf(uid int) (n int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		b, _ := os.ReadFile("/proc/" + e.Name() + "/status")
		_, rest, _ := strings.Cut(string(b), "\nUid:\t")
		if f := strings.Fields(rest); len(f) > 0 && f[0] == strconv.Itoa(uid) {
			_, rest, _ = strings.Cut(rest, "\nThreads:\t")
			k, _ := strconv.Atoi(strings.Fields(rest)[0])
			n += k
		}
	}
	return n
}

// wild starts a helper that multiplies, with room for so many processes.
func wild(t testing.TB, mode string, room int) *helper {
	t.Helper()
	h := start(t, nil, wildWords(mode, room)...)
	h.want(t, "ready")
	return h
}

func TestKillForkBomb(t *testing.T) {
	h := wild(t, "bomb", 90)
	w := walker(t, os.Getpid())
	// Not before it has spread: wait until it fills most of its room.
	for n, from := 0, time.Now(); n < 60; {
		if time.Since(from) > waits.Patience {
			t.Fatalf("the bomb has %d processes and no more", n)
		}
		ms, err := w.Members(All)
		if err != nil {
			t.Fatal(err)
		}
		n = len(ms)
	}
	// Held: everybody is stopped, keeps its place, and nobody is born.
	hold := newHunt(w, All)
	for from := time.Now(); hold.pass(unix.SIGSTOP) > 0; { // as long as they need to get their turn
		if time.Since(from) > waits.Patience {
			t.Fatal("the bomb cannot be held")
		}
	}
	held, _ := w.Members(All)
	for _, m := range held {
		if m.Alive() && m.State != 'T' {
			t.Errorf("not stopped: %+v", m)
		}
	}
	if hold.alive < 60 {
		t.Errorf("%d are held", hold.alive)
	}
	again, _ := w.Members(All)
	if !slices.EqualFunc(held, again, func(a, b Member) bool { return a.identity() == b.identity() }) {
		t.Error("the bomb went on behind our back")
	}
	if _, err := w.Signal(All, unix.SIGCONT); err != nil {
		t.Error(err)
	}
	calls, reaped := finish(t, w)
	h.wantDead(t)
	t.Logf("%d calls, %d reaped", calls, reaped)
}

func TestKillComet(t *testing.T) {
	h := wild(t, "comet", 90)
	w := walker(t, os.Getpid())
	for moved := false; !moved; reap() { // its first process is gone
		m, ok := member(t, w, h.pid)
		moved = !ok || !m.Alive()
	}
	calls, reaped := finish(t, w)
	h.wantDead(t)
	t.Logf("%d calls, %d reaped", calls, reaped)
}

func TestSignal(t *testing.T) {
	for _, plain := range []bool{false, true} {
		a, b := start(t, nil, "sleep"), start(t, nil, "sleep")
		a.number(t, "pid")
		b.number(t, "pid")
		w := walker(t, os.Getpid())
		w.plainKill = plain
		if n, err := w.Signal(All, unix.SIGTERM, b.pid); n != 1 || err != nil {
			t.Fatalf("signal: %d, %v", n, err)
		}
		var ws unix.WaitStatus
		if _, err := unix.Wait4(a.pid, &ws, 0, nil); err != nil || ws.Signal() != unix.SIGTERM {
			t.Errorf("a: %v, %v", ws, err)
		}
		m, ok := member(t, w, b.pid)
		if !ok || !m.Alive() {
			t.Fatalf("the excepted one is %+v, %v", m, ok)
		}
		// Who has the pid of a member but not its start is not touched.
		m.Start--
		if err := w.send(m, unix.SIGKILL); err != unix.ESRCH {
			t.Errorf("signal to a pid used again: %v", err)
		}
		m.Start++
		if err := w.send(m, 0); err != nil {
			t.Errorf("it was hit: %v", err)
		}
		if w.plainKill != plain {
			t.Errorf("plain kill is %v", w.plainKill)
		}
		finish(t, w)
		if err := w.send(m, unix.SIGKILL); !isGone(err) {
			t.Errorf("signal to the dead: %v", err)
		}
	}
}

func TestRefused(t *testing.T) {
	need.Root(t, "a process of another user")
	// Left to reach us, root's child outlives the walker and is reaped here.
	h := startWith(t, func(*exec.Cmd) {}, "refused")
	h.want(t, "exact=false method=rss enough=true err=<nil>")
	h.want(t, "signalled=0 eperm=true")
	h.want(t, "left=1 eperm=true names=true")
}

func TestRefusalsAreBounded(t *testing.T) {
	var no refusals
	if no.err() != nil {
		t.Error("an error of nothing")
	}
	for i := range 100 {
		no.add(Member{PID: i + 1, Comm: "a\nb"}, unix.EPERM)
	}
	if s := no.err().Error(); strings.Count(s, "\n") != maxRefusals || !strings.HasSuffix(s, "92 more members: not permitted") {
		t.Error(s)
	}
}

// A walker without descriptors has seen nobody, and must not say so.
func TestKillBlind(t *testing.T) {
	w := walker(t, os.Getpid())
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	none := old
	none.Cur = 0
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	left, err := w.Kill(All)
	if err2 := unix.Setrlimit(unix.RLIMIT_NOFILE, &old); err2 != nil {
		t.Fatal(err2)
	}
	if left == 0 || err == nil {
		t.Errorf("blind: %d, %v", left, err)
	}
}
