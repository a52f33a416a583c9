package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The programs that the tests of host_test.go run in a machine are this test
// binary in another role. roleEnv names the role; supervise is the word that
// makes it a PID 1.
const (
	roleEnv   = "RELANCE_TEST_VMRUN_ROLE"
	supervise = "supervise"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == supervise {
		os.Exit(superviseChild(os.Args[2:]))
	}
	if role := os.Getenv(roleEnv); role != "" {
		os.Exit(act(role))
	}
	os.Exit(hostMain(m))
}

// superviseChild is a small PID 1: it runs a command and ends as it ended.
func superviseChild(argv []string) int {
	fmt.Fprintf(os.Stderr, "pid %d supervises %s\n", os.Getpid(), argv[0])
	p, err := os.StartProcess(argv[0], argv, &os.ProcAttr{
		Env:   append(os.Environ(), "FROM_PID1=yes"),
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for {
		var ws syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &ws, 0, nil)
		if err == nil && pid == p.Pid {
			return ws.ExitStatus()
		}
	}
}

// noise is a megabyte with every byte in it; the streams differ by its first.
func noise(first byte) []byte {
	b := make([]byte, 1<<20)
	for i := range b {
		b[i] = byte(i*7+i>>8) + first
	}
	return b
}

// act is what the test binary does in a machine. Its result is the exit code.
func act(role string) int {
	switch role {
	case "exit0":
		return 0
	case "exit7":
		return 7
	case "killed":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "panic":
		// Nothing is printed: what is in init's pipes at this moment dies too.
		if err := os.WriteFile("/proc/sysrq-trigger", []byte("c"), 0); err != nil {
			fmt.Println(err)
		}
	case "hang":
		fmt.Println("ready")
		for {
			syscall.Pause()
		}
	case "noise":
		for range 8 {
			os.Stdout.Write(noise('o'))
			os.Stderr.Write(noise('e'))
		}
		// Printed at the loudest level, to be on the console and nowhere else.
		if err := os.WriteFile("/dev/kmsg", []byte("<0>the kernel speaks"), 0); err != nil {
			return 1
		}
		os.Stdout.Write([]byte("last words"))
		return 3
	case "orphan":
		// It keeps our standard output open and never ends.
		if _, err := os.StartProcess("/bin/sleep", []string{"sleep", "1000000"}, &os.ProcAttr{
			Files: []*os.File{nil, os.Stdout, os.Stderr},
		}); err != nil {
			fmt.Println(err)
		}
		fmt.Println("left an orphan")
		return 4
	case "files":
		return writeFiles()
	case "disk":
		fmt.Printf("/mnt/image has %v, /data has %v\n", namesIn("/mnt/image"), namesIn("/data"))
		for _, dir := range []string{"/mnt/image", "/data"} {
			if err := os.WriteFile(dir+"/new", []byte("x"), 0o644); err != nil {
				fmt.Println(err)
			}
		}
		syscall.Sync()
		return 0
	case "parent":
		cmdline, err := os.ReadFile("/proc/1/cmdline")
		stat, err2 := os.ReadFile(fmt.Sprintf("/proc/%d/stat", os.Getppid()))
		fmt.Printf("PID 1 is %q %v; parent %q %v; FROM_PID1=%s\n",
			strings.ReplaceAll(string(cmdline), "\x00", " "), err,
			bytes.SplitN(stat, []byte(" "), 5)[3], err2, os.Getenv("FROM_PID1"))
		return 9
	}
	return 99
}

func namesIn(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return []string{err.Error()}
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// writeFiles makes what TestHostFiles brings back.
func writeFiles() int {
	for name, content := range map[string]string{
		"/run/one": "one", "/run/folder/a/b": "deep", "/run/folder/c": "flat",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return 1
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			return 1
		}
	}
	added, err := os.ReadFile("/opt/added/x")
	fmt.Printf("added: %s %v\n", added, err)
	return 0
}
