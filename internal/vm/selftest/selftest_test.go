package selftest

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"relance/internal/need"
)

// eatEnv, when set, makes this binary the one that needs too much memory.
const eatEnv = "RELANCE_TEST_VM_EAT"

func TestMain(m *testing.M) {
	if n, err := strconv.Atoi(os.Getenv(eatEnv)); err == nil {
		eat(n)
		return
	}
	os.Exit(m.Run())
}

// eat touches n MiB.
func eat(n int) {
	all := make([][]byte, n)
	for i := range all {
		all[i] = make([]byte, 1<<20)
		for at := 0; at < len(all[i]); at += os.Getpagesize() {
			all[i][at] = 1
		}
	}
	runtime.KeepAlive(all)
}

func inVM(t *testing.T) {
	t.Helper()
	need.Machine(t, "tests the virtual machine itself")
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRoot(t *testing.T) {
	inVM(t)
	if uid := os.Getuid(); uid != 0 {
		t.Errorf("uid is %d, want 0", uid)
	}
}

// group makes a group under the root and removes it at the end.
func group(t *testing.T, settings map[string]string) string {
	t.Helper()
	dir := filepath.Join("/sys/fs/cgroup", t.Name())
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
	})
	for file, value := range settings {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(value), 0); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// eatIn runs this binary in the group, to touch n MiB.
func eatIn(t *testing.T, dir string, n int) error {
	t.Helper()
	fd, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer fd.Close()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), eatEnv+"="+strconv.Itoa(n))
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(fd.Fd())}
	return cmd.Run()
}

func TestMemoryMaxKills(t *testing.T) {
	inVM(t)
	dir := group(t, map[string]string{"memory.max": "64M", "memory.swap.max": "0"})
	// The control: what fits lives, so it is the limit that kills below.
	if err := eatIn(t, dir, 8); err != nil {
		t.Fatalf("8 MiB under a limit of 64: %v", err)
	}
	if events := read(t, dir+"/memory.events"); !strings.Contains(events, "oom_kill 0\n") {
		t.Fatalf("before the limit was met: %s", events)
	}
	err := eatIn(t, dir, 128)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("128 MiB under a limit of 64: %v, want killed", err)
	}
	if events := read(t, dir+"/memory.events"); !strings.Contains(events, "oom_kill 1\n") {
		t.Errorf("memory.events: %s\nwant oom_kill 1", events)
	}
}

func TestControllers(t *testing.T) {
	inVM(t)
	if os.Getenv("RELANCE_TEST_SYSTEMD") == "1" {
		t.Skip("systemd gives a child of the root what its units ask for")
	}
	dir := group(t, nil)
	have := strings.Fields(read(t, dir+"/cgroup.controllers"))
	for _, want := range []string{"cpu", "io", "memory", "pids"} {
		found := false
		for _, c := range have {
			found = found || c == want
		}
		if !found {
			t.Errorf("controller %s is not given to a child of the root: %v", want, have)
		}
	}
	for _, file := range []string{"cgroup.kill", "cgroup.freeze", "memory.pressure", "memory.high"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Error(err)
		}
	}
}

func TestPressure(t *testing.T) {
	inVM(t)
	for _, what := range []string{"cpu", "io", "memory"} {
		if text := read(t, "/proc/pressure/"+what); !strings.HasPrefix(text, "some avg10=") {
			t.Errorf("/proc/pressure/%s: %q", what, text)
		}
	}
}

func TestDisk(t *testing.T) {
	inVM(t)
	var st syscall.Statfs_t
	if err := syscall.Statfs("/data", &st); err != nil {
		t.Fatal(err)
	}
	const ext4 = 0xef53
	if st.Type != ext4 {
		t.Errorf("/data has file system %#x, want ext4", st.Type)
	}
	f, err := os.CreateTemp("/data", "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(make([]byte, 4<<20)); err != nil {
		t.Error(err)
	}
	if err := f.Sync(); err != nil {
		t.Error(err)
	}
}

func TestSwap(t *testing.T) {
	inVM(t)
	asked := os.Getenv("RELANCE_TEST_VM_SWAP")
	lines := strings.Split(strings.TrimSpace(read(t, "/proc/swaps")), "\n")
	if asked == "" {
		if len(lines) != 1 {
			t.Errorf("swap that nobody asked for: %q", lines)
		}
		return
	}
	want, err := strconv.Atoi(asked)
	if err != nil || len(lines) != 2 {
		t.Fatalf("asked for %q bytes of swap, have %q: %v", asked, lines, err)
	}
	// One page is the header.
	if got, err := strconv.Atoi(strings.Fields(lines[1])[2]); err != nil || got<<10 != want-4096 {
		t.Errorf("swap of %d KiB (%v), want %d bytes and a header", got, err, want)
	}
}

func TestLoopback(t *testing.T) {
	inVM(t)
	for _, addr := range []string{"localhost:0", "127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Error(err)
			continue
		}
		if c, err := net.Dial("tcp", l.Addr().String()); err != nil {
			t.Error(err)
		} else {
			c.Close()
		}
		l.Close()
	}
}

// The working directory is the package's, with its testdata.
func TestTestdata(t *testing.T) {
	inVM(t)
	if got := read(t, "testdata/folder/hello.txt"); got != "hello\n" {
		t.Errorf("testdata/folder/hello.txt: %q", got)
	}
	if dir, err := os.Getwd(); err != nil || !strings.HasSuffix(dir, "/internal/vm/selftest") {
		t.Errorf("working directory is %q (%v)", dir, err)
	}
}

func TestShell(t *testing.T) {
	inVM(t)
	out, err := exec.Command("sh", "-c", "echo $((6 * 7)) | cat").CombinedOutput()
	if err != nil || string(out) != "42\n" {
		t.Errorf("sh: %q, %v", out, err)
	}
}
