package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"relance/internal/await"
	"relance/internal/misbehave/misbehavetest"
)

// TestMain becomes the reaper of what the modes leave behind, so that the tests can find it and end it.
func TestMain(m *testing.M) {
	const setChildSubreaper = 36
	syscall.RawSyscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0)
	os.Exit(misbehavetest.Main(m))
}

// A child is a program under test. Every read and wait of it ends at the latest when the deadline kills it.
type child struct {
	*exec.Cmd
	t    *testing.T
	pipe *os.File
	out  *bufio.Reader
}

func start(t *testing.T, path string, words ...string) *child {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{Cmd: exec.Command(path, words...), t: t, pipe: r, out: bufio.NewReader(r)}
	c.Stdout, c.Stderr = w, w
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	deadline := time.AfterFunc(await.Patience, func() { c.Process.Kill() })
	t.Cleanup(func() {
		deadline.Stop()
		c.Process.Kill()
		c.Wait()
		r.Close()
	})
	return c
}

func (c *child) wantLine(want string) {
	c.t.Helper()
	got, err := c.out.ReadString('\n')
	if strings.TrimSuffix(got, "\n") != want {
		c.t.Fatalf("%q: line %q (%v), want %q", c.Args[1:], got, err, want)
	}
}

func (c *child) wantReady() {
	c.t.Helper()
	c.wantLine(fmt.Sprintf("ready pid=%d", c.Process.Pid))
}

func (c *child) signal(s syscall.Signal) {
	c.t.Helper()
	if err := c.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// wantEnd compares how it ended: "exit status 3" or "signal: killed", as os.ProcessState says it.
func (c *child) wantEnd(want string) {
	c.t.Helper()
	c.Wait()
	if got := c.ProcessState.String(); got != want {
		c.t.Fatalf("%q: ended with %q, want %q", c.Args[1:], got, want)
	}
}

func (c *child) status() syscall.WaitStatus { return c.ProcessState.Sys().(syscall.WaitStatus) }

// TestModes runs each mode that needs no more than lines and signals.
func TestModes(t *testing.T) {
	const term, kill, usr1 = syscall.SIGTERM, syscall.SIGKILL, syscall.SIGUSR1
	type step any // a string is a line to wait for, a signal one to send
	for _, test := range []struct {
		words string
		steps []step
		end   string
	}{
		{"print-signals", []step{usr1, "USR1", syscall.SIGHUP, "HUP", syscall.Signal(37), "RTMIN+3", term, "TERM"}, "exit status 0"},
		{"print-signals --until SIGINT", []step{term, "TERM", syscall.SIGINT, "INT"}, "exit status 0"},
		{"ignore-term", []step{term, kill}, "signal: killed"},
		{"drain 1ms", []step{term, "draining", "drained"}, "exit status 0"},
		{"drain 1h", []step{term, "draining", kill}, "signal: killed"},
		{"eat-memory --rate 0 --max 8M", []step{term}, "signal: terminated"},
		{"eat-memory --rate 64M --chunk 64K --handler", []step{term}, "exit status 0"},
		{"eat-shmem --rate 0 --max 8M --handler", []step{term}, "exit status 0"},
		{"spin-cpu --threads 2", []step{syscall.SIGXCPU}, "signal: CPU time limit exceeded"},
		{"spin-cpu --handler", []step{syscall.SIGXCPU}, "exit status 0"},
		{"dodge", []step{term}, "signal: terminated"},
		{"exit 0", nil, "exit status 0"},
		{"exit 255", nil, "exit status 255"},
		{"crash-after 1ms", nil, "exit status 1"},
		{"crash-after --status 7 0s", nil, "exit status 7"},
		{"fork-loop --max 20 --at-once 4", []step{"forked 20"}, "exit status 0"},
		{"orphans --exit 5", []step{"orphaned 5"}, "exit status 0"},
		{"orphans 0", []step{"orphaned 0", term}, "signal: terminated"},
	} {
		t.Run(test.words, func(t *testing.T) {
			t.Parallel()
			c := start(t, misbehavetest.Go(t), strings.Fields(test.words)...)
			c.wantReady()
			for _, s := range test.steps {
				switch s := s.(type) {
				case string:
					c.wantLine(s)
				case syscall.Signal:
					c.signal(s)
				}
			}
			c.wantEnd(test.end)
		})
	}
}

func TestMapFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, make([]byte, 100_000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, words := range [][]string{{"map-file", path}, {"map-file", "--loop", path}} {
		c := start(t, misbehavetest.Go(t), words...)
		c.wantReady()
		c.wantLine("mapped 100000")
		c.signal(syscall.SIGTERM)
		c.wantEnd("signal: terminated")
	}
}

func TestEatsWhatItSays(t *testing.T) {
	for mode, field := range map[string]string{"eat-memory": "RssAnon:", "eat-shmem": "RssShmem:"} {
		c := start(t, misbehavetest.Go(t), mode, "--rate", "0", "--max", "64M")
		c.wantReady()
		// The Go runtime itself has about 2 MiB of anonymous memory.
		for kib := 0; kib < 64<<10; {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
			_, rest, found := strings.Cut(string(text), field)
			if err != nil || !found {
				t.Fatalf("%s: no %s in its status (%v)", mode, field, err)
			}
			kib, _ = strconv.Atoi(strings.Fields(rest)[0])
			if kib > 80<<10 {
				t.Fatalf("%s: %s %d kB, want 64 MiB and the runtime's own", mode, field, kib)
			}
		}
		c.signal(syscall.SIGKILL)
		c.wantEnd("signal: killed")
	}
}

func TestBigFile(t *testing.T) {
	run := func(flag string) *child {
		const limited = `ulimit -f 100; exec "$@"`
		path := filepath.Join(t.TempDir(), "file")
		c := start(t, "/bin/sh", "-c", limited, "sh", misbehavetest.Go(t), "big-file", flag, path)
		c.wantReady()
		return c
	}
	run("--handler=false").wantEnd("signal: file size limit exceeded")
	c := run("--handler")
	c.wantLine("EFBIG")
	c.wantEnd("exit status 0")
}

// TestDie tries every signal whose default action ends a process, also when it was ignored at the start.
func TestDie(t *testing.T) {
	for s := syscall.Signal(1); s <= rtmax; s++ {
		switch s {
		case syscall.SIGCHLD, syscall.SIGCONT, syscall.SIGURG, syscall.SIGWINCH, // ignored by default
			syscall.SIGSTOP, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, 32, 33:
			continue
		}
		t.Run(signalName(s), func(t *testing.T) {
			t.Parallel()
			words := []string{misbehavetest.Go(t), "die", signalName(s)}
			if s == syscall.SIGHUP || s == syscall.SIGTERM {
				words = append([]string{"/bin/sh", "-c", `trap "" HUP TERM; exec "$@"`, "sh"}, words...)
			}
			c := start(t, words[0], words[1:]...)
			c.wantReady()
			c.Wait()
			if w := c.status(); !w.Signaled() || w.Signal() != s || w.CoreDump() {
				t.Fatalf("ended with %v, want %v and no core", c.ProcessState, s)
			}
		})
	}
}

func TestStopSelf(t *testing.T) {
	c := start(t, misbehavetest.Go(t), "stop-self")
	c.wantReady()
	var w syscall.WaitStatus
	if _, err := syscall.Wait4(c.Process.Pid, &w, syscall.WUNTRACED, nil); err != nil || !w.Stopped() {
		t.Fatalf("wait: %v, status %#x, want stopped", err, w)
	}
	c.signal(syscall.SIGCONT)
	c.wantLine("continued")
	c.wantEnd("exit status 0")
}
