package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"relance/internal/misbehave/misbehavetest"
)

// TestOrphans finds the orphans as zombies of the test.
func TestOrphans(t *testing.T) {
	c := start(t, misbehavetest.Go(t), "orphans", "7")
	c.wantReady()
	c.wantLine("orphaned 7")
	var zombies []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, _ := os.ReadFile(path)
		var state string
		var parent, group int
		_, rest, _ := strings.Cut(string(text), ") ")
		fmt.Sscan(rest, &state, &parent, &group)
		if pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path))); group == c.Process.Pid && parent == os.Getpid() && state == "Z" {
			zombies = append(zombies, pid)
		}
	}
	if len(zombies) != 7 {
		t.Errorf("zombies %v, want 7", zombies)
	}
	for _, pid := range zombies {
		syscall.Wait4(pid, nil, 0, nil)
	}
}

func TestDaemon(t *testing.T) {
	for _, setsid := range []bool{false, true} {
		c := start(t, misbehavetest.Go(t), "daemon", fmt.Sprintf("--setsid=%v", setsid), "--exit")
		c.wantReady()
		var pid, port int
		line, _ := c.out.ReadString('\n')
		if _, err := fmt.Sscanf(line, "daemon pid=%d port=%d", &pid, &port); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		defer endOrphan(t, pid)
		c.wantEnd("exit status 0")
		if _, err := c.out.ReadByte(); err != io.EOF {
			t.Errorf("the daemon holds the output of its maker: %v", err)
		}
		if own := session(t, pid) != session(t, os.Getpid()); own != setsid {
			t.Errorf("session of its own: %v, want %v", own, setsid)
		}
		conn, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Fatal(err)
		}
		said, _ := io.ReadAll(conn)
		if want := fmt.Sprintf("pid=%d\n", pid); string(said) != want {
			t.Errorf("the daemon says %q, want %q", said, want)
		}
		// A second one cannot have the port.
		second := start(t, misbehavetest.Go(t), "--quiet", "daemon", "--port", strconv.Itoa(port))
		if line, _ := second.out.ReadString('\n'); !strings.HasSuffix(line, "bind: address already in use\n") {
			t.Errorf("second daemon on the port says %q", line)
		}
		second.wantEnd("exit status 99")
	}
}

func TestHoldPipe(t *testing.T) {
	c := start(t, misbehavetest.Go(t), "hold-pipe")
	c.wantReady()
	var pid int
	line, _ := c.out.ReadString('\n')
	if _, err := fmt.Sscanf(line, "holding fd=1 pid=%d", &pid); err != nil {
		t.Fatalf("line %q: %v", line, err)
	}
	c.wantEnd("exit status 0")
	ours, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", c.pipe.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	if held, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/4", pid)); held != ours {
		t.Errorf("the holder holds %q (%v), want %q", held, err, ours)
	}
	endOrphan(t, pid)
	if _, err := c.out.ReadByte(); err != io.EOF {
		t.Errorf("read after the holder's end: %v, want EOF", err)
	}
}

func endOrphan(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Errorf("kill %d: %v", pid, err)
	}
	if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil {
		t.Errorf("wait for %d: %v, want it to be our own orphan", pid, err)
	}
}

func session(t *testing.T, pid int) (id int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	id, _ = strconv.Atoi(strings.Fields(rest)[3])
	return id
}
