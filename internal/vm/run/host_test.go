package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// These tests boot some ten machines, need QEMU and a filled cache folder, and
// take most of a minute; so they run only when RELANCE_TEST_VM_HOST=1 asks for
// them, and go test ./... stays fast on a machine without QEMU. Asked for, they
// never skip.

// vmrun is the runner, built by hostMain with init beside it.
var vmrun string

// hostMain builds the runner when it will be needed and runs the tests.
func hostMain(m *testing.M) int {
	if os.Getenv("RELANCE_TEST_VM_HOST") != "1" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "vmrun-test-")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command("go", "build", "-o", dir, "relance/internal/vm/run", "relance/internal/vm/init")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Printf("%v: %v\n%s", cmd, err, out)
		return 1
	}
	vmrun = filepath.Join(dir, "run")
	return m.Run()
}

// onHost skips what boots machines, unless it is asked for.
func onHost(t *testing.T) {
	t.Helper()
	if vmrun == "" {
		t.Skip("boots a machine: set RELANCE_TEST_VM_HOST=1")
	}
}

// machineFor returns the command that runs this binary in a machine, in a role.
func machineFor(t *testing.T, role string, flags ...string) *exec.Cmd {
	t.Helper()
	onHost(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(vmrun, append(append([]string{"-timeout", "2m"}, flags...), self)...)
	// A runner that is killed cannot remove its temporary folder.
	cmd.Env = append(os.Environ(), roleEnv+"="+role, "TMPDIR="+t.TempDir())
	return cmd
}

// ended runs the command and returns its output and exit status.
func ended(t *testing.T, cmd *exec.Cmd) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	var exit *exec.ExitError
	if e := cmd.Run(); e != nil && !errors.As(e, &exit) {
		t.Fatal(e)
	}
	return cmd.ProcessState.ExitCode(), out.String(), err.String()
}

func TestHostStatus(t *testing.T) {
	for _, c := range []struct {
		role   string
		flags  []string
		code   int
		stdout string
		stderr []string // each must be in it; none: it must be empty
	}{
		{"exit0", nil, 0, "", nil},
		{"exit7", nil, 7, "", nil},
		{"killed", nil, 137, "", []string{"killed by signal 9 (killed)"}},
		{"orphan", nil, 4, "left an orphan\n", nil},
		{"panic", nil, 125, "", []string{"ended without a status", "Kernel panic - not syncing: sysrq triggered crash"}},
		{"hang", []string{"-timeout", "30s"}, 124, "ready\n", []string{"killed after 30s", "had not ended"}},
		{"exit0", []string{"-pid1", "/bin/false"}, 125, "", []string{"ended without a status", "Attempted to kill init"}},
		{"exit0", []string{"-pid1", "/bin/nothing"}, 125, "", []string{"vm init: error: exec /bin/nothing: no such file"}},
		{"exit7", []string{"-systemd"}, 7, "", nil},
		{"killed", []string{"-systemd"}, 137, "", []string{"killed by signal 9 (killed)"}},
		{"exit0", []string{"-systemd", "-boot", "systemd.unit=emergency.target"}, 125, "", []string{"ended without a status", "Power down"}},
		{"exit0", []string{"-disk", "/dev/null=/mnt"}, 125, "", []string{"vm init: error: mount /dev/vd"}},
	} {
		t.Run(c.role+strings.Join(c.flags, " "), func(t *testing.T) {
			code, stdout, stderr := ended(t, machineFor(t, c.role, c.flags...))
			if code != c.code || stdout != c.stdout {
				t.Errorf("status %d, stdout %q; want %d, %q", code, stdout, c.code, c.stdout)
			}
			for _, want := range c.stderr {
				if !strings.Contains(stderr, want) {
					t.Errorf("not in stderr: %q", want)
				}
			}
			if t.Failed() || c.stderr == nil && stderr != "" {
				t.Errorf("stderr:\n%s", stderr)
			}
		})
	}
}

// Every byte arrives, in its own stream, and nothing of the kernel's.
func TestHostOutputUnharmed(t *testing.T) {
	code, stdout, stderr := ended(t, machineFor(t, "noise"))
	if code != 3 {
		t.Errorf("status %d, want 3", code)
	}
	if want := string(bytes.Repeat(noise('o'), 8)) + "last words"; stdout != want {
		t.Errorf("stdout has %d bytes, want %d, or differs", len(stdout), len(want))
	}
	if want := string(bytes.Repeat(noise('e'), 8)); stderr != want {
		t.Errorf("stderr has %d bytes, want %d, or differs", len(stderr), len(want))
	}
}

