package ptytest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"relance/internal/await"
)

// process is what /proc/PID/stat says of one.
type process struct {
	pid, ppid, group, session int
	// foreground is the process group that its terminal belongs to.
	foreground int
	name       string
	// state is R, S, T, Z … (proc_pid_stat(5)).
	state string
}

func (p process) String() string {
	return fmt.Sprintf("%s pid=%d ppid=%d pgid=%d sid=%d tpgid=%d %s", p.name, p.pid, p.ppid, p.group, p.session, p.foreground, p.state)
}

// look returns what is known of a process, and false if it is gone.
func look(pid int) (process, bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, false
	}
	// The name stands in parentheses and may hold anything.
	open, end := strings.IndexByte(string(stat), '('), strings.LastIndexByte(string(stat), ')')
	fields := strings.Fields(string(stat[end+1:]))
	number := func(i int) int { n, _ := strconv.Atoi(fields[i]); return n }
	return process{
		pid: pid, name: string(stat[open+1 : end]), state: fields[0],
		ppid: number(1), group: number(2), session: number(3), foreground: number(5),
	}, true
}

// must returns what is known of a process that must be there.
func must(t *testing.T, pid int) process {
	t.Helper()
	p, ok := look(pid)
	if !ok {
		t.Fatalf("no process %d", pid)
	}
	return p
}

// session lists the living processes of a session.
func session(leader int) []process {
	folders, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var found []process
	for _, folder := range folders {
		pid, err := strconv.Atoi(folder.Name())
		if err != nil {
			continue
		}
		if p, ok := look(pid); ok && p.session == leader && p.state != "Z" && p.state != "X" {
			found = append(found, p)
		}
	}
	return found
}

// eventually waits for a fact that nobody tells of: only /proc knows it.
func eventually(t *testing.T, what string, fact func() (bool, string)) {
	t.Helper()
	await.Fact(t, what, fact)
}

// reaches waits until a process is in one of the states given.
func reaches(t *testing.T, pid int, states string) {
	t.Helper()
	eventually(t, "in state "+states, func() (bool, string) {
		p, ok := look(pid)
		return ok && strings.Contains(states, p.state), p.String()
	})
}

// foreground waits until the terminal belongs to the process group of pid, and
// the process is not stopped: then it gets the keys.
func foreground(t *testing.T, pid int) {
	t.Helper()
	eventually(t, "in the foreground", func() (bool, string) {
		p, ok := look(pid)
		return ok && p.foreground == p.group && p.state != "T", p.String()
	})
}

// gone waits until a process has ended. bash may take its time
// to reap it: until the next command, such as wait.
func gone(t *testing.T, pid int) {
	t.Helper()
	eventually(t, "gone", func() (bool, string) {
		p, ok := look(pid)
		return !ok || p.state == "Z", p.String()
	})
}
