package entry

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Forget takes the values of variables out of what the kernel shows of our environment
// (/proc/PID/environ), which all may read who run as the same user, the command too.
// What Go has read of them stays as it is.
func Forget(names ...string) error {
	environ, err := os.ReadFile("/proc/self/environ")
	if err != nil {
		return err
	}
	var mem *os.File
	for at := 0; at < len(environ); {
		entry, _, _ := bytes.Cut(environ[at:], []byte{0})
		for _, name := range names {
			if !bytes.HasPrefix(entry, []byte(name+"=")) {
				continue
			}
			if mem == nil {
				if mem, err = os.OpenFile("/proc/self/mem", os.O_WRONLY, 0); err != nil {
					return err
				}
				defer mem.Close()
			}
			start, err := environStart()
			if err != nil {
				return err
			}
			value := len(name) + 1
			if _, err := mem.WriteAt(make([]byte, len(entry)-value), start+int64(at+value)); err != nil {
				return err
			}
		}
		at += len(entry) + 1
	}
	return nil
}

// environStart is where the environment lies that the process was started with: field 50
// of /proc/PID/stat (proc_pid_stat(5)).
func environStart() (int64, error) {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0, err
	}
	// The second field is in parentheses, and may hold anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 50-2 {
		return 0, fmt.Errorf("/proc/self/stat: %d fields", len(fields)+2)
	}
	return strconv.ParseInt(fields[50-3], 10, 64)
}
