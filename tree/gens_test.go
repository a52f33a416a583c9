package tree

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	waits "relance/internal/await"
	"relance/internal/cgrouptest"
	"relance/internal/need"
)

// Whose a daemon is that was born, and lost its chain, while two generations
// lived. What is to be found is always of the second, since the first one gets
// whom nobody knows.
func TestTrees(t *testing.T) {
	for _, c := range []struct {
		name  string
		shed  []string
		seen  bool
		group bool
		known bool
	}{
		{name: "its environment", shed: []string{"session"}, known: true},
		{name: "its process group", shed: []string{"environment"}, known: true},
		{name: "it was seen before", shed: []string{"session", "environment"}, seen: true, known: true},
		{name: "its cgroup", shed: []string{"session", "environment"}, group: true, known: true},
		{name: "nothing", shed: []string{"session", "environment"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := walker(t, os.Getpid())
			groups := [3]string{}
			if c.group {
				groups[1], groups[2] = cgrouptest.Scratch(t).Path(), cgrouptest.Scratch(t).Path()
			}
			one := begin(t, w, 1, groups[1], append([]string{"stray"}, c.shed...)...)
			older := one.stray(t, nil)
			two := begin(t, w, 2, groups[2], append([]string{"stray"}, c.shed...)...)
			look := func() {
				if !c.seen {
					return
				}
				if _, err := w.Members(All); err != nil {
					t.Fatal(err)
				}
			}
			pid := two.stray(t, look)

			wantTree(t, w, All, one.pid, older, two.pid, pid)
			if !sure(w, older) {
				t.Error("who was there before the second generation is of the first")
			}
			if sure(w, pid) != c.known {
				t.Errorf("sure of it: %v", !c.known)
			}
			if !c.known {
				wantTree(t, w, 1, one.pid, older, pid)
				wantTree(t, w, 2, two.pid)
				return
			}
			wantTree(t, w, 1, one.pid, older)
			wantTree(t, w, 2, two.pid, pid)
			if n, err := w.Left(2); n != 2 || err != nil {
				t.Errorf("left of the second: %d, %v", n, err)
			}
			if u, err := w.Measure(2, 0); err != nil || u.Processes != 2 {
				t.Errorf("the second measures %+v, %v", u, err)
			}
			if counted, err := w.Count(1); err != nil || counted.Tasks < 2 {
				t.Errorf("the first counts %+v, %v", counted, err)
			}
			if n, err := w.Signal(1, 0); n != 2 || err != nil {
				t.Errorf("signalled in the first: %d, %v", n, err)
			}

			finishGen(t, w, 1)
			one.wantDead(t)
			wantUntouched(t, w, 2)
			wantTree(t, w, 2, two.pid, pid)
			w.End(1)
			wantTree(t, w, 1)
			wantTree(t, w, 2, two.pid, pid)
			// The third finds the daemon there, whose mark is that of the second.
			three := begin(t, w, 3, "", "sleep")
			finishGen(t, w, 3)
			three.wantDead(t)
			wantUntouched(t, w, 2)
			wantTree(t, w, 2, two.pid, pid)
			// The negative control: of all of them these are there to be killed.
			finish(t, w)
			two.wantDead(t)
		})
	}
}

// One generation bursts while the other lives. Its processes have their chain for
// moments only, and no look may take one of them for the other's or the other's
// for one of them, whichever of the two is the older.
func TestKillBombBesideAnother(t *testing.T) {
	for _, mode := range []string{"bomb", "comet"} {
		for _, wildGen := range []int{1, 2} {
			t.Run(mode+strconv.Itoa(wildGen), func(t *testing.T) {
				w := walker(t, os.Getpid())
				var calm, burst *generation
				for gen := 1; gen <= 2; gen++ {
					if gen == wildGen {
						burst = begin(t, w, gen, "", wildWords(mode, 60)...)
						burst.want(t, "ready")
					} else {
						calm = begin(t, w, gen, "", "stray", "session")
					}
				}
				pid := calm.stray(t, nil)
				waits.Until(t, "it has spread", func() bool {
					defer reap()
					ms, err := w.Members(burst.gen)
					if err != nil {
						t.Fatal(err)
					}
					if mode == "bomb" {
						return len(ms) > 40
					}
					// Its first process is gone.
					return !slices.ContainsFunc(ms, func(m Member) bool { return m.PID == burst.pid && m.Alive() })
				})
				finishGen(t, w, burst.gen)
				burst.wantDead(t)
				wantUntouched(t, w, calm.gen)
				wantTree(t, w, calm.gen, calm.pid, pid)
			})
		}
	}
}

