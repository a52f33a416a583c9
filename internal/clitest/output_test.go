package clitest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A reader that stalls when all is over is waited for, as what is in a pipe waits
// for its reader, and nothing is lost. Until somebody will not wait: then relance
// ends by the signal.
func TestOutputStalled(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		sig     unix.Signal
		ignored bool // since before the start
		status  int
	}{
		{unix.SIGTERM, false, -int(unix.SIGTERM)}, {unix.SIGINT, false, -int(unix.SIGINT)},
		{unix.SIGHUP, false, -int(unix.SIGHUP)}, {unix.SIGQUIT, false, -int(unix.SIGQUIT)},
		{unix.SIGHUP, true, 5}, {0, false, 5},
	} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			t.Parallel()
			words := []string{relance(), "--output-silence", "5m", "--", "sh", "-c", "echo out >&2; echo over >over; exit 5"}
			if test.ignored {
				words = append([]string{"sh", "-c", `trap "" HUP; exec "$@"`, "sh"}, words...)
			}
			cmd := exec.Command(words[0], words[1:]...)
			stalled := fullPipe(t)
			cmd.Dir, cmd.Stderr = t.TempDir(), stalled
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			go func() {
				_ = cmd.Wait() // told by the state
				close(done)
			}()
			eventually(t, "the command is over and waited for no more", func() bool {
				_, err := os.Stat(cmd.Dir + "/over")
				return err == nil && len(childrenOf(t, cmd.Process.Pid)) == 0
			})
			for ended := false; test.status < 0 && !ended; {
				// The first may come before the loop of relance has ended, and then is
				// for a command that is no more.
				_ = cmd.Process.Signal(test.sig)
				select {
				case <-done:
					ended = true
				default:
				}
			}
			if test.status >= 0 {
				if test.sig != 0 {
					if err := cmd.Process.Signal(test.sig); err != nil {
						t.Fatal(err)
					}
				}
				wantPassedOn(t, stalled, "out\n")
			}
			<-done
			if got := statusOf(cmd.ProcessState); got != test.status {
				t.Errorf("status %d, want %d", got, test.status)
			}
		})
	}
}

// Who asks for the end and does not see it is told what it waits for.
func TestOutputStalledIsSaid(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(relance(), "--workers", "2", "--", "sh", "-c", "echo up >&2; echo out; sleep 1000")
	cmd.Stdout = fullPipe(t)
	r := startCmd(t, cmd)
	for range 2 {
		r.errs.want(t, "^up$")
	}
	r.signal(unix.SIGTERM)
	r.errs.want(t, "^relance: all has ended; what it has written waits for its reader")
	r.signal(unix.SIGTERM)
	r.wantEnd(-int(unix.SIGTERM))
}

// A pause of relance and the command, as when a container is paused, is no silence:
// the command could not have written.
func TestOutputPaused(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--output-silence", "2s", "--rewrite", "CONT=none", "--", "sh", "-c", "trap : USR1; while :; do echo x; sleep 0.1; done")
	r.out.want(t, "^x$")
	child := childrenOf(t, r.pid)[0]
	for _, pid := range []int{child, r.pid} {
		if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is stopped", func() bool { return state(t, pid) == 'T' })
	}
	<-time.After(4 * time.Second) // the pause itself: longer than the silence that is allowed
	// relance looks before the command, to which it does not pass CONT on, can write: it
	// has passed another signal on, and sleeps.
	r.signal(unix.SIGUSR1)
	for _, pid := range []int{r.pid, child} {
		if err := unix.Kill(pid, unix.SIGCONT); err != nil {
			t.Fatal(err)
		}
		if pid == r.pid {
			eventually(t, "the signal passed on, and relance asleep", func() bool { return isPending(t, child, unix.SIGUSR1) && asleep(t, r.pid) })
		}
	}
	for range 20 { // more than can have been written before
		r.out.want(t, "^x$")
	}
	r.signal(unix.SIGTERM)
	r.wantEnd(143)
	if said := r.errs.all(); strings.Contains(said, "watchdog") {
		t.Error("taken for hung after a pause")
	}
}

// isPending reports whether a signal waits at a process (proc_pid_status(5)).
func isPending(t *testing.T, pid int, sig unix.Signal) bool {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var set uint64
		if _, err := fmt.Sscanf(line, "ShdPnd: %x", &set); err == nil {
			return set&bit(sig) != 0
		}
	}
	t.Fatalf("no ShdPnd in %s", text)
	return false
}

// asleep reports whether all threads of a process wait for something.
func asleep(t *testing.T, pid int) bool {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && stateIn(text) != 'S' {
			return false
		}
	}
	return true
}

// wantPassedOn waits until the pipe that w is the write end of has given this line. What relance says
// itself, of a reader that stalls, may come before that.
func wantPassedOn(t *testing.T, w *os.File, line string) {
	t.Helper()
	r, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", w.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for buf := make([]byte, 4096); !strings.Contains(text.String(), line); {
		n, err := r.Read(buf)
		if err != nil {
			said := text.String()
			t.Fatalf("%v; the output is lost: %q", err, said[max(0, len(said)-200):])
		}
		text.Write(buf[:n])
	}
}
