package clitest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// leakingService is a shell script: a service that starts a daemon which holds
// the port, in a session of its own, and then leaks. It ends with 1 when the
// port is taken.
const leakingService = `misbehave --quiet daemon --setsid --exit --port $PORT || exit 1
exec misbehave --quiet eat-memory --rate 0 --max $EAT --handler`

// service is the command that runs the script, under words or bare.
func service(t *testing.T, port int, eat string, words ...string) *exec.Cmd {
	t.Helper()
	misbehave(t)
	words = append(words, "sh", "-c", leakingService)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = append(os.Environ(), "PATH="+bin()+":"+os.Getenv("PATH"), fmt.Sprintf("PORT=%d", port), "EAT="+eat)
	return cmd
}

// Many recycles, and each generation finds the port free: the daemon of the
// one before it is gone before it starts.
func TestPortFreeAfterRecycle(t *testing.T) {
	t.Parallel()
	recycles := need.Much(8, 100)
	port, answers := need.Port(t), 0
	var before []int // the daemons of earlier generations
	r := startCmd(t, service(t, port, "60M", relance(), "--memory-high", "40M", "--min-uptime", "0s", "--give-up", "1/1h", "--"))
	// None waits for us before it leaks: on a busy machine it is some generation that answers.
	for n, begin := 0, time.Now(); n <= recycles || answers == 0 && time.Since(begin) < patience; n++ {
		daemon := pidIn(t, r.out.want(t, `^daemon pid=(\d+) port=`))
		// Whoever answers there is the one of this generation, unless it has been
		// recycled meanwhile. That it could bind the port it has proven itself.
		got, err := whoListens(port)
		if err == nil && slices.Contains(before, got) {
			t.Fatalf("generation %d: pid %d of an earlier one listens, not %d", n+1, got, daemon)
		}
		before = append(before, daemon)
		if got == daemon {
			answers++
		}
	}
	if answers == 0 {
		t.Error("no daemon has ever answered")
	}
	r.signal(unix.SIGTERM)
	<-r.done
	r.errs.wantClosed(t)
	if n := strings.Count(r.errs.all(), ": memory-high: "); n < recycles {
		t.Errorf("%d recycles said, want %d", n, recycles)
	}
	if l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port)); err != nil {
		t.Errorf("after the end: %v", err)
	} else {
		l.Close()
	}
}

// whoListens asks the daemon for its pid.
func whoListens(port int) (pid int, err error) {
	c, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return 0, err
	}
	defer c.Close()
	_, err = fmt.Fscanf(c, "pid=%d\n", &pid)
	return pid, err
}

// The control: who only kills the child and starts it again finds the port taken.
func TestPortTakenAfterPlainRestart(t *testing.T) {
	t.Parallel()
	port := need.Port(t)
	first := startCmd(t, service(t, port, "1M"))
	daemon := pidIn(t, first.out.want(t, `^daemon pid=(\d+) `))
	defer func() {
		if err := syscall.Kill(daemon, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}()
	first.signal(unix.SIGKILL)
	first.wantEnd(-9)
	second := startCmd(t, service(t, port, "1M"))
	second.wantEnd(1)
}

// ordinary is an ordinary user who runs nothing: a number that no system gives
// to anybody, and another one for each run of these tests.
func ordinary() uint32 { return uint32(1<<24 + os.Getpid()) }

// A fork bomb of an ordinary user, bounded by RLIMIT_NPROC, is gone within the
// grace and two seconds, whether it heeds the stop signal or not. How long it
// takes is also a matter of what else the machine has to do, so that is compared
// only where RELANCE_TEST_LOAD gives the test a machine to itself, and there are
// three tries for it; that all are gone holds for each.
func TestForkBomb(t *testing.T) {
	t.Parallel()
	need.Root(t, "to be another user")
	const grace, tries = time.Second, 3
	most := grace + need.Much(patience, 2*time.Second)
	for name, ignored := range map[string]string{"heeds": "0", "ignores": "15"} {
		t.Run(name, func(t *testing.T) {
			var took time.Duration
			for range tries {
				if took = forkBomb(t, grace, ignored); took <= most {
					return
				}
			}
			t.Errorf("gone after %s, want %s at most", took, most)
		})
	}
}

// forkBomb returns how long it takes from the request to the end.
func forkBomb(t *testing.T, grace time.Duration, ignored string) time.Duration {
	t.Helper()
	const processes = 60 // the threads of relance count as well
	uid := ordinary()
	cmd := exec.Command(relance(), "--rlimit", fmt.Sprintf("nproc=%d", processes), "--stop-timeout", grace.String(),
		"--", raw(t), "fork-bomb", ignored)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	r := startCmd(t, cmd)
	r.out.want(t, `^ready pid=`)
	eventually(t, "a bomb that has gone off", func() bool { return len(processesOf(t, uid)) > processes/2 })
	asked := time.Now()
	r.signal(unix.SIGTERM)
	<-r.done
	took := time.Since(asked)
	for _, pid := range processesOf(t, uid) {
		t.Errorf("left: pid %d in state %q", pid, state(t, pid))
		_ = syscall.Kill(pid, syscall.SIGKILL) // may be gone by now
	}
	if status := statusOf(r.cmd.ProcessState); status != 143 && status != 137 {
		t.Errorf("status %d", status)
	}
	return took
}

// processesOf returns the processes of a user, zombies too.
func processesOf(t *testing.T, uid uint32) (pids []int) {
	t.Helper()
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		info, err := os.Stat(folder)
		if err != nil {
			continue // gone
		}
		if info.Sys().(*syscall.Stat_t).Uid == uid {
			pid, err := strconv.Atoi(filepath.Base(folder))
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, pid)
		}
	}
	return pids
}
