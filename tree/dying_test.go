package tree

import (
	"os/exec"
	"strings"
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

// What shows in the files of a process that is leaving, or is killed.
func TestDyingFiles(t *testing.T) {
	for flags, want := range map[string]bool{"4194560": false, "4194564": true, "4": true, "0": false} {
		if s, err := parseStat([]byte("7 (a) b)" + strings.Replace(tail, "4194560", flags, 1))); err != nil || s.exiting != want {
			t.Errorf("flags %s: %+v, %v", flags, s, err)
		}
	}
	for text, want := range map[string]bool{
		"SigPnd:\t0000000000000100\nShdPnd:\t0000000000000000\n": true,
		"SigPnd:\t0000000000000000\nShdPnd:\t0000000000000100\n": true,
		"ShdPnd:\tfffffffffffffbff\n":                            true,
		"SigPnd:\t0000000000000200\nShdPnd:\t0000000000000080\n": false,
		"ShdPnd:\tfffffffffffffeff\n":                            false,
		"SigBlk:\t0000000000000100\n":                            false,
		"ShdPnd:\tx\n":                                           false,
	} {
		if s := parseStatus([]byte(text)); s.killed != want {
			t.Errorf("status %q: %+v", text, s)
		}
	}
}
