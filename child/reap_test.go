package child

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// What the kernel has charged when it enforces RLIMIT_CPU is never less than the limit,
// whatever else runs; for who is killed sooner it is.
func TestCharged(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	python := need.Python(t)
	const spin = "while :; do :; done"
	const threads = `
import ctypes, threading
def spin():
    while True: pass
for _ in range(3): threading.Thread(target=spin).start()
ctypes.CDLL(None).pthread_exit(None)
`
	for _, test := range []struct {
		argv     []string
		hard     uint64
		signal   unix.Signal
		enforced bool
	}{
		{[]string{"sh", "-c", spin}, 1, unix.SIGKILL, true},
		{[]string{"sh", "-c", spin}, 2, unix.SIGXCPU, true},
		// The first thread has ended; the process has not.
		{[]string{python, "-c", threads}, 2, unix.SIGXCPU, true},
		{[]string{"sh", "-c", "kill -KILL $$"}, 2, unix.SIGKILL, false},
		// What the child of it has used is not its own.
		{[]string{"sh", "-c", "sh -c '" + spin + "'; kill -KILL $$"}, 2, unix.SIGKILL, false},
	} {
		limit := Rlimit{Resource: unix.RLIMIT_CPU, Cur: 1, Max: test.hard}
		spawner, err := NewSpawner(&Settings{Argv: test.argv, Env: []string{"PATH=/bin:/usr/bin"}, Rlimits: []Rlimit{limit}})
		if err != nil {
			t.Fatal(err)
		}
		pid, err := spawner.Spawn(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
			t.Fatal(err)
		}
		c, _ := Reap()
		enforced := c.Charged >= time.Second
		if c.PID != pid || c.Signal != test.signal || c.Charged <= 0 || enforced != test.enforced {
			t.Errorf("%q: got %+v", test.argv, c)
		}
	}
}
