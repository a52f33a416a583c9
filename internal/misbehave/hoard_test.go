package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"relance/internal/misbehave/misbehavetest"
)

// TestHoard counts in /proc what was hoarded, before and after it is asked for more.
func TestHoard(t *testing.T) {
	c := start(t, misbehavetest.Go(t), "hoard", "--files", "30", "--sockets", "20", "--threads", "10", "--raise", "200")
	c.wantReady()
	base := 0
	for round := 1; round <= 2; round++ {
		// The program's own are below ten, of each.
		files, sockets := 0, 0
		names, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", c.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			to, _ := os.Readlink(name)
			if files++; strings.HasPrefix(to, "socket:") {
				sockets++
			}
		}
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", c.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		if n := files - 50*round; n < 0 || n >= 10 {
			t.Errorf("round %d: %d files", round, files)
		}
		if sockets != 20*round {
			t.Errorf("round %d: %d sockets", round, sockets)
		}
		if n := len(threads) - 10*round; n < 0 || n >= 10 || len(threads) <= base {
			t.Errorf("round %d: %d threads", round, len(threads))
		}
		base = len(threads)
		c.signal(syscall.SIGUSR1)
		c.wantLine("hoarded")
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", c.Process.Pid))
	if err != nil || !strings.Contains(string(limits), "Max open files            200 ") {
		t.Errorf("its limits are %v\n%s", err, limits)
	}
	c.signal(syscall.SIGTERM)
	c.wantEnd("signal: terminated")
}
