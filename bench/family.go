package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// adoptOrphans makes this process the parent of all that its peers leave behind, so that it can end them by pid.
func adoptOrphans() error {
	const setChildSubreaper = 36
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0); errno != 0 {
		return fmt.Errorf("become a subreaper: %w", errno)
	}
	return nil
}

// end stops a peer as its user would, then as the kernel would, and waits for it.
func end(cmd *exec.Cmd) {
	cmd.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(5*time.Second, func() { cmd.Process.Kill() })
	cmd.Wait()
	late.Stop()
}

// endFamily kills and reaps all descendants, also those that are forked meanwhile. Called when no peer is waited for any
// more.
func endFamily() {
	for {
		pids := descendants(os.Getpid())
		if len(pids) == 0 {
			return
		}
		for _, pid := range pids {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != nil || pid <= 0 {
				break
			}
		}
		time.Sleep(time.Millisecond)
	}
}

// A stat is what /proc/PID/stat says of a process.
type stat struct {
	pid, parent int
	comm        string
	state       string
}

// parseStat reads "12 (a name) S 1 ...", where the name may contain anything.
func parseStat(text string) (s stat, err error) {
	open, shut := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || shut < open {
		return s, fmt.Errorf("stat %q: no name", text)
	}
	s.comm = text[open+1 : shut]
	if s.pid, err = strconv.Atoi(strings.TrimSpace(text[:open])); err != nil {
		return s, err
	}
	_, err = fmt.Sscan(text[shut+1:], &s.state, &s.parent)
	return s, err
}

func processes() (all []stat) {
	paths, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // gone
		}
		if s, err := parseStat(string(text)); err == nil {
			all = append(all, s)
		}
	}
	return all
}

// descendants returns the pids below a process, dead ones not reaped included.
func descendants(root int) (pids []int) {
	children := map[int][]int{}
	for _, s := range processes() {
		children[s.parent] = append(children[s.parent], s.pid)
	}
	for next := []int{root}; len(next) > 0; next = next[1:] {
		pids = append(pids, children[next[0]]...)
		next = append(next, children[next[0]]...)
	}
	return pids
}

// commOf returns the name of a process's program.
func commOf(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return strings.TrimSpace(string(text))
}
