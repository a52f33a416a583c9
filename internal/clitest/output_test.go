package clitest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

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
				if text := firstLine(t, stalled); !strings.HasSuffix(text, "out\n") {
					t.Errorf("the output is lost: %q", text[max(0, len(text)-10):])
				}
			}
			<-done
			if got := statusOf(cmd.ProcessState); got != test.status {
				t.Errorf("status %d, want %d", got, test.status)
			}
		})
	}
}

// firstLine reads from the pipe that w is the write end of.
func firstLine(t *testing.T, w *os.File) string {
	t.Helper()
	r, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", w.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var text strings.Builder
	for buf := make([]byte, 4096); !strings.Contains(text.String(), "\n"); {
		n, err := r.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(buf[:n])
	}
	return text.String()
}
