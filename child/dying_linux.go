package child

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// Dying reports whether a process is on its way out: killed and not yet dead, or
// dead. A large one takes a while to give its memory back. One that cannot be
// seen is gone.
func Dying(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil || isExiting(stat) {
		return true
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return err != nil || isKilled(status)
}

// isExiting takes /proc/PID/stat: the state is its third field, the flags of the
// kernel are the ninth (proc_pid_stat(5)).
func isExiting(stat []byte) bool {
	const pfExiting = 0x4
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 7 {
		return false
	}
	flags, err := strconv.ParseUint(string(fields[6]), 10, 64)
	state := string(fields[0])
	return state == "Z" || state == "X" || err == nil && flags&pfExiting != 0
}

// isKilled takes /proc/PID/status: whether KILL is among the signals that wait for
// the thread or the process (proc_pid_status(5)).
func isKilled(status []byte) bool {
	const kill = 1 << (9 - 1)
	for line := range bytes.Lines(status) {
		for _, name := range []string{"SigPnd:", "ShdPnd:"} {
			if value, ok := bytes.CutPrefix(line, []byte(name)); ok {
				set, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 16, 64)
				if err == nil && set&kill != 0 {
					return true
				}
			}
		}
	}
	return false
}