// The number of the child of the first generation is given to another process.
func TestPIDGivenAnew(t *testing.T) {
	w := walker(t, os.Getpid())
	one := begin(t, w, 1, "", "sleep")
	one.number(t, "pid")
	two := begin(t, w, 2, "", "sleep")
	two.number(t, "pid")
	m, ok := member(t, w, one.pid)
	if !ok || m.Gen != 1 {
		t.Fatalf("%+v, %v", m, ok)
	}
	unix.Kill(one.pid, unix.SIGKILL)
	if _, err := unix.Wait4(one.pid, nil, 0, nil); err != nil {
		t.Fatal(err)
	}
	for again := m.Start; again == m.Start; { // the clock of the kernel has hundredths
		if err := forkAs(one.pid); err == unix.EPERM || err == unix.ENOSYS || err == unix.EINVAL {
			need.Lack(t, "no process can have the number that we want: %v; run as root", err)
		} else if err != nil {
			t.Fatal(err)
		}
		s, err := w.proc.stat(one.pid)
		if err != nil {
			t.Fatal(err)
		}
		if again = s.start; again == m.Start {
			unix.Kill(one.pid, unix.SIGKILL)
			unix.Wait4(one.pid, nil, 0, nil)
		}
	}
	// It has a group of its own, of the number that was the first one's.
	if err := unix.Setpgid(one.pid, one.pid); err != nil {
		t.Fatal(err)
	}
	if got, ok := member(t, w, one.pid); !ok || sure(w, one.pid) {
		t.Errorf("it is taken for the child of a generation: %+v, %v", got, ok)
	}
	w.End(1)
	if err := w.Begin(3); err != nil { // any other one
		t.Fatal(err)
	}
	unix.Kill(one.pid, unix.SIGKILL)
	unix.Wait4(one.pid, nil, 0, nil)
	// The negative control: what it is in is known.
	if err := forkAs(one.pid); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setpgid(one.pid, two.pid); err != nil {
		t.Fatal(err)
	}
	if got, ok := member(t, w, one.pid); !ok || got.Gen != 2 || !sure(w, one.pid) {
		t.Errorf("in the group of the second: %+v, %v", got, ok)
	}
}

// forkAs makes a child of that number: clone3(2), CAP_CHECKPOINT_RESTORE.
func forkAs(pid int) error {
	wanted = int32(pid)
	anew = cloneArgs{exitSignal: uint64(unix.SIGCHLD), setTID: uint64(uintptr(unsafe.Pointer(&wanted))), setTIDSize: 1}
	got, errno := clone3()
	if errno != 0 {
		return errno
	}
	if int(got) != pid {
		return unix.EAGAIN
	}
	return nil
}

// Who is left of one that is over stays of it as long as several others live.
func TestLeftBehind(t *testing.T) {
	w := walker(t, os.Getpid())
	one := begin(t, w, 1, "", "sleep")
	two := begin(t, w, 2, "", "sleep")
	three := begin(t, w, 3, "", "sleep")
	wantTree(t, w, All, one.pid, two.pid, three.pid)
	w.End(1)
	wantTree(t, w, 1, one.pid)
	wantTree(t, w, 2, two.pid)
	wantTree(t, w, 3, three.pid)
	wantTree(t, w, All, one.pid, two.pid, three.pid)
	w.End(3)
	wantTree(t, w, 2, one.pid, two.pid, three.pid)
	w.End(2)
	wantTree(t, w, 2)
	wantTree(t, w, All, one.pid, two.pid, three.pid)
	if len(w.known)+len(w.leads) != 0 {
		t.Errorf("it remembers %v, %v", w.known, w.leads)
	}
	finish(t, w)
}

// Who is dead and not reaped is still to be told of, also in one tree of several.
func TestLeftDead(t *testing.T) {
	w := walker(t, os.Getpid())
	one := begin(t, w, 1, "", "sleep")
	two := begin(t, w, 2, "", "sleep")
	unix.Kill(one.pid, unix.SIGKILL)
	if err := unix.Waitid(unix.P_PID, one.pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	left := func(gen, want int) {
		t.Helper()
		if n, err := w.Left(gen); n != want || err != nil {
			t.Errorf("left of generation %d: %d, %v, want %d", gen, n, err, want)
		}
	}
	left(1, 1)
	left(2, 1)
	reap()
	left(1, 0)
	left(2, 1)
	unix.Kill(two.pid, unix.SIGKILL)
	w.End(1)
	left(2, 1) // the only one, and we have a child
}

// A look at the only generation reads nothing but what it has always read.
func TestOneGenerationCostsNothing(t *testing.T) {
	w := walker(t, os.Getpid())
	one := begin(t, w, 1, "", "stray", "session", "environment")
	pid := one.stray(t, nil)
	wantTree(t, w, 1, one.pid, pid)
	if w.known != nil || w.leads != nil || w.scans != 0 || w.around != nil {
		t.Error("it was told apart without need")
	}
}

func TestHiddenChild(t *testing.T) {
	w := walker(t, os.Getpid())
	if err := errors.Join(w.Begin(1), w.Started(1, maxPID, "", "")); err != nil || w.lives[0].start != 0 {
		t.Errorf("a child that cannot be seen: %v, %v", err, w.lives)
	}
	two := begin(t, w, 2, "", "stray", "session")
	pid := two.stray(t, nil)
	wantTree(t, w, 2, two.pid, pid)
	wantTree(t, w, 1)
}

// Who has no environment, and whose is hidden from us, has no mark.
func TestMarkHidden(t *testing.T) {
	need.Root(t, "a process of another user")
	w := walker(t, os.Getpid())
	begin(t, w, 1, "", "sleep").number(t, "pid")
	two := begin(t, w, 2, "", "sleep")
	two.number(t, "pid")
	for _, c := range []struct {
		pid, want int
	}{{two.pid, 2}, {os.Getpid(), 0}, {2, 0}, {maxPID, 0}} {
		if gen := w.mark(c.pid); gen != c.want {
			t.Errorf("mark of pid %d: %d, want %d", c.pid, gen, c.want)
		}
	}
	h := startWith(t, func(*exec.Cmd) {}, "blind")
	h.want(t, "mark=2")
	h.want(t, "mark=0")
}
