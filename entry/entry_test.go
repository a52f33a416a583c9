package entry_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/bits"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// giveWord is the first argument of this test binary when it is to set what the
// second one says and become the command of the rest.
const giveWord = "relance-test-give"

// given is what is set before the program under test starts.
type given struct {
	Blocked, Ignored uint64
	Close            []int
	NoFile           unix.Rlimit
}

func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == giveWord {
		fmt.Fprintln(os.Stderr, give(os.Args[2], os.Args[3]))
		os.Exit(99)
	}
	os.Exit(m.Run())
}

// give sets what text says, and execs program, which writes to descriptor 3 what
// it was given: 1 may be closed.
func give(text, program string) error {
	var g given
	if err := json.Unmarshal([]byte(text), &g); err != nil {
		return err
	}
	path, err := unix.BytePtrFromString(program)
	if err != nil {
		return err
	}
	argv := []*byte{path, nil}
	// The mask is the thread's, and execve(2) keeps that of the caller. From here
	// on nothing of the runtime may be needed.
	runtime.LockOSThread()
	for sig := 1; sig <= 64; sig++ {
		action := [4]uint64{}
		if g.Ignored&(1<<(sig-1)) != 0 {
			action[0] = 1 // SIG_IGN
		}
		// KILL and STOP are refused.
		unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
	}
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&g.Blocked)), 0, 8, 0, 0)
	unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, uintptr(unsafe.Pointer(&g.NoFile)), 0, 0, 0)
	for _, fd := range g.Close {
		unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
	}
	_, _, errno := unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&argv[1])))
	return errno
}

// Both ways to be there before the runtime write down the same.
func TestRecord(t *testing.T) {
	for _, cgo := range []string{"0", "1"} {
		t.Run("cgo"+cgo, func(t *testing.T) {
			program := build(t, cgo)
			for _, g := range cases() {
				if got, want := record(t, program, g), g.String(); got != want {
					t.Errorf("got  %swant %s", got, want)
				}
			}
		})
	}
}

func cases() []given {
	few := unix.Rlimit{Cur: 50, Max: 100}
	all := []given{
		{NoFile: few},
		{NoFile: unix.Rlimit{Cur: 100, Max: 100}},
		{NoFile: few, Blocked: ^uint64(0)},
		{NoFile: few, Ignored: ^uint64(0)},
		{NoFile: few, Blocked: ^uint64(0), Ignored: ^uint64(0), Close: []int{0, 1, 2}},
		{NoFile: few, Blocked: 1<<14 | 1<<63, Ignored: 1<<0 | 1<<1 | 1<<33},
	}
	for closed := range 8 {
		g := given{NoFile: few}
		for fd := range 3 {
			if closed&(1<<fd) != 0 {
				g.Close = append(g.Close, fd)
			}
		}
		all = append(all, g)
	}
	for sig := range 64 {
		all = append(all,
			given{NoFile: few, Blocked: 1 << sig},
			given{NoFile: few, Ignored: 1 << sig, Blocked: bits.RotateLeft64(1, sig+1)})
	}
	return all
}

// String is what internal/given prints of g.
func (g given) String() string {
	const kill, stop = 1 << (unix.SIGKILL - 1), 1 << (unix.SIGSTOP - 1)
	var closed [3]bool
	for _, fd := range g.Close {
		closed[fd] = true
	}
	// KILL and STOP can be neither blocked nor ignored.
	return fmt.Sprintf("blocked=%016x ignored=%016x closed=%v nofile=%d:%d\n",
		g.Blocked&^(kill|stop), g.Ignored&^(kill|stop), closed, g.NoFile.Cur, g.NoFile.Max)
}

// record runs the program with all of g and returns what it prints.
func record(t *testing.T, program string, g given) string {
	t.Helper()
	text, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command(self, giveWord, string(text), program)
	cmd.ExtraFiles = []*os.File{w}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%+v: %v\n%s", g, err, out)
	}
	w.Close()
	var said bytes.Buffer
	if _, err := said.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	return said.String()
}

func build(t *testing.T, cgo string) string {
	t.Helper()
	// The test cache keeps a result until a file changes that package os has
	// looked at; what the compiler looks at it does not see.
	sources, err := filepath.Glob("entry*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(sources, "../internal/given/main.go") {
		if _, err := os.Stat(name); err != nil {
			t.Fatal(err)
		}
	}
	if cgo == "1" {
		need.Program(t, "gcc", "gcc")
	}
	path := filepath.Join(t.TempDir(), "given")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", path, "relance/internal/given")
	cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}
