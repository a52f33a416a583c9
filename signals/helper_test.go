package signals

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/await"
)

// helperEnv makes the test binary be the program of worker.
const helperEnv = "RELANCE_SIGNALS_HELPER"

// came is what the one source of this process tells.
var came = make(chan Signal)

func TestMain(m *testing.M) {
	if mode := os.Getenv(helperEnv); mode != "" {
		// Whatever a test forgets ends by itself.
		time.AfterFunc(5*await.Patience, func() { os.Exit(3) })
		worker(mode)
	}
	s, err := Open()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go s.Run(came)
	os.Exit(m.Run())
}

// next returns the next signal that is not of a helper's end; none where it does not come.
func next() Signal {
	for late := time.After(await.Patience); ; {
		select {
		case s := <-came:
			if s.Number != unix.SIGCHLD || !s.FromKernel {
				return s
			}
		case <-late:
			return Signal{}
		}
	}
}

// worker does as its input says, one word a line: spin in another thread, execute
// itself again and then spin.
func worker(mode string) {
	if mode == "again" {
		fmt.Println("again")
		spin()
		select {} // until it is killed
	}
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch in.Text() {
		case "spin":
			go spin()
		case "exec":
			os.Setenv(helperEnv, "again")
			fmt.Println(syscall.Exec("/proc/self/exe", os.Args, os.Environ()))
		}
	}
	os.Exit(0)
}

// enough is how much CPU time a worker uses at most: more than any timer is asked for, and
// a timer that comes later than that never comes.
const enough = 2 * time.Second

func spin() {
	var used unix.Timespec
	for time.Duration(used.Nano()) < enough {
		for n := 0; n < 1<<20; n++ { // the work
		}
		if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &used); err != nil {
			panic(err)
		}
	}
}

// process is a worker.
type process struct {
	*exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

func start(t *testing.T) *process {
	t.Helper()
	p := &process{Cmd: exec.Command("/proc/self/exe")}
	p.Env = append(os.Environ(), helperEnv+"=worker", "GOMAXPROCS=4")
	p.Stderr = os.Stderr
	in, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.end)
	p.in, p.out = in, bufio.NewReader(out)
	p.want(t, "ready")
	return p
}

func (p *process) tell(t *testing.T, word string) {
	t.Helper()
	if _, err := fmt.Fprintln(p.in, word); err != nil {
		t.Fatal(err)
	}
}

func (p *process) want(t *testing.T, line string) {
	t.Helper()
	if got, err := p.out.ReadString('\n'); strings.TrimSpace(got) != line {
		t.Fatalf("the worker says %q, want %q; %v", got, line, err)
	}
}

// end kills and reaps it; a second time it does nothing.
func (p *process) end() {
	p.Process.Kill()
	p.Wait()
}

// used is what its clock says.
func (p *process) used(t *testing.T) time.Duration {
	t.Helper()
	clock, err := ProcessClock(p.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	var ts unix.Timespec
	if err := unix.ClockGettime(clock, &ts); err != nil {
		t.Fatal(err)
	}
	return time.Duration(ts.Nano())
}
