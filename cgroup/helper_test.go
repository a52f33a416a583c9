package cgroup_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/internal/await"
)

// helperEnv makes the test binary be one of the programs below.
const helperEnv = "RELANCE_CGROUP_HELPER"

func TestMain(m *testing.M) {
	if mode := os.Getenv(helperEnv); mode != "" {
		// Whatever a test forgets ends by itself.
		time.AfterFunc(5*await.Patience, func() { os.Exit(3) })
		helper(mode)
		os.Exit(0)
	}
	// Orphans come to us, so that the tests leave no zombies to init.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func helper(mode string) {
	switch mode {
	case "sleep":
		fmt.Printf("sleep %d\n", os.Getpid())
		select {}
	case "daemon": // a middle that dies, and its daemon
		run("middle", true).Wait()
		fmt.Printf("daemon %d\n", os.Getpid())
		select {}
	case "middle":
		run("sleep", true)
	case "keeper", "keeper of all": // makes two groups, one with a process in it, and keeps them
		p, err := cgroup.Find("/")
		must(err)
		if mode != "keeper" {
			all, err := p.Create(cgroup.Names{PID: os.Getpid()}.All())
			must(err)
			p = all.Parent()
			defer all.Close()
		}
		for gen := 1; gen <= 2; gen++ {
			g, err := p.Create(cgroup.Names{PID: os.Getpid()}.Group(gen))
			must(err)
			if gen == 2 {
				cmd := command("sleep")
				cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: g.FD()}
				cmd.Stdout = os.Stdout
				must(cmd.Start())
			}
		}
		fmt.Printf("%s %d\n", mode, os.Getpid())
		select {}
	case "nothing", "anon", "shmem", "file", "leaver":
		use(mode)
		fmt.Printf("%s %d\n", mode, os.Getpid())
		if mode == "leaver" {
			leave()
		}
		select {}
	case "burn": // a tenth of a second of CPU time
		burn(100 * time.Millisecond)
		fmt.Printf("burn %d\n", os.Getpid())
	case "comet":
		fmt.Printf("comet %d\n", os.Getpid())
		comet()
	}
}

func run(mode string, setsid bool) *exec.Cmd {
	cmd := command(mode)
	cmd.Stdout = os.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: setsid}
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return cmd
}

func command(mode string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), helperEnv+"="+mode)
	cmd.Stderr = os.Stderr
	return cmd
}

var (
	hops   int
	minute = unix.Timespec{Sec: 60}
)

// comet forks and dies, and its child goes on; after ten thousand times it
// stays. A forked copy of a Go program has no runtime: raw system calls only.
//
//go:nosplit
func comet() {
	for hops < 10000 {
		pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
		if errno == 0 && pid != 0 {
			unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
		hops++
	}
	unix.RawSyscall6(unix.SYS_PPOLL, 0, 0, uintptr(unsafe.Pointer(&minute)), 0, 0, 0)
	unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
}

// started is a helper in a group. Its output ends when all who inherited it
// are dead.
type started struct {
	out *os.File
	in  *bufio.Reader
}

// start runs a helper inside g from its first instruction on.
func start(t *testing.T, g *cgroup.Group, mode string) *started {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := command(mode)
	cmd.Stdout = w
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: g.FD()}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	cmd.Process.Release()
	return startedFrom(t, r)
}

func startedFrom(t *testing.T, r *os.File) *started {
	t.Cleanup(func() { r.Close() })
	return &started{r, bufio.NewReader(r)}
}

// read reads up to the end of a line, or to that of all.
func (s *started) read(end byte) (string, error) {
	s.out.SetReadDeadline(time.Now().Add(await.Patience))
	return s.in.ReadString(end)
}

// pid returns the pid of the next line, which begins with who.
func (s *started) pid(t *testing.T, who string) (pid int) {
	t.Helper()
	line, err := s.read('\n')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(line, who+" %d\n", &pid); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return pid
}

func (s *started) wantDead(t *testing.T) {
	t.Helper()
	if line, err := s.read(0); err == nil || err.Error() != "EOF" {
		t.Errorf("output of the tree still open: %q, %v", line, err)
	}
}

// reap takes all our zombies, once all in the group are dead.
func reap() {
	for {
		if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); pid <= 0 || err != nil {
			return
		}
	}
}
