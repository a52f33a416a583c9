package child

import (
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

func TestDying(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	if Dying(pid) {
		t.Error("a process that sleeps is called dying")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// Killed, leaving or a zombie: never alive again.
	if !Dying(pid) {
		t.Error("a process that was killed is called alive")
	}
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if !Dying(pid) {
		t.Error("a zombie is called alive")
	}
	cmd.Wait()
	if !Dying(pid) {
		t.Error("a process that is gone is called alive")
	}
}

func TestDyingFiles(t *testing.T) {
	for text, want := range map[string]bool{
		"7 (a) b) S 1 7 7 0 -1 4194304 90": false,
		"7 (a) b) R 1 7 7 0 -1 4194308 90": true,
		"7 (a) Z 1 7 7 0 -1 4194304 90":    true,
		"7 (a) S 1":                        false,
		"":                                 false,
	} {
		if got := isExiting([]byte(text)); got != want {
			t.Errorf("stat %q: %v", text, got)
		}
	}
	for text, want := range map[string]bool{
		"SigPnd:\t0000000000000100\nShdPnd:\t0000000000000000\n": true,
		"SigPnd:\t0000000000000000\nShdPnd:\t0000000000000100\n": true,
		"SigPnd:\t0000000000000200\nShdPnd:\t0000000000000080\n": false,
		"SigBlk:\t0000000000000100\n":                            false,
		"ShdPnd:\tx\n":                                           false,
	} {
		if got := isKilled([]byte(text)); got != want {
			t.Errorf("status %q: %v", text, got)
		}
	}
}
