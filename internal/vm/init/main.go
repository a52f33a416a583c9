// Init is the first program of the virtual machine that runs a test binary. It
// makes a bare kernel look like a machine (mounts, modules, disks, swap,
// loopback), runs the test binary, reaps, and reports over a virtio port.
//
// It lives in three roles. As PID 1 it sets the machine up; then it either runs
// the test binary itself, or becomes the program that the test wants as PID 1,
// with "init report" as that program's command. In that second role it runs the
// test binary, reports, and powers the machine off: PID 1 cannot report its own
// end, for the kernel panics when it leaves, so its child does it. On a disk with
// a system it becomes that system's init, which runs "init agent" as a service:
// the second role, with what the runner said in place of what PID 1 hands down.
//
// Whatever goes wrong before the port is open goes to the console, which the
// runner shows when a machine dies without a status.
package main

import (
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"relance/internal/vm/wire"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "vm init: error:", err)
	}
	// The machine has no other end: exiting as PID 1 would panic the kernel
	// and hide the message above under a stack trace.
	unix.Sync()
	err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	fmt.Fprintln(os.Stderr, "vm init: error: power off:", err)
	os.Exit(1)
}

func run() error {
	f, err := os.Open(wire.ConfigFile)
	if err != nil {
		return err
	}
	cfg, err := wire.ReadConfig(f)
	f.Close()
	if err != nil {
		return err
	}
	if len(os.Args) > 1 {
		if os.Args[1] == wire.ReportWord {
			// The test is to see what PID 1 hands to its child.
			cfg.Env, cfg.Dir = os.Environ(), ""
		}
		return report(cfg)
	}
	if pid := os.Getpid(); pid != 1 {
		return fmt.Errorf("pid is %d, not 1: this program belongs in a virtual machine", pid)
	}
	if hasSystem(cfg) {
		return becomeSystem(cfg)
	}
	if err := setUp(cfg); err != nil {
		return err
	}
	if len(cfg.PID1) > 0 {
		return become(cfg)
	}
	return report(cfg)
}

// setUp leaves a machine on which a test can run.
func setUp(cfg wire.Config) error {
	// The kernel starts PID 1 in session 0; containers and systemd make it 1,
	// and programs take a process group of 0 for a mistake.
	if _, err := unix.Setsid(); err != nil {
		return fmt.Errorf("start session: %w", err)
	}
	if err := leaveFirstRoot(); err != nil {
		return err
	}
	if err := mountAll(); err != nil {
		return err
	}
	if err := attachDisks(cfg, "/"); err != nil {
		return err
	}
	if err := enableControllers(); err != nil {
		return err
	}
	if err := loopbackUp(); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte("vm")); err != nil {
		return fmt.Errorf("set host name: %w", err)
	}
	return nil
}

// become replaces init by the program that the test wants as PID 1. Its output
// goes to a port of its own, unframed: a program that does not know us can
// write nothing else.
func become(cfg wire.Config) error {
	port, err := openPort(wire.PID1Port)
	if err != nil {
		return err
	}
	// Until here standard input is the console, which is a terminal.
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	for fd, f := range []*os.File{null, port, port} {
		if err := unix.Dup2(int(f.Fd()), fd); err != nil {
			return fmt.Errorf("dup %s to %d: %w", f.Name(), fd, err)
		}
	}
	argv := slices.Concat(cfg.PID1, []string{"/init", wire.ReportWord})
	if err := os.Chdir(cfg.Dir); err != nil {
		return err
	}
	return fmt.Errorf("exec %s: %w", argv[0], unix.Exec(argv[0], argv, cfg.Env))
}