func TestHostPID1(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := guestBinary(self) + " " + supervise
	code, stdout, stderr := ended(t, machineFor(t, "parent", "-pid1", program))
	want := fmt.Sprintf("PID 1 is %q <nil>; parent \"1\" <nil>; FROM_PID1=yes\n", program+" /init report ")
	if code != 9 || stdout != want {
		t.Errorf("status %d, stdout %q; want 9, %q", code, stdout, want)
	}
	if want := "pid 1 supervises /init\n"; stderr != want {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
}

func TestHostFiles(t *testing.T) {
	for _, system := range [][]string{nil, {"-systemd"}} {
		t.Run(strings.Join(system, ""), func(t *testing.T) { bringBack(t, system...) })
	}
}

func bringBack(t *testing.T, flags ...string) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x"), []byte("brought"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := ended(t, machineFor(t, "files", append(flags, "-add", dir+"=/opt/added",
		"-back", "/run/one="+dir+"/one", "-back", "/run/folder="+dir+"/folder", "-back", "/run/none="+dir+"/none")...))
	if code != 125 || !strings.Contains(stderr, "/run/none is not there") {
		t.Errorf("status %d, stderr %q; want 125 and the missing file named", code, stderr)
	}
	if stdout != "added: brought <nil>\n" {
		t.Errorf("stdout %q", stdout)
	}
	for name, want := range map[string]string{"one": "one", "folder/a/b": "deep", "folder/c": "flat"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
}

// An image given with -disk is mounted where it was asked for, and stays as it
// was: the second machine sees what the first saw.
func TestHostDisk(t *testing.T) {
	onHost(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x"), []byte("on the image"), 0o644); err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(t.TempDir(), "a,b.img") // a comma is special to QEMU
	if out, err := exec.Command("mkfs.ext4", "-q", "-d", dir, image, "16M").CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v\n%s", err, out)
	}
	for range 2 {
		code, stdout, stderr := ended(t, machineFor(t, "disk", "-disk", image+"=/mnt/image"))
		if want := "/mnt/image has [lost+found x], /data has [lost+found]\n"; code != 0 || stdout != want {
			t.Errorf("status %d, stdout %q, stderr %q; want 0, %q", code, stdout, stderr, want)
		}
	}
}

// A runner that is stopped, even one that is killed, takes its machine with it.
func TestHostStopped(t *testing.T) {
	for _, c := range []struct {
		sig  syscall.Signal
		code int
		said string
	}{
		{syscall.SIGTERM, 125, "vmrun: error: the machine was killed: terminated"},
		{syscall.SIGKILL, -1, ""},
	} {
		t.Run(c.sig.String(), func(t *testing.T) {
			cmd := machineFor(t, "hang")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
				t.Fatalf("said %q, %v", line, err)
			}
			machine := childOf(t, cmd.Process.Pid)
			if err := cmd.Process.Signal(c.sig); err != nil {
				t.Fatal(err)
			}
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != c.code || !strings.HasPrefix(stderr.String(), c.said) {
				t.Errorf("status %d, stderr %q; want %d, %q", code, &stderr, c.code, c.said)
			}
			const patience = 10_000 // ms
			if n, err := unix.Poll([]unix.PollFd{{Fd: int32(machine), Events: unix.POLLIN}}, patience); n != 1 {
				t.Errorf("the machine lives on: %v", err)
			}
		})
	}
}

// childOf returns a pidfd of the one child of pid: it becomes readable when the
// child ends.
func childOf(t *testing.T, pid int) int {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	var children []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		children = append(children, strings.Fields(string(text))...)
	}
	if len(children) != 1 {
		t.Fatalf("pid %d has the children %v, want one", pid, children)
	}
	child, err := strconv.Atoi(children[0])
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.PidfdOpen(child, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// The way people use it, with a profile that go test reads afterwards.
func TestHostGoTest(t *testing.T) {
	onHost(t)
	profile := filepath.Join(t.TempDir(), "cover.out")
	cmd := exec.Command("go", "test", "-count=1", "-exec", vmrun+" -swap 64M", "-coverpkg", "relance/internal/vm/...",
		"-coverprofile", profile, "-timeout", "2m", "relance/internal/vm/selftest")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "RELANCE_TEST_VM_REQUIRED=1")
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	t.Logf("go test took %v", time.Since(start).Round(time.Millisecond))
	if text, err := os.ReadFile(profile); err != nil || !strings.HasPrefix(string(text), "mode: ") {
		t.Errorf("cover profile: %.60q, %v", text, err)
	}
}
