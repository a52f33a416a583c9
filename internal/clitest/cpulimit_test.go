package clitest

import (
	"runtime"
	"strconv"
	"syscall"
	"testing"
)

// What works between the ticks of the kernel is charged to who runs at them: the limit is
// enforced while wait4 tells of little more than half of it, and is told from a signal of
// somebody's all the same.
func TestCPULimitBesideDodgers(t *testing.T) {
	t.Parallel()
	dodgers := start(t, misbehave(t), "--life", "2m", "dodge", "--threads", strconv.Itoa(runtime.NumCPU()))
	dodgers.out.want(t, `^ready pid=`)
	limits := map[string]string{"1:5": "XCPU", "1:1": "KILL"}
	all := map[string]*running{}
	for cpu := range limits {
		all[cpu] = start(t, relance(), "--rlimit", "cpu="+cpu, "--restart", "limits", "--min-uptime", "0s", "--", misbehave(t), "spin-cpu")
	}
	for cpu, signal := range limits {
		r := all[cpu]
		r.errs.want(t, `^relance: gen 1: cpu-limit: `+signal+` with 1(\.[0-9])? s of CPU time after .*; relaunching$`)
		r.errs.want(t, `^relance: gen 2: up, pid `)
		r.signal(syscall.SIGTERM)
		<-r.done
	}

	// The clock is the one that the kernel charges.
	const half = `
import os, signal, time
while time.clock_gettime(-8) < 0.5: pass
os.kill(os.getpid(), signal.SIGKILL)
`
	byItself(t, "1:1", python(t), "-c", half)
}

// What the children of the child have used is no reason for its own end.
func TestCPULimitIsItsOwn(t *testing.T) {
	t.Parallel()
	const burn = `sh -c "ulimit -S -t 1; exec misbehave --quiet spin-cpu"; `
	byItself(t, "1:1", "sh", "-c", "PATH="+bin()+":$PATH; "+burn+burn+"kill -KILL $$")
}

// byItself checks that relance ends with a command which somebody kills.
func byItself(t *testing.T, cpu string, command ...string) {
	t.Helper()
	start(t, append([]string{relance(), "--rlimit", "cpu=" + cpu, "--restart", "limits", "--"}, command...)...).wantEnd(128 + 9)
}
