package clitest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// roleWord is the first argument of this test binary when it is started as one
// of the processes of a test.
const roleWord = "relance-test-role"

// role is one of those processes; it returns the exit status.
func role(words []string) int {
	var err error
	switch words[0] {
	case "give":
		err = give(words[1])
	case "first":
		err = first(words[1], words[2:])
	case "refuse":
		err = refuse(words[1], words[2:])
	case "careless-parent":
		err = carelessParent(words[1:])
	case "activated":
		err = activated()
	case "tells-systemd":
		err = tellsSystemd()
	default:
		err = fmt.Errorf("no role %q", words)
	}
	fmt.Fprintln(os.Stderr, "role:", err)
	return 98
}

// given is what a process can be given that os/exec cannot give.
type given struct {
	Blocked, Ignored uint64
	// Umask and NoFile are set when they are not zero.
	Umask  int
	NoFile *syscall.Rlimit
	Close  []int
	// Argv and Env are bytes, which need not be UTF-8.
	Path      string
	Argv, Env [][]byte
}

// words are those with which this binary becomes the command with all of g.
func (g given) words() []string {
	text, err := json.Marshal(g)
	if err != nil {
		panic(err)
	}
	return []string{self(), roleWord, "give", string(text)}
}

func self() string {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return path
}

func bytesOf(words []string) [][]byte {
	all := [][]byte{}
	for _, w := range words {
		all = append(all, []byte(w))
	}
	return all
}

func wordsOf(all [][]byte) []string {
	var words []string
	for _, b := range all {
		words = append(words, string(b))
	}
	return words
}

// give sets what it is told and execs.
func give(text string) error {
	var g given
	if err := json.Unmarshal([]byte(text), &g); err != nil {
		return err
	}
	path, err := syscall.BytePtrFromString(g.Path)
	if err != nil {
		return err
	}
	argv, err := syscall.SlicePtrFromStrings(wordsOf(g.Argv))
	if err != nil {
		return err
	}
	env, err := syscall.SlicePtrFromStrings(wordsOf(g.Env))
	if err != nil {
		return err
	}
	// The mask is the thread's, and execve(2) keeps that of the caller.
	runtime.LockOSThread()
	if g.Umask != 0 {
		syscall.Umask(g.Umask)
	}
	for sig := 1; sig <= 64; sig++ {
		if sig == int(unix.SIGKILL) || sig == int(unix.SIGSTOP) {
			continue
		}
		action := [4]uint64{}
		if g.Ignored&(1<<(sig-1)) != 0 {
			action[0] = 1 // SIG_IGN
		}
		unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
	}
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&g.Blocked)), 0, 8, 0, 0)
	// Go has raised the soft limit of this process.
	if g.NoFile != nil {
		unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, uintptr(unsafe.Pointer(g.NoFile)), 0, 0, 0)
	}
	for _, fd := range g.Close {
		unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
	}
	_, _, errno := unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(path)),
		uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&env[0])))
	return errno
}

// carelessParent adopts the orphans of its child, as relance does, and never
// reaps one: what a test of reaping must be able to tell apart.
func carelessParent(words []string) error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}

// first is PID 1 of a new pid namespace, in a mount namespace of its own: it
// becomes the command, with the folder as its root. If that has a folder proc,
// the namespace's own is mounted there.
func first(folder string, words []string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	proc := filepath.Join(folder, "proc")
	if _, err := os.Stat(proc); err == nil {
		if err := unix.Mount("proc", proc, "proc", 0, ""); err != nil {
			return fmt.Errorf("mount %s: %w", proc, err)
		}
	}
	if err := syscall.Chroot(folder); err != nil {
		return fmt.Errorf("chroot to %s: %w", folder, err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	return syscall.Exec(words[0], words, []string{"PATH=/bin:/usr/bin"})
}
