// Vmrun boots a virtual machine and runs a test binary in it, for go test
// -exec: the same test that runs natively as root on a machine with cgroup2
// runs anywhere QEMU does. It ends with the status of the test binary; 124 when
// time was up, 125 when the machine failed, 128+n when signal n killed the
// binary.
//
// It must not touch the host beyond a temporary folder and the files it is
// asked to bring back. Each run has a kernel of its own and leaves nothing.
//
// Build it together with the guest's init, into one folder:
//
//	go run ./internal/vm/fetch
//	CGO_ENABLED=0 go build -o bin/vm/ ./internal/vm/...
//	CGO_ENABLED=0 go test -exec "$PWD/bin/vm/run" ./internal/vm/selftest
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"relance/internal/vm/wire"
)

const program = "qemu-system-x86_64"

// The statuses that are not the test binary's.
const (
	codeTimeout = 124
	codeOurs    = 125
)

// hint is an error with its cure.
type hint struct {
	error
	cure string
}

func hinted(err error, cure string) error { return hint{err, cure} }

func (h hint) Unwrap() error { return h.error }

func main() {
	// QEMU is started from this thread and must not outlive it (see qemu).
	runtime.LockOSThread()
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "vmrun: error:", err)
		var h hint
		if errors.As(err, &h) {
			fmt.Fprintln(os.Stderr, "vmrun: hint:", h.cure)
		}
	}
	os.Exit(code)
}

func run(args []string) (int, error) {
	o, err := parseFlags(args, os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0, nil
	}
	if err == nil {
		err = o.check()
	}
	if err != nil {
		return codeOurs, err
	}
	folder, err := os.MkdirTemp("", "vmrun-")
	if err != nil {
		return codeOurs, err
	}
	defer os.RemoveAll(folder)
	m, err := prepare(o, folder)
	if err != nil {
		return codeOurs, fmt.Errorf("prepare the machine: %w", err)
	}
	return boot(o, m)
}

// check fills in what was not given and says early what is missing.
func (o *options) check() error {
	if o.cache == "" {
		dir, err := os.Getwd()
		if err != nil {
			return err
		}
		o.cache = filepath.Join(moduleRoot(dir), "cache", "vm")
	}
	if err := executable(o.command[0], o.add); err != nil {
		return err
	}
	const cure = "run: go run ./internal/vm/fetch"
	if _, err := exec.LookPath(program); err != nil {
		return hinted(err, cure)
	}
	if _, err := os.Stat(filepath.Join(o.cache, "vmlinuz")); err != nil {
		return hinted(fmt.Errorf("find the kernel: %w", err), cure)
	}
	if o.systemd {
		if _, err := os.Stat(filepath.Join(o.cache, wire.SystemImage)); err != nil {
			return hinted(fmt.Errorf("find the disk with systemd: %w", err), cure+" (as root)")
		}
	}
	if o.timeout == 0 {
		o.timeout = timeoutOf(o.command[1:])
	}
	return nil
}

// errTimeout is why a machine is killed when time is up.
var errTimeout = errors.New("time is up")

// boot runs the machine to its end.
func boot(o options, m machine) (int, error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer stop()
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.timeout, errTimeout)
		defer cancel()
	}
	result, resultEnd, err := port("result")
	if err != nil {
		return codeOurs, err
	}
	pid1, pid1End, err := port("pid1")
	if err != nil {
		return codeOurs, err
	}
	var complaints strings.Builder
	cmd := qemu(ctx, o, m, resultEnd, pid1End)
	cmd.Stdout, cmd.Stderr = &complaints, &complaints
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return codeOurs, err
	}
	resultEnd.Close()
	pid1End.Close()
	pid1Done := make(chan struct{})
	go func() {
		io.Copy(os.Stderr, pid1) // its end is QEMU's
		close(pid1Done)
	}()
	status, err := receive(result, m.backs, os.Stdout, os.Stderr)
	if !errors.Is(err, errNoStatus) {
		cmd.Process.Kill() // as agreed in wire.Status
	}
	waitErr := cmd.Wait()
	<-pid1Done
	if o.verbose {
		fmt.Fprintf(os.Stderr, "vmrun: the machine lived %v\n", time.Since(start).Round(time.Millisecond))
	}
	switch {
	case err == nil:
		return judge(status)
	case errors.Is(err, errFiles):
		code, statusErr := judge(status)
		if code == 0 {
			code = codeOurs
		}
		return code, errors.Join(statusErr, err)
	}
	return m.explain(ctx, o, err, waitErr, complaints.String())
}

// judge turns the status of the test binary into ours.
func judge(s wire.Status) (int, error) {
	switch {
	case s.Problem != "":
		return codeOurs, fmt.Errorf("in the machine: %s", s.Problem)
	case s.Signal != 0:
		sig := syscall.Signal(s.Signal)
		return 128 + s.Signal, fmt.Errorf("the test binary was killed by signal %d (%v)", s.Signal, sig)
	}
	return s.Exit, nil
}

// explain says why there is no status.
func (m *machine) explain(ctx context.Context, o options, err, waitErr error, complaints string) (int, error) {
	code := codeOurs
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errTimeout):
		code = codeTimeout
		err = fmt.Errorf("the machine was killed after %v: the test binary had not ended", o.timeout)
	case cause != nil:
		err = fmt.Errorf("the machine was killed: %w", cause)
	case waitErr != nil && errors.Is(err, errNoStatus):
		err = fmt.Errorf("%w: %s: %w: %s", err, program, waitErr, strings.TrimSpace(complaints))
	}
	text, readErr := os.ReadFile(m.console())
	if readErr != nil {
		return code, errors.Join(err, readErr)
	}
	if tail := lastLines(string(text), 20); tail != "" {
		err = fmt.Errorf("%w; the last lines of its console:\n%s", err, tail)
	}
	return code, err
}

// lastLines returns the last n lines, indented, without what only a terminal
// understands. When the kernel panicked it starts near the line that says why,
// however long the trace behind it.
func lastLines(text string, n int) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
	lines := strings.FieldsFunc(clean, func(r rune) bool { return r == '\n' })
	if len(lines) == 0 {
		return ""
	}
	from := max(0, len(lines)-n)
	for i, line := range lines {
		if strings.Contains(line, "Kernel panic") {
			from = min(from, max(0, i-n/4))
			break
		}
	}
	return "\t" + strings.Join(lines[from:min(from+n, len(lines))], "\n\t")
}
